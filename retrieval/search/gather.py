"""Gathers the rankings of all probes and fuses them into one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..projections.base import AbstractView
from ..ranking.arrays import Float64Scores, Int64Ids
from ..ranking.fusion import Amounts, WeightedRanking, fuse
from ..ranking.ranking import Ranking, union_ids
from ..signals import CONDITION, WORDS
from ..watch import until_deadline
from .probes import Probe

EVERYTHING = 2**31  # more images than any library has
EXACT = (WORDS, CONDITION)  # what tells exactly which images fit
MOST_WORDS = 100_000  # images that words bring: all that hold one, so that their number is true


@dataclass(frozen=True, slots=True, eq=False)
class ProbeRanking:
    """What one probe found; `share` is the share of the probe's weight that counts (see `share_parts`)."""

    probe: Probe
    ranking: Ranking
    share: float = 1.0

    @property
    def weighted_ranking(self) -> WeightedRanking:
        """The same as the fusion takes it."""
        probe = self.probe
        return WeightedRanking(
            probe.part, probe.signal, probe.weight * self.share, self.ranking, probe.scale, probe.choice
        )


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """What a later step added to the scores of some images, or took from them."""

    signal: str
    ids: Int64Ids  # rising
    amounts: Float64Scores

    def amount_for(self, image_id: int) -> float:
        """Its addend in the score of one image."""
        position = int(np.searchsorted(self.ids, image_id))
        is_adjusted = position < len(self.ids) and self.ids[position] == image_id
        return float(self.amounts[position]) if is_adjusted else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class FusedRanking:
    """What each probe found, the one ranking they were fused into, and what later steps changed in it.

    An image's score is the sum of the amounts that the rankings give to it and of its adjustments.
    """

    rankings: tuple[ProbeRanking, ...]
    fused: Ranking
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def probes(self) -> list[Probe]:
        """The probes of the rankings, in the same order."""
        return [ranking.probe for ranking in self.rankings]

    def reorder_images(self, signal: str, ranking: Ranking) -> FusedRanking:
        """The same images in another order, with scores that fall with it; the change is an adjustment."""
        ids, before = np.sort(self.fused.ids), self.fused
        amounts = ranking.scores[ranking.rank_of(ids) - 1] - before.scores[before.rank_of(ids) - 1]
        changed = amounts != 0
        adjustment = Adjustment(signal, ids[changed], amounts[changed])
        return replace(self, fused=ranking, adjustments=(*self.adjustments, adjustment))

    def join_ranking(self, ranking: ProbeRanking, amounts: Amounts) -> FusedRanking:
        """The same with one more ranking in the fusion."""
        return fuse_rankings((*self.rankings, ranking), amounts)


def fuse_rankings(rankings: tuple[ProbeRanking, ...], amounts: Amounts) -> FusedRanking:
    """These rankings and their fusion."""
    return FusedRanking(rankings, fuse([ranking.weighted_ranking for ranking in rankings], amounts))


def rank_images(
    probes: Sequence[Probe],
    views: Mapping[str, AbstractView[Any]],
    amounts: Amounts,
    *,
    limit: int,
    allowed: Int64Ids | None = None,
    left_out: Iterable[int] = (),
) -> FusedRanking:
    """Ask every probe for its best `limit` images among `allowed`, and fuse them; words for all (MOST_WORDS).

    The first `limit` images of each signal are then scored by all other signals, too, so that none loses
    because it missed the limit of another signal. The further images that words find are ranked by words
    alone. Images that a probe excludes, and those in `left_out`, take no rank.
    """
    excluded = set(left_out) | _excluded_ids(probes, views, allowed)
    asking = [probe for probe in probes if not probe.is_exclusion]
    limits = [max(limit, MOST_WORDS) if probe.signal in EXACT else limit for probe in asking]
    ask = partial(_ask_probe, views=views, excluded=excluded)
    # Side by side: FAISS computes while Whoosh, which is Python, goes through its postings.
    with ThreadPoolExecutor(max(len(asking), 1), "probe") as threads:
        found = threads.map(lambda probe, most: ask(probe, most, allowed), asking, limits)
        first = list(until_deadline(found))
        together = union_ids(*(ranking.ids[:limit] for ranking in first))

        def complete_ranking(probe: Probe, ranking: Ranking, most: int) -> Ranking:
            return ranking if len(ranking) < most else ask(probe, len(together), together)

        complete = threads.map(complete_ranking, asking, first, limits)
        rankings = [ProbeRanking(probe, ranking) for probe, ranking in zip(asking, complete, strict=True)]
    exclusions = [probe for probe in probes if probe.is_exclusion]
    return fuse_rankings(share_parts(rankings, exclusions), amounts)


def share_parts(rankings: Sequence[ProbeRanking], exclusions: Sequence[Probe]) -> tuple[ProbeRanking, ...]:
    """The rankings with shares, so that the parts of a query count alike, however many signals they ask.

    The weights of the signals that share a part add up to its weight. A signal that found nothing leaves its
    share to the others of its part; exclusions keep theirs. It is one factor for a whole part, so it does not
    change how a part ranks alone.
    """
    speaking = [*exclusions, *(ranking.probe for ranking in rankings if len(ranking.ranking))]
    totals = {
        part: math.fsum(abs(probe.weight) for probe in speaking if probe.part == part)
        for part in {probe.part for probe in speaking if probe.shared}
    }
    return tuple(
        replace(ranking, share=ranking.probe.shared / totals[ranking.probe.part])
        if ranking.probe.shared and totals.get(ranking.probe.part)
        else ranking
        for ranking in rankings
    )


def _excluded_ids(
    probes: Iterable[Probe], views: Mapping[str, AbstractView[Any]], allowed: Int64Ids | None
) -> set[int]:
    return {
        image_id
        for probe in probes
        if probe.is_exclusion
        for image_id in views[WORDS].search(probe.query, limit=EVERYTHING, allowed=allowed).ids.tolist()
    }


def _ask_probe(
    probe: Probe,
    limit: int,
    allowed: Int64Ids | None,
    *,
    views: Mapping[str, AbstractView[Any]],
    excluded: set[int],
) -> Ranking:
    among = intersect_ids(probe.allowed, allowed)
    if probe.signal == CONDITION and among is not None:
        found = Ranking.from_scores(among, np.ones(len(among)))
    else:
        found = views[probe.view_name].search(probe.query, limit=limit + len(excluded), allowed=among)
    return found.without(excluded).top(limit)


def intersect_ids(first: Int64Ids | None, second: Int64Ids | None) -> Int64Ids | None:
    """The ids in both, rising; None stands for all."""
    if first is None or second is None:
        return second if first is None else first
    return np.intersect1d(first, second)


def unranked_images(ids: Int64Ids) -> FusedRanking:
    """The ranking of a query without parts: these images, by id, none better than another."""
    return FusedRanking((), Ranking.from_scores(ids, np.zeros(len(ids))))
