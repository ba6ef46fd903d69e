"""Retrieval quality on the labelled sets, with real weights, is at least what the documents promise."""

from __future__ import annotations

import pytest

from benchmarks.quality import evaluate_set
from benchmarks.sets import BUNDLED, LABELLED, TEACHER, why_unavailable
from tests.slow_tests import only_with_all_sets, only_with_the_teacher

FLOORS = {
    "teacher corel1k": {("subject", "mAP"): 0.878, ("subject", "P@10"): 0.955, ("colour", "mAP"): 0.49, ("fused", "mAP"): 0.935, ("neighbours", "mAP"): 0.95},
    "bundled corel1k": {("subject", "mAP"): 0.78, ("neighbours", "mAP"): 0.93},
    "bundled caltech101": {("subject", "mAP"): 0.42, ("neighbours", "mAP"): 0.63},
    "bundled grocery81": {("subject", "mAP"): 0.45, ("neighbours", "mAP"): 0.56},
}  # fmt: skip
MARKS = {
    "teacher corel1k": only_with_the_teacher,
    "bundled caltech101": only_with_all_sets,
    "bundled grocery81": only_with_all_sets,
}
SPECS = {"teacher": TEACHER, "bundled": BUNDLED}


@pytest.mark.sets
@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=MARKS.get(name, ())) for name in FLOORS],
)
def test_quality_stays_above_its_floors(name: str) -> None:
    backbone, _, name_of_set = name.partition(" ")
    labelled = next(labelled_set for labelled_set in LABELLED if labelled_set.name == name_of_set)
    found, floors = evaluate_set(labelled, SPECS[backbone]), FLOORS[name]
    measured = {key: found[key[0]][key[1]] for key in floors}
    assert all(measured[key] >= floor for key, floor in floors.items()), measured
    if backbone == "bundled" and labelled.name == "corel1k":
        assert found["fused"]["mAP"] >= found["subject"]["mAP"]
