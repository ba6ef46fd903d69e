"""Retrieval quality on the labelled sets, with real weights: what the documents promise, as floors."""

from __future__ import annotations

import pytest

from benchmarks.quality import rankings
from benchmarks.sets import BUNDLED, LABELLED, TEACHER, missing

FLOORS = {
    "teacher corel1k": {("subject", "mAP"): 0.878, ("subject", "P@10"): 0.955, ("colour", "mAP"): 0.49, ("fused", "mAP"): 0.885},
    "teacher caltech101": {("subject", "mAP"): 0.576},
    "teacher grocery81": {("subject", "mAP"): 0.500, ("fused", "mAP"): 0.535},
    "bundled corel1k": {("subject", "mAP"): 0.78},
    "bundled caltech101": {("subject", "mAP"): 0.42},
    "bundled grocery81": {("subject", "mAP"): 0.45},
}  # fmt: skip
RECIPES = {"teacher": TEACHER, "bundled": BUNDLED}


@pytest.mark.sets
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
@pytest.mark.parametrize("labelled", LABELLED, ids=lambda each: each.name)
@pytest.mark.parametrize("backbone", RECIPES)
def test_quality_stays_above_its_floors(labelled, backbone) -> None:
    found = rankings(labelled, RECIPES[backbone])
    floors = FLOORS[f"{backbone} {labelled.name}"]
    measured = {key: found[key[0]][key[1]] for key in floors}
    assert all(measured[key] >= floor for key, floor in floors.items()), measured
    if backbone == "bundled" and labelled.name == "corel1k":
        assert found["fused"]["mAP"] >= found["subject"]["mAP"]
