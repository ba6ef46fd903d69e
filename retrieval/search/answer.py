"""The answer to a query: all images that it found, and the hits of one page of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import numpy as np

from ..catalog import Image
from ..query.values import Region
from ..ranking.arrays import BoolVector, Int64Ids
from ..ranking.fusion import Amounts, count_amounts
from ..ranking.groups import Group, GroupedRanking
from ..ranking.relations import Relation, relate_pictures
from ..ranking.relevance import BANDS, LOOKS_LIKE, Levels
from .gather import Adjustment, FusedRanking, ProbeRanking
from .hits import Contribution, Hit
from .judging import Judgement

BoxFinder: TypeAlias = Callable[[ProbeRanking, Iterable[Image]], Mapping[int, Region]]
NO_PART = -1  # the part of contributions that belong to no single part


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """All that a query found: images in their order, how they got there, and how far they stand out.

    `judgements` belong to the rankings of `ranked`, one to each. `levels` are indexes into BANDS, by position
    in the fused ranking, or None where nothing can be judged; `alike` tells which images only look like what
    the words of the query say. `shown` are the positions that the answer lists, and `grouped` the best image
    of each group; where all images of one group are listed, they are in no group themselves.
    """

    ranked: FusedRanking
    judgements: Sequence[Judgement]
    levels: Levels | None
    alike: BoolVector
    shown: Int64Ids
    grouped: GroupedRanking
    is_grouped: bool = False

    @property
    def ids(self) -> Int64Ids:
        """The images that are listed, in order."""
        return self.ranked.fused.ids[self.shown]

    @property
    def folded_count(self) -> int:
        """How many ranked images are not listed, because they lie below the relevance line."""
        return len(self.ranked.fused) - len(self.grouped.ranking) - len(self.grouped.list_members())

    @property
    def found_ids(self) -> Int64Ids:
        """The images that are listed, each followed by those that it stands for."""
        if not self.is_grouped:
            return self.ids
        groups = ((best, *self.grouped.group_of(best).members) for best in self.ids.tolist())
        return np.fromiter(chain.from_iterable(groups), np.int64)

    def group_of(self, image_id: int) -> Group | None:
        """The group that a listed image stands for; None where nothing is grouped."""
        return self.grouped.group_of(image_id) if self.is_grouped else None


def list_positions(ranked: FusedRanking, grouped: GroupedRanking, group_of: int | None) -> Int64Ids:
    """The positions of the best image of each group; or of all images in the group of one image, the one that
    stands for it first. None where there is no such group.
    """
    if group_of is None:
        return ranked.fused.rank_of(grouped.ranking.ids) - 1
    best = grouped.find_best(group_of)
    listed = [] if best is None else [best, *grouped.group_of(best).members]
    return ranked.fused.rank_of(np.array(listed, np.int64)) - 1


def build_hits(
    answer: Answer,
    images: Mapping[int, Image],
    amounts: Amounts,
    find_boxes: BoxFinder,
    *,
    ranks: Sequence[int],
) -> list[Hit]:
    """The hits of a page; `images` holds its images in order, and `ranks` their ranks.

    `find_boxes` gives the places in images at which a ranking found what it looks for, by image id.

    An image that is not in the answer, because it changed after the list was kept, has nothing in its favour.
    """
    ids = np.fromiter(images, np.int64, len(images))
    positions = answer.ranked.fused.rank_of(ids) - 1
    scores = np.append(answer.ranked.fused.scores, 0.0)  # the last one is that of position -1
    columns = [
        *_ranking_columns(answer, images, positions, amounts, find_boxes),
        *_adjustment_columns(answer, ids, positions),
    ]
    return [
        Hit(
            image=image,
            rank=ranks[number],
            score=float(scores[positions[number]]),
            contributions=tuple(column[number] for column in columns if column[number].rank),
            band=_band_at(answer, int(positions[number])),
            group=answer.group_of(image.id),
            relation=_find_relation(answer, image.id),
        )
        for number, image in enumerate(images.values())
    ]


def _find_relation(answer: Answer, image_id: int) -> Relation | None:
    """What an image is to the picture of the query with which it has most in common."""
    found = [
        (ranking.matches[image_id], ranking.probe.query_part)
        for ranking in answer.ranked.rankings
        if image_id in ranking.matches
    ]
    return relate_pictures(*max(found, key=lambda each: each[0].inliers)) if found else None


def _band_at(answer: Answer, position: int) -> str | None:
    if answer.levels is None:
        return None
    if position < 0:
        return BANDS[0]
    return LOOKS_LIKE if answer.alike[position] else BANDS[answer.levels[position]]


def _ranking_columns(
    answer: Answer,
    images: Mapping[int, Image],
    positions: Int64Ids,
    amounts: Amounts,
    find_boxes: BoxFinder,
) -> Iterator[list[Contribution]]:
    """For every ranking, what it gave to each of these images; rank 0 for nothing."""
    ids = np.fromiter(images, np.int64, len(images))
    weighted = [ranking.weighted_ranking for ranking in answer.ranked.rankings]
    counted = count_amounts(weighted, ids, amounts)
    for ranking, judgement, amount in zip(answer.ranked.rankings, answer.judgements, counted, strict=True):
        ranks = ranking.ranking.rank_of(ids)
        if ranking.probe.choice:
            ranks = np.where(
                amount != 0, ranks, 0
            )  # nothing comes from an alternative that another one beats
        scores = np.append(ranking.ranking.scores, 0.0)[ranks - 1]
        columns = (
            ranks.tolist(),
            scores.tolist(),
            amount.tolist(),
            _calibrated_scores(judgement, positions),
            map(find_boxes(ranking, images.values()).get, images),
        )
        part, signal = ranking.probe.query_part, ranking.probe.signal
        yield [Contribution(part, signal, *row) for row in zip(*columns, strict=True)]


def _calibrated_scores(judgement: Judgement, positions: Int64Ids) -> Sequence[float | None]:
    if judgement.positions is None:
        return [None] * len(positions)
    scores: list[float | None] = np.round(judgement.positions(positions), 4).tolist()
    return scores


def _adjustment_columns(answer: Answer, ids: Int64Ids, positions: Int64Ids) -> Iterator[list[Contribution]]:
    """For every later step, what it changed in the score of each of these images."""
    for adjustment in answer.ranked.adjustments:
        yield [
            _adjustment_of(adjustment, image_id, position)
            for image_id, position in zip(ids.tolist(), positions.tolist(), strict=True)
        ]


def _adjustment_of(adjustment: Adjustment, image_id: int, position: int) -> Contribution:
    amount = adjustment.amount_for(image_id)
    return Contribution(NO_PART, adjustment.signal, position + 1, amount, amount)
