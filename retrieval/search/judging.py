"""How far the hits of one search stand out: a calibration for every probe, and a band for every image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..projections.snapshot import Snapshot
from ..projections.words import WordView
from ..ranking.fusion import WeightedRanking
from ..ranking.ranking import Ids, Ranking, Scores
from ..ranking.relevance import (
    BANDS,
    LIKELY,
    STRONG,
    WEAK,
    Background,
    Calibration,
    Levels,
    word_levels,
    word_share,
)
from ..signals import SIGNALS, WORDS
from .probes import Probe

AT_MOST_BESIDE, AT_MOST_ALONE = BANDS.index(WEAK), BANDS.index(LIKELY)  # what looks lift an image to
SURE = 8  # places that agree: drawings of one series have five to seven in common


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What one probe says of the images of a fused ranking, in their order.

    `calibrated` tells where the scores at some places of it lie in their background, from 0 to 1: only a
    page of them is shown. It is None, as `levels` is, where nothing is known of what unrelated images score.
    """

    part: int
    signal: str
    wanted: bool
    calibrated: Callable[[Ids], Scores] | None
    levels: Levels | None


class Judge:
    """Judges by the backgrounds of one snapshot; `backgrounds` holds one for each space that has one."""

    def __init__(self, snapshot: Snapshot, backgrounds: Mapping[str, Background]) -> None:
        self._snapshot, self._backgrounds = snapshot, backgrounds
        self._plain: dict[tuple[int, str], Ranking] = {}  # by part and signal

    def judge(self, ranking: WeightedRanking, asked: tuple[Probe, Probe], ids: Ids) -> Judgement:
        """Judge what a ranking says of these images, by the plain question behind it.

        `asked` is that question, and what it became before it was asked (an expanded one, say): backgrounds
        are made of plain scores.
        """
        if ranking.signal == WORDS:
            shares = self._shares(asked[0], ids)
            return Judgement(ranking.part, WORDS, ranking.weight > 0, shares.__getitem__, word_levels(shares))
        return self._by_background(ranking, asked, ids)

    def verified(self, ranking: WeightedRanking, ids: Ids) -> Judgement:
        """What shares keypoints with the query: STRONG from SURE places on that agree, LIKELY before."""
        ranks, inliers = ranking.ranking.rank_of(ids), ranking.ranking.scores
        agreeing = np.append(inliers, 0.0)[ranks - 1] * (ranks > 0)
        bands = np.where(agreeing >= SURE, BANDS.index(STRONG), BANDS.index(LIKELY))
        levels = np.where(agreeing > 0, bands, 0).astype(np.int8)
        return Judgement(ranking.part, ranking.signal, ranking.weight > 0, None, levels)

    def calibration(self, probe: Probe) -> Calibration | None:
        """What is known of the scores that unrelated images get from a probe."""
        background = self._backgrounds.get(probe.view or probe.signal)
        if background is None:
            return None
        return background.for_picture(probe.query) if probe.picture else background.for_other(probe.query)

    def _by_background(self, ranking: WeightedRanking, asked: tuple[Probe, Probe], ids: Ids) -> Judgement:
        wanted, calibration = ranking.weight > 0, self.calibration(asked[0])
        if calibration is None:
            return Judgement(ranking.part, ranking.signal, wanted, None, None)
        plain = ranking.ranking if asked[0] is asked[1] else self.plain(asked[0], ranking.ranking.ids)
        ranks = plain.rank_of(ids)
        known = np.append(plain.scores, -1.0)[ranks - 1]
        levels = np.where(ranks > 0, calibration.levels(known), np.int8(0))

        def calibrated(places: Ids) -> Scores:
            return np.where(ranks[places] > 0, calibration.position(known[places]), 0.0)

        return Judgement(ranking.part, ranking.signal, wanted, calibrated, levels)

    def plain(self, probe: Probe, ids: Ids) -> Ranking:
        """How a plain question ranks these images, and maybe others that it was asked about before."""
        key = probe.part, probe.signal
        if key not in self._plain or not self._plain[key].rank_of(ids).all():
            view = self._snapshot.views[probe.view or probe.signal]
            self._plain[key] = view.search(probe.query, limit=len(ids), allowed=np.sort(ids))
        return self._plain[key]

    def _shares(self, probe: Probe, ids: Ids) -> Scores:
        view = self._snapshot.views[WORDS]
        assert isinstance(view, WordView), "the words have a projection of their own"
        matches = view.matches(probe.query)
        counts = {str(each.words): len(each.ranking) for each in matches}
        shares = np.zeros(len(ids))
        for each in matches:
            share = word_share({str(each.words)}, counts, view.count())
            shares[np.isin(ids, each.ranking.ids)] += share
        return shares.round(6)  # so that all words, however they add up, are all of them


def hit_levels(judged: Sequence[Judgement], count: int) -> Levels | None:
    """How high each of `count` images is lifted, or None where no wanted part could be judged.

    A part lifts an image as high as its best signal does, and to WEAK where one of its signals cannot be
    judged. Looks lift to WEAK at most beside another signal of the part, and to LIKELY at most alone.
    An image stands where its best wanted part lifts it; one band lower, but never below WEAK for it, where
    another wanted part says CHANCE; and one lower where an unwanted
    part is LIKELY.
    """
    parts = sorted({each.part for each in judged if each.wanted and each.levels is not None})
    if not parts:
        return None
    wanted = np.stack([_part_levels(judged, part, count, wanted=True) for part in parts])
    best: Levels = wanted.max(axis=0)
    best = best - ((best > 1) & (wanted.min(axis=0) == 0))
    for part in sorted({each.part for each in judged if not each.wanted}):
        against = _part_levels(judged, part, count, wanted=False) >= BANDS.index(LIKELY)
        best = np.maximum(best - against, 0)
    lifted: Levels = best.astype(np.int8)
    return lifted


def _part_levels(judged: Sequence[Judgement], part: int, count: int, *, wanted: bool) -> Levels:
    given = [each for each in judged if (each.part, each.wanted) == (part, wanted)]
    highest = AT_MOST_ALONE if all(SIGNALS[each.signal].is_look for each in given) else AT_MOST_BESIDE
    unknown = wanted and any(each.levels is None for each in given)
    best = np.full(count, BANDS.index(WEAK) if unknown else 0, np.int8)
    for each in given:
        if each.levels is not None:
            level = np.minimum(each.levels, highest) if SIGNALS[each.signal].is_look else each.levels
            best = np.maximum(best, level).astype(np.int8)
    return best
