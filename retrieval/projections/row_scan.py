"""Exact inner products of one query with all rows, over mapped files and several processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any, Final, TypeAlias, TypeVar, final

import numpy as np

from ..ranking.arrays import (
    BoolVector,
    Float16Matrix,
    Float32Vector,
    Int64Ids,
    Int64Vector,
)
from .faiss_library import load_faiss
from .machine import count_cores
from .mapped_rows import MappedRows

# Rows that one thread is asked for at least: reading fewer takes less time than waking another thread.
PART_BYTES: Final = 4 << 20
MOST_THREADS: Final = 8  # memory is not read faster by more of them

Found: TypeAlias = tuple[Int64Vector, Float32Vector]  # positions of rows, and their inner products
PartT = TypeVar("PartT")
ResultT = TypeVar("ResultT")


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Consecutive rows of one file; `start` is the position of the first."""

    start: int
    rows: Float16Matrix


@final
class RowScan:
    """Rows of several files as if they were one; a row is known by its position.

    FAISS's index of float16 computes with one thread, whatever it is allowed, and keeps its rows in memory.
    Here its kernel is given the mapped rows, a part for each processor.
    """

    def __init__(self, segments: Sequence[MappedRows], width: int) -> None:
        """`width`: numbers of a row, padding included."""
        self.width = width
        self.ids: Int64Ids = np.concatenate([np.empty(0, np.int64), *(segment.ids for segment in segments)])
        self.size = len(self.ids)
        ends = np.cumsum([len(segment.ids) for segment in segments], dtype=np.int64)
        self._starts: Int64Vector = np.concatenate([[0], ends]).astype(np.int64)
        self._pieces = [
            _Piece(start, segment.rows)
            for start, segment in zip(self._starts[:-1].tolist(), segments, strict=True)
        ]
        self._positions = np.arange(self.size, dtype=np.int64)

    def __len__(self) -> int:
        """The number of rows."""
        return self.size

    def __getitem__(self, part: slice) -> Float16Matrix:
        """Consecutive rows, (row, width)."""
        start, stop, _ = part.indices(self.size)
        found = [piece.rows for piece in self._cut_pieces(start, stop)]
        return (
            found[0] if len(found) == 1 else np.concatenate([np.empty((0, self.width), np.float16), *found])
        )

    @property
    def bytes(self) -> int:
        """What a search of all rows reads."""
        return self.size * self.width * 2

    def search(self, row: Float32Vector, count: int, allowed: BoolVector | None = None) -> Found:
        """The `count` rows with the largest products, in falling order, among those `allowed`, (row,).

        Which rows of equal products are the last is left open.
        """
        kept = None if allowed is None else np.packbits(allowed, bitorder="little")
        scan = partial(self._scan_pieces, np.ascontiguousarray(row, np.float32), count, kept)
        found = run_side_by_side(scan, self.split_pieces())
        positions = np.concatenate([np.empty(0, np.int64), *(part[0] for part in found)])
        products = np.concatenate([np.empty(0, np.float32), *(part[1] for part in found)])
        best = np.argsort(-products, kind="stable")[:count]
        return positions[best], products[best]

    def score_rows(self, row: Float32Vector, positions: Int64Vector) -> Float32Vector:
        """The products of these rows, summed up as in a search of all, so that they are the same."""
        rows = self.take_rows(positions)
        order, products = _scan_rows(
            [(rows, np.arange(len(rows)))], np.ascontiguousarray(row, np.float32), len(rows), None
        )
        scores = np.empty(len(rows), np.float32)
        scores[order] = products
        return scores

    def take_rows(self, positions: Int64Vector) -> Float16Matrix:
        """The rows at these positions, in any order, (position, width)."""
        rows = np.empty((len(positions), self.width), np.float16)
        files = np.searchsorted(self._starts, positions, side="right") - 1
        for number in np.unique(files).tolist():
            among = files == number
            piece = self._pieces[number]
            rows[among] = piece.rows[positions[among] - piece.start]
        return rows

    def split_pieces(self) -> list[list[_Piece]]:
        """All rows in parts of about the same length, one for each thread that is worth waking."""
        threads = min(MOST_THREADS, count_cores(), max(1, self.bytes // PART_BYTES))
        bounds = np.linspace(0, self.size, threads + 1).astype(np.int64).tolist()
        parts = [list(self._cut_pieces(*pair)) for pair in pairwise(bounds)]
        return [part for part in parts if part]

    def _cut_pieces(self, start: int, stop: int) -> Iterator[_Piece]:
        for piece in self._pieces:
            first, last = max(start - piece.start, 0), min(stop - piece.start, len(piece.rows))
            if first < last:
                yield _Piece(piece.start + first, piece.rows[first:last])

    def _scan_pieces(self, row: Float32Vector, count: int, allowed: Any, pieces: Sequence[_Piece]) -> Found:
        rows = [
            (piece.rows, self._positions[piece.start : piece.start + len(piece.rows)]) for piece in pieces
        ]
        most = min(count, sum(len(piece.rows) for piece in pieces))
        return _scan_rows(rows, row, most, allowed)


def _scan_rows(
    parts: Sequence[tuple[Float16Matrix, Int64Vector]], row: Float32Vector, count: int, allowed: Any
) -> Found:
    """The labels of the `count` rows with the largest products, and these, in falling order.

    `parts`: rows, and the label of each. `allowed`: a bit for each label; None for all.
    """
    faiss = load_faiss()
    products, labels = np.full(count, -np.inf, np.float32), np.full(count, -1, np.int64)
    selector = None if allowed is None else faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(allowed))
    scanner = _kernel(len(row)).get_InvertedListScanner(False, selector, None)
    try:
        scanner.set_query(faiss.swig_ptr(row))
        scanner.set_list(0, 0.0)
        for rows, own in parts if count else ():
            codes, names = faiss.swig_ptr(rows.view(np.uint8)), faiss.swig_ptr(own)
            best = faiss.swig_ptr(products), faiss.swig_ptr(labels)
            scanner.scan_codes(len(rows), codes, names, *best, count)
    finally:
        # FAISS leaves it to its caller; where SWIG's objects are made owners, its table of types falls apart.
        faiss.InvertedListScanner.__swig_destroy__(scanner)
    is_found = labels >= 0
    order = np.argsort(-products[is_found], kind="stable")
    return labels[is_found][order], products[is_found][order]


@cache
def _kernel(width: int) -> Any:
    """What gives FAISS's scanners of float16 rows: an index of one empty list, the only way to them."""
    faiss = load_faiss()
    kind, metric = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    centres = faiss.IndexFlatIP(width)
    kernel = faiss.IndexIVFScalarQuantizer(centres, width, 1, kind, metric, False)
    kernel.referenced_objects = [centres]
    return kernel


def run_side_by_side(work: Callable[[PartT], ResultT], parts: Sequence[PartT]) -> list[ResultT]:
    """The results for all parts: the last on this thread, the others on threads that all searches share."""
    if not parts:
        return []
    others = [_threads(process=os.getpid()).submit(work, part) for part in parts[:-1]]
    last = work(parts[-1])
    return [*(other.result() for other in others), last]


@cache
def _threads(process: int) -> ThreadPoolExecutor:  # noqa: ARG001
    """Threads of this process: after a fork, those of its parent do not exist."""
    return ThreadPoolExecutor(min(MOST_THREADS, count_cores()), "scan")
