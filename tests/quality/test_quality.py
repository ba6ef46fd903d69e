"""Retrieval quality on the labelled sets, with real weights: what the documents promise, as floors."""

from __future__ import annotations

import pytest

from benchmarks.quality import rankings
from benchmarks.sets import BUNDLED, LABELLED, TEACHER, missing
from tests.slow_tests import only_with_all_sets

FLOORS = {
    "teacher corel1k": {("subject", "mAP"): 0.878, ("subject", "P@10"): 0.955, ("colour", "mAP"): 0.49, ("fused", "mAP"): 0.935, ("neighbours", "mAP"): 0.95},
    "bundled corel1k": {("subject", "mAP"): 0.78, ("neighbours", "mAP"): 0.93},
    "bundled caltech101": {("subject", "mAP"): 0.42, ("neighbours", "mAP"): 0.63},
    "bundled grocery81": {("subject", "mAP"): 0.45, ("neighbours", "mAP"): 0.56},
}  # fmt: skip
RECIPES = {"teacher": TEACHER, "bundled": BUNDLED}


@pytest.mark.sets
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
@pytest.mark.parametrize(
    "name",
    [each if "corel1k" in each else pytest.param(each, marks=only_with_all_sets) for each in FLOORS],
)
def test_quality_stays_above_its_floors(name: str) -> None:
    backbone, _, name_of_set = name.partition(" ")
    labelled = next(each for each in LABELLED if each.name == name_of_set)
    found, floors = rankings(labelled, RECIPES[backbone]), FLOORS[name]
    measured = {key: found[key[0]][key[1]] for key in floors}
    assert all(measured[key] >= floor for key, floor in floors.items()), measured
    if backbone == "bundled" and labelled.name == "corel1k":
        assert found["fused"]["mAP"] >= found["subject"]["mAP"]
