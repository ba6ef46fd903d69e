"""Fusion of many rankings into one. Each gives an amount to every image it holds; amounts add up. Pure.

There are three ways to turn a ranking into amounts:

- `relative_score` uses the scores, so that a nearly identical colour counts for more than the best of many
  distant ones. It measures better on labelled sets (docs/decisions/0002-relative-score-fusion.md).
- `calibrated_score` uses the position of a score among those of unrelated pictures, so that scores of
  different spaces can be compared (docs/decisions/0007-relevance-line.md).
- `reciprocal_rank` uses ranks only, whatever the scores mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .arrays import Float64Scores, Int64Ids
from .ranking import Ranking, union_ids
from .relevance import Calibration

# Sums are rounded, so that the order of their addends does not decide which image comes first.
SUM_DECIMALS = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the alternatives of a part: an image gets the amounts of the one that gives it most."""

    part: int
    alternative: int


@dataclass(frozen=True, slots=True, eq=False)
class WeightedRanking:
    """One signal's ranking for one part of the query; a negative weight counts against its images.

    `choice`: the alternative that it belongs to, if any.

    `scale` names what its scores mean, where that is not the signal itself: one index scores the colours of
    swatches and those of whole pictures, and equal scores mean different things.
    """

    part: int
    signal: str
    weight: float
    ranking: Ranking
    scale: str = ""
    choice: Choice | None = None

    @property
    def measure(self) -> str:
        """The name under which the bandwidth of its scores is known."""
        return self.scale or self.signal


# What a ranking gives to its first, second, third, … image.
Amounts: TypeAlias = Callable[[WeightedRanking], Float64Scores]


def fuse(rankings: Sequence[WeightedRanking], amounts: Amounts) -> Ranking:
    """The images by the sum of what the rankings give them; equal sums go by rising image id.

    An image that a ranking does not hold gets nothing from it, and of the alternatives of a part only the one
    that gives it most counts. Images whose sum is not above zero are left out: more speaks against them than
    for them.
    """
    if not rankings:
        return Ranking.from_scores([], [])
    ids = union_ids(*(weighted.ranking.ids for weighted in rankings))
    totals = np.zeros(len(ids))
    for weighted in rankings:
        if weighted.choice is None:
            totals[np.searchsorted(ids, weighted.ranking.ids)] += amounts(weighted)
    chosen = [weighted for weighted in rankings if weighted.choice]
    totals = sum(count_amounts(chosen, ids, amounts), totals)
    totals = np.round(totals, SUM_DECIMALS)
    return Ranking.from_scores(ids[totals > 0], totals[totals > 0])


def reciprocal_rank(k: float) -> Amounts:
    """Amounts of weight / (k + rank), ranks from 1.

    Source: Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual
    rank learning methods", SIGIR 2009.
    """

    def reciprocal_amounts(weighted: WeightedRanking) -> Float64Scores:
        amounts: Float64Scores = weighted.weight / (k + np.arange(1.0, len(weighted.ranking) + 1.0))
        return amounts

    return reciprocal_amounts


def relative_score(bandwidths: Mapping[str, float]) -> Amounts:
    """Amounts of weight × closeness, a number from 0 to 1.

    For a signal of cosines with a bandwidth b the closeness is exp((cosine − 1) / b): a Gaussian kernel
    of the distance between unit vectors, since |x − y|² = 2 (1 − cosine). For a signal without one
    (words) it is the score divided by the ranking's best.
    """

    def relative_amounts(weighted: WeightedRanking) -> Float64Scores:
        scores = weighted.ranking.scores
        if weighted.measure in bandwidths:
            closeness = np.exp((scores - 1) / bandwidths[weighted.measure])
        else:
            closeness = scores / scores.max(initial=1e-12)
        amounts: Float64Scores = weighted.weight * closeness
        return amounts

    return relative_amounts


def calibrated_score(
    calibrations: Mapping[tuple[int, str], Calibration],
    sharpness: Mapping[str, float],
    *,
    others: Amounts | None = None,
) -> Amounts:
    """Amounts of weight × position ** sharpness, a number from 0 to 1; calibrations by part and signal.

    The position is log p(score) / log p(1), where p is the share of unrelated pictures that score as high.
    Each signal has a sharpness: the higher it is, the more the closest images count beside the others. A
    ranking without a calibration (words) gets the amounts of `others`, or else of `relative_score`.
    """
    fallback = others or relative_score({})

    def calibrated_amounts(weighted: WeightedRanking) -> Float64Scores:
        calibration = calibrations.get((weighted.part, weighted.signal))
        if calibration is None:
            return fallback(weighted)
        positions = calibration.tail_position(weighted.ranking.scores)
        amounts: Float64Scores = weighted.weight * positions ** sharpness.get(weighted.signal, 1)
        return amounts

    return calibrated_amounts


def amounts_for_ids(weighted: WeightedRanking, ids: Int64Ids, amounts: Amounts) -> Float64Scores:
    """What the ranking gives to each of these images; 0 where it does not hold the image."""
    ranks = weighted.ranking.rank_of(ids)
    amounts_by_rank = np.append(amounts(weighted), 0.0)
    return np.where(ranks > 0, amounts_by_rank[ranks - 1], 0.0)


def count_amounts(
    rankings: Sequence[WeightedRanking], ids: Int64Ids, amounts: Amounts
) -> list[Float64Scores]:
    """What counts of each ranking for each of these images: of alternatives only that which gives most."""
    given = [amounts_for_ids(weighted, ids, amounts) for weighted in rankings]
    best = _find_best_alternatives(rankings, given)
    return [
        np.where(best[weighted.choice.part] == weighted.choice.alternative, amount, 0.0)
        if weighted.choice
        else amount
        for weighted, amount in zip(rankings, given, strict=True)
    ]


def _find_best_alternatives(
    rankings: Sequence[WeightedRanking], given: Sequence[Float64Scores]
) -> dict[int, Int64Ids]:
    """By part, the alternative that gives most to each image; of equal ones the first."""
    sums: dict[int, dict[int, Float64Scores]] = {}
    for weighted, amount in zip(rankings, given, strict=True):
        if weighted.choice:
            by_alternative = sums.setdefault(weighted.choice.part, {})
            before = by_alternative.get(weighted.choice.alternative, 0.0)
            by_alternative[weighted.choice.alternative] = before + amount
    return {
        part: np.array(list(totals), np.int64)[np.argmax(np.stack(list(totals.values())), axis=0)]
        for part, totals in sums.items()
    }


def with_closeness(
    amounts: Amounts, closeness_by_signal: Mapping[str, Callable[[Float64Scores], Float64Scores]]
) -> Amounts:
    """The same amounts, but weight × closeness for these signals."""

    def amounts_by_closeness(weighted: WeightedRanking) -> Float64Scores:
        closeness = closeness_by_signal.get(weighted.signal)
        return weighted.weight * closeness(weighted.ranking.scores) if closeness else amounts(weighted)

    return amounts_by_closeness
