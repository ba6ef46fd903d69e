"""Confidence intervals of measured shares."""

from __future__ import annotations

import math


def wilson_interval(hits: int, trials: int, *, z: float = 1.96) -> tuple[float, float]:
    """The score interval of a share, from 0 to 1; z = 1.96 for 95 %.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
    """
    middle = (hits + z * z / 2) / (trials + z * z)
    half = z / (trials + z * z) * math.sqrt(hits * (trials - hits) / trials + z * z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
