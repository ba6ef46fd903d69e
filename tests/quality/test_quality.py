"""Retrieval quality on the labelled sets, with real weights: what the documents promise, as floors."""

from __future__ import annotations

import pytest

from benchmarks.quality import rankings
from benchmarks.sets import LABELLED, missing

FLOORS = {
    "corel1k": {("subject", "mAP"): 0.878, ("subject", "P@10"): 0.955, ("colour", "mAP"): 0.49, ("fused", "mAP"): 0.885},
    "caltech101": {("subject", "mAP"): 0.576},
    "grocery81": {("subject", "mAP"): 0.500, ("fused", "mAP"): 0.535},
}  # fmt: skip


@pytest.mark.sets
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
@pytest.mark.parametrize("labelled", LABELLED, ids=lambda each: each.name)
def test_quality_stays_above_its_floors(labelled) -> None:
    found = rankings(labelled)
    measured = {key: found[key[0]][key[1]] for key in FLOORS[labelled.name]}
    assert all(measured[key] >= floor for key, floor in FLOORS[labelled.name].items()), measured
