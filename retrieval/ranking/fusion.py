"""Many rankings to one. Each ranking gives every image it holds an amount; the amounts add up. Pure.

Three ways to turn a ranking into amounts are kept side by side:

- `relative_score` looks at scores, so that a near-identical colour counts for more than the best of many
  distant ones. It measures better on labelled sets (docs/decisions/0002-relative-score-fusion.md).
- `calibrated_score` looks at where a score lies among those of unrelated pictures, and so compares scores of
  different spaces (docs/decisions/0007-relevance-line.md).
- `reciprocal_rank` looks at ranks only, and so needs to know nothing about what the scores mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .arrays import Float64Scores, Int64Ids
from .ranking import Ranking, union_ids
from .relevance import Calibration

# Sums are rounded, so that the order in which their addends came never decides who is first.
SUM_DECIMALS = 12


@dataclass(frozen=True, slots=True, eq=False)
class WeightedRanking:
    """One signal's ranking for one part of the query; a negative weight counts against its images.

    `scale` names what its scores are measured against, where that is not the signal itself: the colours of
    swatches and of whole pictures are scored by the same index, and mean different things.
    """

    part: int
    signal: str
    weight: float
    ranking: Ranking
    scale: str = ""

    @property
    def measure(self) -> str:
        return self.scale or self.signal


# What a ranking gives to its first, second, third … image.
Amounts: TypeAlias = Callable[[WeightedRanking], Float64Scores]


def fuse(rankings: Sequence[WeightedRanking], amounts: Amounts) -> Ranking:
    """Sum what the rankings give to each image; equal sums go to the smaller image id.

    An image that a ranking does not hold gets nothing from it. Images whose sum is not above zero are
    left out: what is known speaks against them.
    """
    if not rankings:
        return Ranking.from_scores([], [])
    ids = union_ids(*(each.ranking.ids for each in rankings))
    totals = np.zeros(len(ids))
    for each in rankings:
        totals[np.searchsorted(ids, each.ranking.ids)] += amounts(each)
    totals = np.round(totals, SUM_DECIMALS)
    return Ranking.from_scores(ids[totals > 0], totals[totals > 0])


def reciprocal_rank(k: float) -> Amounts:
    """Amounts of weight / (k + rank), ranks from 1.

    Source: Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual
    rank learning methods", SIGIR 2009.
    """

    def amounts(each: WeightedRanking) -> Float64Scores:
        given: Float64Scores = each.weight / (k + np.arange(1.0, len(each.ranking) + 1.0))
        return given

    return amounts


def relative_score(bandwidths: Mapping[str, float]) -> Amounts:
    """Amounts of weight × closeness, a number from 0 to 1.

    For a signal of cosines with a bandwidth b the closeness is exp((cosine − 1) / b): a Gaussian kernel
    of the distance between unit vectors, since |x − y|² = 2 (1 − cosine). For a signal without one
    (words) it is the score divided by the ranking's best.
    """

    def amounts(each: WeightedRanking) -> Float64Scores:
        scores = each.ranking.scores
        if each.measure in bandwidths:
            closeness = np.exp((scores - 1) / bandwidths[each.measure])
        else:
            closeness = scores / scores.max(initial=1e-12)
        given: Float64Scores = each.weight * closeness
        return given

    return amounts


def calibrated_score(
    calibrations: Mapping[tuple[int, str], Calibration],
    sharpness: Mapping[str, float],
    *,
    others: Amounts | None = None,
) -> Amounts:
    """Amounts of weight × position ** sharpness, a number from 0 to 1; calibrations by part and signal.

    The position is log p(score) / log p(1), where p is the share of unrelated pictures that score as high.
    Sharpness is the signal's: the higher, the more the closest count beside the merely close. For a ranking
    without a calibration (words) the amount is that of `others`, or else of `relative_score`.
    """
    plain = others or relative_score({})

    def amounts(each: WeightedRanking) -> Float64Scores:
        calibration = calibrations.get((each.part, each.signal))
        if calibration is None:
            return plain(each)
        given: Float64Scores = each.weight * calibration.tail_position(each.ranking.scores) ** sharpness.get(
            each.signal, 1
        )
        return given

    return amounts


def amounts_for_ids(each: WeightedRanking, ids: Int64Ids, amounts: Amounts) -> Float64Scores:
    """What the ranking gives to each of these images; 0 where it does not hold the image."""
    ranks = each.ranking.rank_of(ids)
    given = np.append(amounts(each), 0.0)
    return np.where(ranks > 0, given[ranks - 1], 0.0)


def with_closeness(
    amounts: Amounts, known: Mapping[str, Callable[[Float64Scores], Float64Scores]]
) -> Amounts:
    """The same, but weight × closeness for the signals whose closeness is known."""

    def given(each: WeightedRanking) -> Float64Scores:
        closeness = known.get(each.signal)
        return each.weight * closeness(each.ranking.scores) if closeness else amounts(each)

    return given
