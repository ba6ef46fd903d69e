"""The relevance line on real sets, with the bundled backbone: it stops intruders and keeps genuine hits."""

from __future__ import annotations

import pytest

from benchmarks.relevance import describe_set, known_background, measure_sets
from benchmarks.sets import BUNDLED, why_unavailable

SETS = ("corel1k", "coco_mini")  # the rest takes long: `python -m benchmarks relevance`
LABELLED = ("corel1k",)


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    return measure_sets({name: describe_set(name, BUNDLED) for name in SETS}, known_background)


@pytest.mark.sets
@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
def test_unrelated_pictures_and_nonsense_are_rarely_likely(figures: dict[str, float]) -> None:
    rates = {
        key: value for key, value in figures.items() if " < " in key and not key.endswith(("low", "high"))
    }
    assert len(rates) == len(SETS) * (len(SETS) - 1) + len(SETS)
    assert all(rate <= 0.05 for rate in rates.values()), rates


@pytest.mark.sets
@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
@pytest.mark.parametrize("name", LABELLED)
def test_true_matches_stay_above_the_line_and_most_queries_find_one(
    figures: dict[str, float], name: str
) -> None:
    assert figures[f"{name} kept low"] >= 0.95
    assert figures[f"{name} found low"] >= 0.85
