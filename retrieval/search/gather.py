"""Gathers the rankings of all probes and fuses them into one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from ..ranking.arrays import Float64Scores, Int64Ids
from ..ranking.fusion import Amounts, WeightedRanking, fuse
from ..ranking.ranking import Ranking, union_ids
from ..ranking.verification import Match
from .probes import Probe
from .questions import Question

NONE_NAMED: Final = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class ProbeRanking:
    """What one probe found; `share` is the share of the probe's weight that counts (see `share_parts`).

    `matches`: of images that share keypoints with a picture, what they share, by id.
    """

    probe: Probe
    ranking: Ranking
    share: float = 1.0
    matches: Mapping[int, Match] = field(default_factory=dict)

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
    questions: Sequence[Question],
    answers: Sequence[Ranking],
    probes: Sequence[Probe],
    amounts: Amounts,
    *,
    limit: int,
    named: Int64Ids = NONE_NAMED,
) -> FusedRanking:
    """The rankings of `probes`, of their questions and the answers to these, and their fusion.

    The first `limit` images of each answer, and those that visual words have `named`, are scored by all other
    signals, too, so that none loses because it missed the limit of another signal. The further images that
    words find are ranked by words alone.
    """
    together = union_ids(named, *(answer.ids[:limit] for answer in answers))
    rankings = [
        ProbeRanking(question.probe, question.complete(answer, together))
        for question, answer in zip(questions, answers, strict=True)
    ]
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


def unranked_images(ids: Int64Ids) -> FusedRanking:
    """The ranking of a query without parts: these images, by id, none better than another."""
    return FusedRanking((), Ranking.from_scores(ids, np.zeros(len(ids))))
