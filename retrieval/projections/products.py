"""Which rows have the largest inner products with many queries: one product of matrices for all. Pure.

A product of matrices reads each row once for all queries, so that it is bound by the processor and not by the
memory. Its sums differ from those of one query in their last digits: it only finds which rows may be the
best, and what they score is computed as for one query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, final

import numpy as np

from ..ranking.arrays import BoolVector, Float16Matrix, Float32Matrix, Float32Vector, Int64Vector

BLOCK: Final = 1024  # rows at a time: as float32 they fit into the cache of a processor
NOISE: Final = 1e-4  # more than rounding and another order of summation change of a product of unit vectors


class Rows(Protocol):
    """Rows of float16, (row, dimension), that are read some consecutive ones at a time."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Float16Matrix: ...


def find_nearest_rows(
    queries: Float32Matrix, rows: Rows, limit: int, allowed: Sequence[BoolVector | None]
) -> list[Int64Vector]:
    """For each query, the positions, rising, of rows that are certain to include its best `limit`, ties too.

    `queries`: (query, dimension); `rows`: (row, dimension), both of length 1 at most. `allowed`: for each
    query, the rows that count; None for all.
    """
    nearest = [_Nearest(limit) for _ in queries]
    for start in range(0, len(rows) if limit > 0 else 0, BLOCK):
        products = queries @ widen_rows(rows[start : start + BLOCK]).T
        for found, own, among in zip(nearest, products, allowed, strict=True):
            found.add_products(start, own, None if among is None else among[start : start + BLOCK])
    return [found.positions for found in nearest]


def widen_rows(rows: Float16Matrix) -> Float32Matrix:
    """The same finite numbers as float32. NumPy's own conversion takes ten times as long.

    The bits of a float16, moved to where a float32 has them, are the number with an exponent that is 112 too
    small.
    """
    bits = np.ascontiguousarray(rows).view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= ~0x70000000  # copies of the sign bit
    widened: Float32Matrix = bits.view(np.float32)
    widened *= np.float32(2.0**112)
    return widened


@final
class _Nearest:
    """The rows that may be among the best of one query, as far as they were compared."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._floor = -np.inf  # what has less is not among the best
        self._positions = np.empty(0, np.int64)
        self._products = np.empty(0, np.float32)

    def add_products(self, start: int, products: Float32Vector, allowed: BoolVector | None) -> None:
        """Take note of the products of the rows from `start` on."""
        is_near = products >= self._floor
        new = np.flatnonzero(is_near if allowed is None else is_near & allowed)
        self._positions = np.append(self._positions, new + start)
        self._products = np.append(self._products, products[new])
        if len(self._positions) > 2 * self._limit + BLOCK:
            self._drop_distant()

    def _drop_distant(self) -> None:
        if len(self._products) > self._limit:
            best = len(self._products) - self._limit
            self._floor = float(np.partition(self._products, best)[best]) - NOISE
            kept = self._products >= self._floor
            self._positions, self._products = self._positions[kept], self._products[kept]

    @property
    def positions(self) -> Int64Vector:
        self._drop_distant()
        return self._positions
