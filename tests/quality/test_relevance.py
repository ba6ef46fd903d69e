"""The relevance line on real sets, with the bundled backbone: what intruders get, and what genuine queries keep."""

from __future__ import annotations

import pytest

from benchmarks.relevance import described, figures_of, known
from benchmarks.sets import BUNDLED, missing

SETS = ("corel1k", "coco_mini")  # the rest takes long: `python -m benchmarks relevance`
LABELLED = ("corel1k",)


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    return figures_of({name: described(name, BUNDLED) for name in SETS}, known)


@pytest.mark.sets
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_unrelated_pictures_and_nonsense_are_rarely_likely(figures: dict[str, float]) -> None:
    rates = {
        key: value for key, value in figures.items() if " < " in key and not key.endswith(("low", "high"))
    }
    assert len(rates) == len(SETS) * (len(SETS) - 1) + len(SETS)
    assert all(rate <= 0.05 for rate in rates.values()), rates


@pytest.mark.sets
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
@pytest.mark.parametrize("name", LABELLED)
def test_true_matches_stay_above_the_line_and_most_queries_find_one(
    figures: dict[str, float], name: str
) -> None:
    assert figures[f"{name} kept low"] >= 0.95
    assert figures[f"{name} found low"] >= 0.85
