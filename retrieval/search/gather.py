"""Rankings of many probes to one: every probe is asked, and what they answer is fused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..projections.base import AbstractView
from ..ranking.fusion import Amounts, WeightedRanking, fuse
from ..ranking.ranking import Ids, Ranking, Scores, union
from ..signals import WORDS
from .probes import Probe

EVERYTHING = 2**31  # more images than any library has
MOST_WORDS = 100_000  # images that words bring: all that hold one, so that their number is true


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """What a later step added to the scores of some images, or took from them."""

    signal: str
    ids: Ids  # rising
    amounts: Scores

    def amount(self, image_id: int) -> float:
        """Its addend in the score of one image."""
        place = int(np.searchsorted(self.ids, image_id))
        found = place < len(self.ids) and self.ids[place] == image_id
        return float(self.amounts[place]) if found else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """What each probe ranked, the one ranking they became, and what later steps changed in it.

    An image's score is the sum of the amounts that the rankings give to it and of its adjustments.
    """

    rankings: tuple[WeightedRanking, ...]
    fused: Ranking
    adjustments: tuple[Adjustment, ...] = ()

    def reordered(self, signal: str, ranking: Ranking) -> Ranked:
        """The same images in another order, with scores that fall with it; the change is an adjustment."""
        ids, before = np.sort(self.fused.ids), self.fused
        amounts = ranking.scores[ranking.rank_of(ids) - 1] - before.scores[before.rank_of(ids) - 1]
        changed = amounts != 0
        change = Adjustment(signal, ids[changed], amounts[changed])
        return replace(self, fused=ranking, adjustments=(*self.adjustments, change))

    def joined_by(self, ranking: WeightedRanking, amounts: Amounts) -> Ranked:
        """The same with one more ranking in the fusion."""
        rankings = (*self.rankings, ranking)
        return Ranked(rankings, fuse(rankings, amounts))


def rank(
    asked: Sequence[Probe],
    views: Mapping[str, AbstractView[Any]],
    amounts: Amounts,
    *,
    limit: int,
    allowed: Ids | None = None,
    left_out: Iterable[int] = (),
) -> Ranked:
    """Ask every probe for its best `limit` images among `allowed`, and fuse them; words for all (MOST_WORDS).

    The first `limit` images of each signal are then scored by all others too, so that none of them loses
    for having missed another signal's cut; words that bring more rank the rest by themselves. Images that a
    probe excludes, and those in `left_out`, take no rank.
    """
    out = set(left_out)
    for probe in asked:
        if probe.excludes:
            out |= set(views[WORDS].search(probe.query, limit=EVERYTHING, allowed=allowed).ids.tolist())
    wanted = [probe for probe in asked if not probe.excludes]
    cuts = [max(limit, MOST_WORDS) if probe.signal == WORDS else limit for probe in wanted]
    # Side by side: FAISS computes while Whoosh, which is Python, goes through its postings.
    with ThreadPoolExecutor(max(len(wanted), 1), "probe") as threads:
        first = list(threads.map(lambda probe, cut: _search(probe, views, cut, allowed, out), wanted, cuts))
        together = union(*(each.ids[:limit] for each in first))

        def completed(probe: Probe, found: Ranking, cut: int) -> Ranking:
            return found if len(found) < cut else _search(probe, views, len(together), together, out)

        rankings = tuple(
            WeightedRanking(probe.part, probe.signal, probe.weight, ranking, probe.scale)
            for probe, ranking in zip(wanted, threads.map(completed, wanted, first, cuts), strict=True)
        )
    return Ranked(rankings, fuse(rankings, amounts))


def _search(
    probe: Probe, views: Mapping[str, AbstractView[Any]], limit: int, allowed: Ids | None, out: set[int]
) -> Ranking:
    view = views[probe.view or probe.signal]
    return view.search(probe.query, limit=limit + len(out), allowed=allowed).without(out).top(limit)


def unranked(ids: Ids) -> Ranked:
    """The answer to a query without parts: these images, by id, none better than another."""
    return Ranked((), Ranking.of(ids, np.zeros(len(ids))))
