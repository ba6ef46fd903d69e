"""Visual words: descriptors of keypoints as the number of a word and a few bits that tell them apart. Pure.

A vocabulary divides the space of descriptors into cells, the visual words. Two keypoints that look alike
usually have the same word, so an index by words finds them without comparing all keypoints. The signature
says on which side of the middle of its cell a descriptor lies, in several directions: of the many keypoints
of one word, those whose signatures differ in few bits look alike.

Sources: Sivic & Zisserman, "Video Google", ICCV 2003 (visual words); Nistér & Stewénius, "Scalable
recognition with a vocabulary tree", CVPR 2006 (the tree); Jégou, Douze & Schmid, "Hamming embedding and weak
geometric consistency", ECCV 2008 (signatures); Tolias, Avrithis & Jégou, "To aggregate or not to aggregate",
ICCV 2013 (signatures made of the difference to the middle of a word).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
import numpy.typing as npt

from .arrays import Float32Array, Float32Matrix, Float32Vector, Int64Vector

SIGNATURE_BITS = 32
_BLOCK = 1 << 15  # descriptors at a time, to limit memory

Signatures: TypeAlias = npt.NDArray[np.uint32]  # of any shape


@final
@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """A tree of two levels, whose leaves are the words.

    `mean`: (128,), of descriptors of length 1; `axes`: (128, dimension), the main directions around it;
    `branches`: (branch, dimension) and `leaves`: (branch, leaf, dimension), the middles of the cells;
    `directions`: (dimension, SIGNATURE_BITS), orthogonal ones. `checksum` identifies the vocabulary.
    """

    mean: Float32Vector
    axes: Float32Matrix
    branches: Float32Matrix
    leaves: Float32Array
    directions: Float32Matrix
    checksum: str = ""

    def __len__(self) -> int:
        """The number of words."""
        return int(self.leaves.shape[0] * self.leaves.shape[1])

    def project_descriptors(self, descriptors: Float32Matrix) -> Float32Matrix:
        """Descriptors as they are stored, (keypoint, 128), at length 1 along the axes."""
        lengths = np.sqrt(np.maximum((descriptors * descriptors).sum(axis=1, keepdims=True), 1))
        projected: Float32Matrix = (descriptors / lengths - self.mean) @ self.axes
        return projected

    def quantize_descriptors(self, descriptors: Float32Matrix) -> tuple[Int64Vector, Signatures]:
        """The word and the signature of each descriptor: (keypoint,) each."""
        words, signatures = self.find_words(descriptors, 1)
        return words[:, 0], signatures[:, 0]

    def find_words(
        self, descriptors: Float32Matrix, count: int, branches: int = 1
    ) -> tuple[npt.NDArray[np.int64], Signatures]:
        """The `count` nearest words of each descriptor among those of its nearest `branches`, in no order,
        with the signature that it has in each of them: (keypoint, count) each.
        """
        found = [self._find_block(block, count, branches) for block in _split(descriptors)]
        words = [np.empty((0, count), np.int64), *(words for words, _ in found)]
        signatures = [np.empty((0, count), np.uint32), *(signatures for _, signatures in found)]
        return np.concatenate(words), np.concatenate(signatures)

    def _find_block(
        self, descriptors: Float32Matrix, count: int, branches: int
    ) -> tuple[npt.NDArray[np.int64], Signatures]:
        rows = self.project_descriptors(descriptors)
        near = _find_best(_rate_centres(rows, self.branches), branches)
        closeness = np.empty((len(rows), branches, self.leaves.shape[1]), np.float32)
        for branch in np.unique(near).tolist():
            members, places = np.nonzero(near == branch)
            closeness[members, places] = _rate_centres(rows[members], self.leaves[branch])
        best = _find_best(closeness.reshape(len(rows), -1), count)
        of_branch = np.take_along_axis(near, best // self.leaves.shape[1], axis=1)
        words = of_branch * self.leaves.shape[1] + best % self.leaves.shape[1]
        return words, self._sign_rows(rows, words)

    def _sign_rows(self, rows: Float32Matrix, words: npt.NDArray[np.int64]) -> Signatures:
        """Bit i says whether a row lies beyond the middle of the word in direction i."""
        middles = self.leaves.reshape(len(self), -1)
        beyond = ((rows[:, None, :] - middles[words]) @ self.directions) > 0
        packed = np.ascontiguousarray(np.packbits(beyond, axis=2, bitorder="little"))
        signatures: Signatures = packed.view("<u4")[..., 0].astype(np.uint32)
        return signatures


def find_nearest(rows: Float32Matrix, centres: Float32Matrix) -> Int64Vector:
    """The nearest centre of each row, (row,); the first of equally near ones."""
    return _find_largest(_rate_centres(rows, centres))


def _find_best(closeness: Float32Matrix, count: int) -> npt.NDArray[np.int64]:
    """The positions of the `count` largest numbers of each row, (row, count), in no order."""
    if count == 1:
        return _find_largest(closeness)[:, None]
    best: npt.NDArray[np.int64] = np.argpartition(-closeness, count - 1, axis=1)[:, :count]
    return best


def _find_largest(closeness: Float32Matrix) -> Int64Vector:
    """The position of the largest number of each row, (row,); the first of equal ones."""
    largest: Int64Vector = closeness.argmax(axis=1)
    return largest


def _rate_centres(rows: Float32Matrix, centres: Float32Matrix) -> Float32Matrix:
    """How near the centres are, (row, centre): more for a smaller Euclidean distance to the same row."""
    closeness: Float32Matrix = rows @ centres.T - (centres * centres).sum(axis=1) / 2
    return closeness


def _split(descriptors: Float32Matrix) -> Iterator[Float32Matrix]:
    for start in range(0, len(descriptors), _BLOCK):
        yield descriptors[start : start + _BLOCK]
