"""A Ranking: image ids and their scores, in one order that does not depend on the machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from .arrays import FeatureMatrix, Float64Matrix, Float64Scores, Int64Ids

# Raw scores are rounded before they are ordered: the last bits of a sum differ between processors and
# between orders of summing, and must not decide which image comes first.
SCORE_DECIMALS = 5


@final
@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Distinct image ids by falling score; equal scores by rising id. Make one with `Ranking.from_scores`."""

    ids: Int64Ids
    scores: Float64Scores

    @classmethod
    def from_scores(cls, ids: npt.ArrayLike, scores: npt.ArrayLike) -> Ranking:
        """The ids in order; neither input is changed."""
        ids, scores = np.asarray(ids, np.int64), np.asarray(scores, np.float64)
        order = np.lexsort((ids, -scores))
        return cls(ids[order], scores[order])

    def __len__(self) -> int:
        return len(self.ids)

    def top(self, count: int) -> Ranking:
        """The first `count` images."""
        return Ranking(self.ids[:count], self.scores[:count])

    def without(self, ids: Iterable[int]) -> Ranking:
        """The same order, without these ids."""
        keep = ~np.isin(self.ids, np.fromiter(ids, np.int64))
        return Ranking(self.ids[keep], self.scores[keep])

    def only(self, ids: Int64Ids) -> Ranking:
        """The same order, of these ids alone."""
        keep = np.isin(self.ids, ids)
        return Ranking(self.ids[keep], self.scores[keep])

    def join(self, other: Ranking) -> Ranking:
        """Both as one; no id may be in both."""
        return Ranking.from_scores(
            np.concatenate([self.ids, other.ids]), np.concatenate([self.scores, other.scores])
        )

    def rank_of(self, ids: Int64Ids) -> Int64Ids:
        """The rank of each id, counted from 1; 0 for an id that is not ranked."""
        if not len(self):
            return np.zeros(len(ids), np.int64)
        by_id = np.argsort(self.ids)
        nearest = by_id[np.minimum(np.searchsorted(self.ids, ids, sorter=by_id), len(self) - 1)]
        return np.where(self.ids[nearest] == ids, nearest + 1, 0)


def union_ids(*groups: Int64Ids) -> Int64Ids:
    """The ids of all groups, each once, in rising order.

    This is np.unique by sorting. The hash table of np.unique takes ten times as long for integers.
    """
    ids = np.sort(np.concatenate(groups)) if groups else np.empty(0, np.int64)
    first = np.ones(len(ids), bool)
    first[1:] = ids[1:] != ids[:-1]
    return ids[first]


def round_scores(scores: npt.ArrayLike) -> Float64Scores:
    """Scores as they are compared: rounded to SCORE_DECIMALS, and without a negative zero."""
    rounded: Float64Scores = np.asarray(scores, np.float64).round(SCORE_DECIMALS) + 0.0
    return rounded


def inner_products(rows: FeatureMatrix) -> Float64Matrix:
    """The inner product of each two rows, (row, row), rounded as scores are."""
    numbers = rows.astype(np.float32)
    return round_scores(numbers @ numbers.T)
