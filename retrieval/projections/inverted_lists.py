"""Inverted lists: which rows may be near a query, by codes of one bit for each number.

Rows are divided among centres (IVF); a search reads the lists whose centres are nearest. The codes are those
of RaBitQ (Gao and Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound", SIGMOD
2024), which FAISS compares 32 at a time. They only name candidates: scores come from the rows themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Self, final

import numpy as np

from ..ranking.arrays import Float16Matrix, Float32Matrix, Float32Vector, Int64Ids, Int64Matrix
from .faiss_library import load_faiss, load_index, one_thread, save_index
from .products import widen_rows

CODES_VERSION: Final = "codes 1"
LISTS_PER_ROOT: Final = 2  # lists for each unit of the square root of the number of rows
ROWS_PER_CENTRE: Final = 40  # rows for each list, from which its centre is computed
ROUNDS: Final = 8  # of k-means
_BLOCK: Final = 8192  # rows coded at a time


@final
class InvertedLists:
    """Codes of rows in lists; what it names are image ids. Safe to search from many threads."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.size: int = index.ntotal
        self.list_count: int = index.nlist

    @classmethod
    def train(cls, sample: Float32Matrix, count: int) -> Self:
        """Empty lists for `count` rows, whose centres are made from a sample of them, (row, width).

        k-means starts from a fixed seed: the same sample always gives the same centres.
        """
        faiss = load_faiss()
        lists = list_count_for(count)
        centres = faiss.IndexFlatIP(sample.shape[1])
        index = faiss.IndexIVFRaBitQFastScan(centres, sample.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
        index.referenced_objects = [centres]
        index.cp.spherical, index.cp.niter, index.cp.max_points_per_centroid = True, ROUNDS, ROWS_PER_CENTRE
        index.train(np.ascontiguousarray(sample, np.float32))
        return cls(index)

    @staticmethod
    def sample_size(count: int) -> int:
        """How many rows make the centres of lists for `count` rows."""
        return ROWS_PER_CENTRE * list_count_for(count)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load this file; it must have been verified before."""
        return cls(load_index(path))

    def save(self, path: Path) -> None:
        """Write a file; see `load`."""
        save_index(self._index, path)

    def empty(self) -> None:
        """Remove all rows; the centres stay."""
        self._index.reset()
        self.size = 0

    def add(self, blocks: Iterable[tuple[Int64Ids, Float16Matrix]]) -> None:
        """Add rows of whole widths, with the ids of their images."""
        for ids, rows in blocks:
            for start in range(0, len(ids), _BLOCK):
                part = slice(start, start + _BLOCK)
                self._index.add_with_ids(widen_rows(rows[part]), np.ascontiguousarray(ids[part]))
        self.size = self._index.ntotal

    def find(self, query: Float32Vector, lists: int, count: int, allowed: Int64Ids | None = None) -> Int64Ids:
        """The ids of at most `count` rows of the `lists` nearest lists, the nearest by their codes first."""
        return self._find(query.reshape(1, -1), lists, count, allowed)[0]

    def find_many(self, queries: Float32Matrix, lists: int, count: int) -> Int64Matrix:
        """The same for many queries, (query, count); -1 where there are fewer."""
        return self._search(queries, lists, count, None)

    def _find(
        self, queries: Float32Matrix, lists: int, count: int, allowed: Int64Ids | None
    ) -> list[Int64Ids]:
        with one_thread():
            found = self._search(queries, lists, count, allowed)
        return [ids[ids >= 0] for ids in found]

    def _search(
        self, queries: Float32Matrix, lists: int, count: int, allowed: Int64Ids | None
    ) -> Int64Matrix:
        faiss = load_faiss()
        selector = None if allowed is None else faiss.IDSelectorBatch(allowed)
        effort = faiss.IVFSearchParameters(nprobe=min(lists, self.list_count), sel=selector)
        ids: Int64Matrix = self._index.search(
            np.ascontiguousarray(queries, np.float32), min(count, max(self.size, 1)), params=effort
        )[1]
        return ids


def list_count_for(count: int) -> int:
    """How many lists so many rows are divided among."""
    return max(1, LISTS_PER_ROOT * math.isqrt(count))
