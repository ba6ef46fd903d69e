"""Which keypoints of two pictures are surely the same, by their descriptors alone. Pure.

Each match is the best of the other, and clearly better than the query's second best: the ratio test of Lowe,
"Distinctive image features from scale-invariant keypoints", IJCV 2004.

Nearly all time goes into the products of all pairs of descriptors. These are small whole numbers, so that one
multiplication of float32, which holds whole numbers of 24 bits, gives several of them: rows q and r are
multiplied as q + 128 r where every product is below 128, and the two products are the digits of the result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypeAlias, final

import numpy as np
import numpy.typing as npt

from .arrays import Float32Array, Float32Matrix, Float32Vector, Int64Vector
from .keypoints import NUMBERS

RATIO = 0.85  # a match must be nearer than this share of the distance to the second best
MOST_MATCHES = 100  # the surest ones; more change no result, and proposals cost their square
AT_ONCE: Final = 4  # candidates, whose products fit into the cache of a processor
WHOLE_BITS: Final = 24  # of the whole numbers that float32 holds exactly

Pairs: TypeAlias = npt.NDArray[np.int64]  # (match, 2): numbers of the keypoints of query and candidate


@final
class DescriptorMatcher:
    """The descriptors of a query, ready to be compared with those of many candidates."""

    def __init__(self, sides: Sequence[Float32Matrix]) -> None:
        """`sides`: the descriptors of the query, and of other forms of it that have as many, such as its
        mirror image; whole numbers from 0 on."""
        self._sides, self._side_length = len(sides), len(sides[0])
        self._rows = np.concatenate(sides)
        squares = square_lengths(self._rows)
        self._longest = float(squares.max(initial=1.0))
        self._reciprocals = reciprocal_roots(squares)
        self._packed: dict[int, Float32Matrix] = {}  # by bits of a digit
        self._memory = np.empty(0, np.float32)  # used again: fresh memory takes longer than the products

    def match(self, candidates: Sequence[Float32Matrix]) -> list[list[Pairs]]:
        """For each of at most AT_ONCE candidates with two keypoints or more, its matches with each side, the
        surest first."""
        cosines = self._compare(_pad_candidates(candidates))
        rows, columns, best = self._find_mutual(cosines)
        shares = _measure_shares(cosines[rows, columns], best)
        kept = np.flatnonzero(shares < RATIO**2)
        kept = kept[self._is_first(cosines, rows[kept], columns[kept], best[kept])]
        sets = columns[kept] * self._sides + rows[kept] // self._side_length
        kept = kept[np.lexsort((shares[kept], sets))]
        pairs = np.stack([rows[kept] % self._side_length, best[kept]], axis=1)
        ends = np.cumsum(np.bincount(sets, minlength=len(candidates) * self._sides))
        parts = [part[:MOST_MATCHES] for part in np.split(pairs, ends[:-1])]
        return [parts[start : start + self._sides] for start in range(0, len(parts), self._sides)]

    def _compare(self, candidates: Float32Array) -> Float32Array:
        """The cosines, (row, candidate, keypoint), of all descriptors of the query with those of candidates,
        (candidate, keypoint, number); 0 for rows of zeros."""
        flat = candidates.reshape(-1, NUMBERS)
        squares = square_lengths(flat)
        cosines = self._multiply(flat, float(squares.max(initial=1.0)), reciprocal_roots(squares))
        return cosines.reshape(len(cosines), *candidates.shape[:2])

    def _multiply(self, rows: Float32Matrix, longest: float, reciprocals: Float32Vector) -> Float32Matrix:
        """The cosines of all rows of the query with these; they stay the same until the next call.

        `longest`: the largest squared length of these; `reciprocals`: 1 / length of each.
        """
        bits = math.isqrt(math.ceil(self._longest * longest)).bit_length()  # by the Cauchy-Schwarz inequality
        packed = self._pack_rows(bits)
        digits = -(-len(self._rows) // len(packed))
        *products, part = self._take_memory((digits + 1, len(packed), len(rows)))
        np.matmul(packed, rows.T, out=products[0])
        for digit in range(digits - 1, 0, -1):
            np.multiply(products[0], 2.0 ** (-bits * digit), out=products[digit])
            np.floor(products[digit], out=products[digit])
            np.multiply(products[digit], 2.0 ** (bits * digit), out=part)
            np.subtract(products[0], part, out=products[0])
        for digit, own in enumerate(products):
            lengths = self._reciprocals[digit * len(packed) :][: len(packed)]
            np.multiply(lengths[:, None], reciprocals, out=part[: len(lengths)])
            own[: len(lengths)] *= part[: len(lengths)]
        return self._memory[: len(self._rows) * len(rows)].reshape(-1, len(rows))

    def _take_memory(self, shape: tuple[int, ...]) -> Float32Array:
        if len(self._memory) < math.prod(shape):
            self._memory = np.empty(math.prod(shape), np.float32)
        return self._memory[: math.prod(shape)].reshape(shape)

    def _pack_rows(self, bits: int) -> Float32Matrix:
        """The rows of the query, as many in one as products of so many bits are told apart."""
        if bits not in self._packed:
            digits = max(1, WHOLE_BITS // bits)
            height = -(-len(self._rows) // digits)
            padded = np.zeros((digits * height, NUMBERS), np.float32)
            padded[: len(self._rows)] = self._rows
            scales = (2.0 ** (bits * np.arange(digits))).astype(np.float32)
            self._packed[bits] = np.tensordot(scales, padded.reshape(digits, height, NUMBERS), 1)
        return self._packed[bits]

    def _find_mutual(self, cosines: Float32Array) -> tuple[Int64Vector, Int64Vector, Int64Vector]:
        """The rows, their candidates, and the best keypoint of each there, for which no row of the same side
        is better."""
        best = cosines.argmax(axis=2)
        by_side = cosines.reshape(self._sides, self._side_length, *cosines.shape[1:])
        highest = by_side.max(axis=1)  # (side, candidate, keypoint)
        rows, columns = np.indices(best.shape, sparse=True)
        is_mutual = cosines[rows, columns, best] == highest[rows // self._side_length, columns, best]
        found = np.nonzero(is_mutual)
        return (*found, best[found])

    def _is_first(
        self, cosines: Float32Array, rows: Int64Vector, columns: Int64Vector, best: Int64Vector
    ) -> npt.NDArray[np.bool_]:
        """Whether no earlier row of the same side is as near to the best keypoint."""
        sides = rows // self._side_length
        by_side = cosines.reshape(self._sides, self._side_length, *cosines.shape[1:])
        first: npt.NDArray[np.bool_] = (
            by_side[sides, :, columns, best].argmax(axis=1) == rows % self._side_length
        )
        return first


def square_lengths(descriptors: Float32Matrix) -> Float32Vector:
    """The squared length of each descriptor, from sums of whole numbers, so that it is the same on every
    machine; 1 for one of zeros."""
    squares: Float32Vector = np.maximum(np.einsum("kn,kn->k", descriptors, descriptors), 1)
    return squares


def reciprocal_roots(squares: Float32Vector) -> Float32Vector:
    """1 / length, of squared lengths."""
    reciprocals: Float32Vector = np.divide(1, np.sqrt(squares), dtype=np.float32)
    return reciprocals


def _pad_candidates(candidates: Sequence[Float32Matrix]) -> Float32Array:
    """All in one array, (candidate, keypoint, number), with rows of zeros behind what they have."""
    rows = np.zeros((len(candidates), max(map(len, candidates)), NUMBERS), np.float32)
    for place, descriptors in zip(rows, candidates, strict=True):
        place[: len(descriptors)] = descriptors
    return rows


def _measure_shares(cosines: Float32Matrix, best: Int64Vector) -> Float32Vector:
    """The squared distance to the best keypoint as a share of that to the second best, for rows of cosines.

    That of unit vectors is 2 − 2 cosine. The rows are changed.
    """
    numbers = np.arange(len(cosines))
    first = cosines[numbers, best]
    cosines[numbers, best] = -1
    second = cosines.max(axis=1, initial=-1)
    shares: Float32Vector = np.maximum(1 - first, 0) / np.maximum(1 - second, 1e-6)
    return shares
