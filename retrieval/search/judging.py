"""How far the hits of a search stand out: a calibration for every probe, and a band for every image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np

from ..projections.neighbours import NeighbourView
from ..projections.snapshot import Snapshot
from ..projections.vectors import VectorView
from ..projections.words import Matches, WordView
from ..ranking.arrays import BoolVector, Float32Matrix, Float64Scores, Int64Ids
from ..ranking.fusion import Choice
from ..ranking.neighbourhoods import Direction
from ..ranking.ranking import Ranking
from ..ranking.relevance import (
    BANDS,
    LIKELY,
    MEANING_SCORES,
    RIVAL_COSINE,
    STRONG,
    WEAK,
    Calibration,
    Levels,
    meaning_levels,
    neighbour_levels,
    part_levels,
    word_levels,
    word_share,
)
from ..ranking.tokens import Unit, translated_units
from ..signals import CONDITION, DETAILS, MEANING, NEIGHBOURS, PART, SIGNALS, SUBJECT, WORDS
from .backgrounds import Backgrounds
from .gather import ProbeRanking
from .probes import Probe

RivalLoader: TypeAlias = Callable[[], Float32Matrix]

WEAK_LEVEL = np.int8(BANDS.index(WEAK))
AT_MOST_BESIDE, AT_MOST_ALONE = BANDS.index(WEAK), BANDS.index(LIKELY)  # what looks lift an image to
SURE = 8  # agreeing positions: drawings of one series have five to seven in common


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What one probe tells about the images of a fused ranking, in their order.

    `positions` tells where the scores at some indexes of it lie in their background, from 0 to 1: only those
    of one page are shown. It is None, as `levels` is, where it is unknown what unrelated images score.
    """

    part: int
    signal: str
    is_wanted: bool
    positions: Callable[[Int64Ids], Float64Scores] | None
    levels: Levels | None
    choice: Choice | None = None

    def limit_images(self, ids: Int64Ids, probe: Probe) -> Judgement:
        """The same for a probe that may find some of these images only, and for its alternative."""
        if self.levels is None or probe.allowed is None:
            return replace(self, choice=probe.choice)
        levels = np.where(np.isin(ids, probe.allowed), self.levels, np.int8(0))
        return replace(self, choice=probe.choice, levels=levels)


@final
class Judge:
    """Judges the rankings of one search by what unrelated pictures score in one snapshot."""

    def __init__(self, snapshot: Snapshot, backgrounds: Backgrounds, load_rivals: RivalLoader | None) -> None:
        """`load_rivals` gives vectors of many texts, (text, dimension); None where there are none."""
        self._snapshot, self._backgrounds, self._load_rivals = snapshot, backgrounds, load_rivals
        self._plain_rankings: dict[tuple[int, str], Ranking] = {}  # by part and signal

    def judge_ranking(self, ranking: ProbeRanking, ids: Int64Ids) -> Judgement:
        """What a ranking tells about these images."""
        return self._judge_all(ranking, ids).limit_images(ids, ranking.probe)

    def _judge_all(self, ranking: ProbeRanking, ids: Int64Ids) -> Judgement:
        if ranking.probe.signal == WORDS:
            return self._judge_words(ranking.probe, ids)
        if ranking.probe.signal == CONDITION:
            return _judge_condition(ranking, ids)
        if ranking.probe.signal == DETAILS:
            return _judge_details(ranking, ids)
        if ranking.probe.signal == PART:
            return _judge_parts(ranking, ids)
        if ranking.probe.signal == MEANING:
            return self._judge_meaning(ranking, ids)
        return self._judge_by_background(ranking, ids)

    def calibrate_probe(self, probe: Probe) -> Calibration | None:
        """What is known of the scores that unrelated images get from a plain probe."""
        background = self._backgrounds.find_background(probe.view_name, self._snapshot)
        if background is None:
            return None
        return (
            background.calibrate_picture(probe.query)
            if probe.is_picture
            else background.calibrate_other(probe.query)
        )

    def rank_plainly(self, probe: Probe, ids: Int64Ids) -> Ranking:
        """How a plain probe ranks these images, and maybe others that it was asked about before."""
        key = probe.part, probe.signal
        if key not in self._plain_rankings or not self._plain_rankings[key].rank_of(ids).all():
            view = self._snapshot.views[probe.view_name]
            self._plain_rankings[key] = view.rank_ids(probe.query, ids)
        return self._plain_rankings[key]

    def _judge_words(self, probe: Probe, ids: Int64Ids) -> Judgement:
        shares = self._word_shares(probe, ids)
        return Judgement(probe.part, WORDS, probe.weight > 0, shares.__getitem__, word_levels(shares))

    def _judge_by_background(self, ranking: ProbeRanking, ids: Int64Ids) -> Judgement:
        """By the plain question behind the ranking, as backgrounds are made of plain scores.

        Where the ranking itself compares averages with neighbours, bands follow these, so that they fall with
        it; plain scores then only limit them.
        """
        probe, is_wanted = ranking.probe, ranking.probe.weight > 0
        calibration = self.calibrate_probe(probe.plain)
        if calibration is None:
            return Judgement(probe.part, probe.signal, is_wanted, None, None)
        plain = ranking.ranking if probe.is_plain else self.rank_plainly(probe.plain, ranking.ranking.ids)
        ranks, scores = plain.rank_of(ids), _scores_of(plain, ids)
        levels = np.where(ranks > 0, calibration.band_levels(scores), np.int8(0))
        if probe.signal == SUBJECT and self._find_averages(probe):
            highest = calibration.highest_level(plain.scores)
            averaged = neighbour_levels(_scores_of(ranking.ranking, ids), highest)
            levels = averaged if calibration.folds else np.maximum(averaged, np.minimum(levels, WEAK_LEVEL))

        def tail_positions(indexes: Int64Ids) -> Float64Scores:
            return np.where(ranks[indexes] > 0, calibration.tail_position(scores[indexes]), 0.0)

        return Judgement(probe.part, probe.signal, is_wanted, tail_positions, levels)

    def _judge_meaning(self, ranking: ProbeRanking, ids: Int64Ids) -> Judgement:
        """By how far a text is above other texts with the same image; WEAK at most where that is unknown."""
        judged, view = self._judge_by_background(ranking, ids), self._find_averages(ranking.probe)
        if self._load_rivals is not None and self._is_too_small:
            return replace(
                judged, levels=self._judge_by_rivals(ranking.probe.plain, ids, self._load_rivals())
            )
        if judged.levels is None:
            return judged
        if view is None or self._load_rivals is None:
            return replace(judged, levels=np.minimum(judged.levels, WEAK_LEVEL))
        scores = _score_directly(view, ranking, ids)
        near = np.flatnonzero(scores >= MEANING_SCORES[LIKELY])
        margins = np.full(len(ids), -np.inf)
        if len(near):
            rivals = self._load_rivals()
            others = Direction(rivals[rivals @ ranking.probe.plain.query < RIVAL_COSINE])
            margins[near] = scores[near] - view.score_directions(others, ids[near]).max(axis=0)
        return replace(judged, levels=meaning_levels(scores, margins))

    @property
    def _is_too_small(self) -> bool:
        """Whether the library has too few images for neighbourhoods, and so for a background of meanings."""
        view = self._snapshot.views.get(NEIGHBOURS)
        return isinstance(view, NeighbourView) and not view.has_averages

    def _judge_by_rivals(self, probe: Probe, ids: Int64Ids, rivals: Float32Matrix) -> Levels:
        """WEAK where no text that means something else fits the image better, and CHANCE elsewhere."""
        view = self._snapshot.views[probe.view_name]
        if not isinstance(view, VectorView):
            return np.zeros(len(ids), np.int8)
        others, rows = rivals[rivals @ probe.query < RIVAL_COSINE], view.rows(ids)
        best = (rows @ others.T).max(axis=1, initial=-1.0)
        return np.where(rows @ probe.query >= best, WEAK_LEVEL, np.int8(0))

    def _find_averages(self, probe: Probe) -> NeighbourView | None:
        """The view that answers a probe, if it compares averages with neighbours."""
        view = self._snapshot.views[probe.view_name]
        return view if isinstance(view, NeighbourView) and view.has_averages else None

    def _word_shares(self, probe: Probe, ids: Int64Ids) -> Float64Scores:
        """The share of the words of a text that each image holds, weighted by rarity."""
        view = next(view for view in self._snapshot.views.values() if isinstance(view, WordView))
        holders = _holders(view.find_matches(probe.query))
        counts = {str(unit): len(own_ids) for unit, own_ids in holders.items()}
        shares = np.zeros(len(ids))
        for unit, own_ids in holders.items():
            share = word_share({str(unit)}, counts, view.count_images())
            shares[np.isin(ids, own_ids)] += share
        return shares.round(6)  # so that all words, in whatever order they are added, are all of them


def _holders(matches: Sequence[Matches]) -> dict[Unit, Int64Ids]:
    """The images that hold each typed word, or its English name where it is in another language."""
    holders = {match.words: match.ranking.ids for match in matches if not translated_units(match.words)}
    for match in matches:
        for unit in translated_units(match.words):
            holders[unit] = np.union1d(holders.get(unit, match.ranking.ids), match.ranking.ids)
    return holders


def _scores_of(ranking: Ranking, ids: Int64Ids) -> Float64Scores:
    """The scores of these images in a ranking of cosines; -1 for one that it does not hold."""
    scores: Float64Scores = np.append(ranking.scores, -1.0)[ranking.rank_of(ids) - 1]
    return scores


def _score_directly(view: NeighbourView, ranking: ProbeRanking, ids: Int64Ids) -> Float64Scores:
    """The scores of a text with the images that its ranking holds, whether they are hubs or not; else -1."""
    scores = np.full(len(ids), -1.0)
    held = ranking.ranking.rank_of(ids) > 0
    scores[held] = view.score_directions(ranking.probe.query, ids[held])[0]
    return scores


def _judge_condition(ranking: ProbeRanking, ids: Int64Ids) -> Judgement:
    """Images that satisfy a condition fit its alternative fully."""
    fits = ranking.ranking.rank_of(ids) > 0
    levels = np.where(fits, BANDS.index(STRONG), 0).astype(np.int8)
    return Judgement(ranking.probe.part, CONDITION, True, fits.astype(np.float64).__getitem__, levels)


def _judge_details(ranking: ProbeRanking, ids: Int64Ids) -> Judgement:
    """Images that share keypoints with the query: STRONG from SURE agreeing positions on, LIKELY below."""
    ranks, inliers = ranking.ranking.rank_of(ids), ranking.ranking.scores
    agreeing = np.append(inliers, 0.0)[ranks - 1] * (ranks > 0)
    bands = np.where(agreeing >= SURE, BANDS.index(STRONG), BANDS.index(LIKELY))
    levels = np.where(agreeing > 0, bands, 0).astype(np.int8)
    return Judgement(ranking.probe.part, DETAILS, ranking.probe.weight > 0, None, levels)


def _judge_parts(ranking: ProbeRanking, ids: Int64Ids) -> Judgement:
    """By the score of the best window, which means the same in every library."""
    scores = _scores_of(ranking.ranking, ids)
    is_wanted = ranking.probe.weight > 0
    return Judgement(
        ranking.probe.part,
        PART,
        is_wanted,
        lambda indexes: np.clip(scores[indexes], 0, 1).astype(np.float64),
        part_levels(scores),
    )


def are_alike_only(judgements: Sequence[Judgement], levels: Levels) -> BoolVector:
    """Which images only look like what the words of a query say: they hold none of them, and are WEAK."""
    words = [judged for judged in judgements if judged.signal == WORDS and judged.is_wanted]
    silent = [judged.levels == 0 for judged in words if judged.levels is not None]
    alike: BoolVector = (levels == WEAK_LEVEL) & np.all(silent or [np.zeros(len(levels), bool)], axis=0)
    return alike


def hit_levels(judgements: Sequence[Judgement], count: int) -> Levels | None:
    """How high each of `count` images is lifted, or None where no wanted part could be judged.

    A part lifts an image as high as its best signal does, and to WEAK where one of its signals cannot be
    judged. Looks lift to WEAK at most beside another signal of the part, and to LIKELY at most alone.
    An image stands where its best wanted part lifts it, and at LIKELY at most where another wanted part says
    CHANCE. It stands one band lower where an unwanted part is LIKELY. The same holds within an alternative; a
    part with alternatives lifts an image as high as its best alternative does.
    """
    alone = [judged for judged in judgements if not judged.choice]
    wanted, unwanted = _levels_by_part(alone, count)
    for part in sorted({judged.choice.part for judged in judgements if judged.choice}):
        wanted += _best_alternative_levels(judgements, part, count)
    return _combine_levels(wanted, unwanted)


def _best_alternative_levels(judgements: Sequence[Judgement], part: int, count: int) -> list[Levels]:
    """The levels of the best alternative of a part; empty where none can be judged."""
    choices = {judged.choice for judged in judgements if judged.choice and judged.choice.part == part}
    by_choice = ([judged for judged in judgements if judged.choice == choice] for choice in choices)
    levels = (_combine_levels(*_levels_by_part(own, count)) for own in by_choice)
    known = [lifted for lifted in levels if lifted is not None]
    return [np.max(known, axis=0)] if known else []


def _levels_by_part(judgements: Sequence[Judgement], count: int) -> tuple[list[Levels], list[Levels]]:
    """The levels of each wanted part that can be judged, and of each unwanted part."""
    wanted = sorted({judged.part for judged in judgements if judged.is_wanted and judged.levels is not None})
    unwanted = sorted({judged.part for judged in judgements if not judged.is_wanted})
    return (
        [_part_levels(judgements, part, count, is_wanted=True) for part in wanted],
        [_part_levels(judgements, part, count, is_wanted=False) for part in unwanted],
    )


def _combine_levels(wanted: Sequence[Levels], unwanted: Sequence[Levels]) -> Levels | None:
    """Where images stand by the levels of wanted and of unwanted parts; None without a wanted one."""
    if not wanted:
        return None
    best: Levels = np.max(wanted, axis=0)
    best = np.where(np.min(wanted, axis=0) == 0, np.minimum(best, BANDS.index(LIKELY)), best)
    for levels in unwanted:
        best = np.maximum(best - (levels >= BANDS.index(LIKELY)), 0)
    lifted: Levels = best.astype(np.int8)
    return lifted


def _is_look(judged: Judgement) -> bool:
    return judged.signal in SIGNALS and SIGNALS[judged.signal].is_look


def _part_levels(judgements: Sequence[Judgement], part: int, count: int, *, is_wanted: bool) -> Levels:
    own = [judged for judged in judgements if (judged.part, judged.is_wanted) == (part, is_wanted)]
    looks_alone = all(_is_look(judged) for judged in own)
    highest_look = AT_MOST_ALONE if looks_alone else AT_MOST_BESIDE
    has_unknown = is_wanted and any(judged.levels is None for judged in own)
    best = np.full(count, BANDS.index(WEAK) if has_unknown else 0, np.int8)
    for judged in own:
        if judged.levels is not None:
            levels = np.minimum(judged.levels, highest_look) if _is_look(judged) else judged.levels
            best = np.maximum(best, levels).astype(np.int8)
    return best
