"""Words among pictures that nobody described, with real weights: minimum values."""

from __future__ import annotations

import pytest

from benchmarks.sets import why_unavailable
from benchmarks.words import measure_set
from tests.slow_tests import only_with_all_sets

FLOORS = {
    "coco_mini": {"captions R@1": 0.20, "captions R@10": 0.66, "names mAP": 0.35},
    "caltech101": {"names mAP": 0.46, "names P@10": 0.52},
    "corel1k": {"names mAP": 0.78},
}


@pytest.mark.sets
@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
@pytest.mark.parametrize(
    "name",
    ["coco_mini", *(pytest.param(name, marks=only_with_all_sets) for name in ("caltech101", "corel1k"))],
)
def test_words_find_pictures_without_any(name: str) -> None:
    found = measure_set(name)
    measured = {key: found[f"{name} {key}"] for key in FLOORS[name]}
    assert all(measured[key] >= floor for key, floor in FLOORS[name].items()), measured
