"""A Ranking: image ids and their scores, in the one order that everybody sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from .arrays import Float64Scores, Int64Ids

# Raw scores are rounded before they are ordered, so that the last bits of a sum, which differ
# between processors and between orders of summing, never decide who comes first.
SCORE_DECIMALS = 5


@final
@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Distinct image ids by falling score; equal scores by rising id. Make one with `Ranking.of`."""

    ids: Int64Ids
    scores: Float64Scores

    @classmethod
    def from_scores(cls, ids: npt.ArrayLike, scores: npt.ArrayLike) -> Ranking:
        """Order the ids; neither input is changed."""
        ids, scores = np.asarray(ids, np.int64), np.asarray(scores, np.float64)
        order = np.lexsort((ids, -scores))
        return cls(ids[order], scores[order])

    def __len__(self) -> int:
        return len(self.ids)

    def top(self, count: int) -> Ranking:
        """The first `count` of it."""
        return Ranking(self.ids[:count], self.scores[:count])

    def without(self, ids: Iterable[int]) -> Ranking:
        """The same order, without these ids."""
        keep = ~np.isin(self.ids, np.fromiter(ids, np.int64))
        return Ranking(self.ids[keep], self.scores[keep])

    def rank_of(self, ids: Int64Ids) -> Int64Ids:
        """The rank of each id, counted from 1; 0 for an id that is not ranked."""
        if not len(self):
            return np.zeros(len(ids), np.int64)
        by_id = np.argsort(self.ids)
        place = np.minimum(np.searchsorted(self.ids, ids, sorter=by_id), len(self) - 1)
        found = self.ids[by_id[place]] == ids
        return np.where(found, by_id[place] + 1, 0)


def union_ids(*groups: Int64Ids) -> Int64Ids:
    """The ids that are in any of these, each once, in rising order: np.unique, but by sorting.

    Its hash table takes ten times as long as a sort of integers.
    """
    ids = np.sort(np.concatenate(groups)) if groups else np.empty(0, np.int64)
    first = np.ones(len(ids), bool)
    first[1:] = ids[1:] != ids[:-1]
    return ids[first]


def round_scores(scores: npt.ArrayLike) -> Float64Scores:
    """Scores as they are compared: rounded to SCORE_DECIMALS, and without a negative zero."""
    rounded: Float64Scores = np.asarray(scores, np.float64).round(SCORE_DECIMALS) + 0.0
    return rounded
