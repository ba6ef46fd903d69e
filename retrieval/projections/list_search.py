"""Which images a search by inverted lists compares: those that the lists name, and those that they miss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, final

import numpy as np

from ..ranking.arrays import Float32Vector, Int64Ids
from . import segments
from .inverted_lists import InvertedLists
from .machine import count_cores
from .mapped_rows import MappedRows
from .row_scan import RowScan
from .search_files import CODES, SearchRecord
from .search_method import LISTS, Effort, choose_effort, exact_bytes

MOST_WIDENED: Final = 16  # times as many lists as without a filter


@final
@dataclass(frozen=True, slots=True, eq=False)
class ListSearch:
    """Lists, how much of them is searched, and the rows that they miss: those of `missed` segments."""

    lists: InvertedLists
    effort: Effort
    missed: frozenset[int]
    fresh: RowScan

    @classmethod
    def load(
        cls, folder: Path, record: SearchRecord, held: Mapping[int, MappedRows], target_recall: float
    ) -> Self | None:
        """The lists of a verified generation; None where it has none, or where they miss the target.

        `held`: its segments, by number.
        """
        effort = choose_effort(record.curve, target_recall)
        if record.method != LISTS or effort is None:
            return None
        fresh = RowScan([held[number] for number in record.missed], record.width)
        return cls(InvertedLists.load(folder / CODES), effort, frozenset(record.missed), fresh)

    def is_worthwhile(self, allowed: Int64Ids | None) -> bool:
        """Whether it takes less time than to compare all rows that are allowed."""
        return allowed is None or len(allowed) * self.fresh.width * 2 > exact_bytes(count_cores())

    def find_ids(self, row: Float32Vector, limit: int, allowed: Int64Ids | None, size: int) -> Int64Ids:
        """Ids of images, among which are probably the best `limit`; `size`: how many there are.

        Where only some are allowed, as many lists more are read as there are fewer of them.
        """
        share = max(1.0, size / max(1, len(allowed))) if allowed is not None else 1.0
        probes = round(self.effort.lists * min(share, MOST_WIDENED))
        named = self.lists.find(row, probes, limit + self.effort.rows, allowed)
        known = named[~np.isin(named // segments.SEGMENT_SIZE, list(self.missed))] if self.missed else named
        return np.concatenate([known, self._find_fresh(row, limit + self.effort.rows, allowed)])

    def _find_fresh(self, row: Float32Vector, limit: int, allowed: Int64Ids | None) -> Int64Ids:
        mask = None if allowed is None else np.isin(self.fresh.ids, allowed)
        positions, _ = self.fresh.search(row, min(limit, self.fresh.size), mask)
        return self.fresh.ids[positions]
