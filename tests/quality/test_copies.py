"""The default search with the bundled backbone finds copies; and the confidence interval of such figures."""

from __future__ import annotations

import pytest

from benchmarks.copies import ATTACKS, SET, measure_first_hits
from benchmarks.indexed import open_indexed
from benchmarks.intervals import wilson_interval
from benchmarks.sets import BUNDLED, why_unavailable

HARDEST = ("crop to 19 %", "a quarter + JPEG 30", "greyscale", "banner")
PHOTOS = 14


@pytest.mark.sets
@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
def test_attacked_photos_come_first() -> None:
    with open_indexed(SET / "images", BUNDLED) as library:
        found = {name: measure_first_hits(library, ATTACKS[name], PHOTOS) for name in HARDEST}
    assert min(found.values()) >= 1 - 1 / PHOTOS, found  # one may be missed


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 20, 0.0, 0.1611), (200, 200, 0.9812, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_is_that_of_wilson(hits: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(hits, trials) == pytest.approx((low, high), abs=1e-4)
