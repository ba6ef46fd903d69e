"""Postings of visual words: which images hold a word, each with a signature, in one file for a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, final

import numpy as np
import numpy.typing as npt

from ..ranking.arrays import BoolVector, Int64Ids, Int64Vector
from ..ranking.visual_words import Signatures

_HEADER: Final = np.dtype("<i8")  # three numbers: images, words, postings
_NUMBER: Final = np.dtype("<u4")
_PLACE: Final = np.dtype("<u2")  # so that a segment has at most 65,536 images


@final
@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """The keypoints of some images, by word.

    `ids`: the images, rising. `starts`: (word + 1,), where the postings of each word begin. `places` and
    `signatures`: (posting,), the position of an image in `ids` and the signature of a keypoint of it; the
    postings of a word are in the order of the images. Six bytes a keypoint, and four a word.
    """

    ids: Int64Ids
    starts: npt.NDArray[np.uint32]
    places: npt.NDArray[np.uint16]
    signatures: Signatures

    @classmethod
    def build(
        cls,
        ids: Int64Ids,
        places: npt.NDArray[np.uint16],
        words: Int64Vector,
        signatures: Signatures,
        size: int,
    ) -> Self:
        """Sort keypoints, which come in the order of the images, by word; `size`: of the vocabulary."""
        order = np.argsort(words, kind="stable")
        counts = np.bincount(words, minlength=size)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)
        return cls(ids, starts, places[order], signatures[order])

    @classmethod
    def load(cls, path: Path) -> Self:
        """Map what `save` wrote; it must have been verified before. The system reads what is needed.

        Raises ValueError for a file of another length.
        """
        data = np.memmap(path, np.uint8, "r")
        images, words, postings = data[: 3 * _HEADER.itemsize].view(_HEADER).tolist()
        kinds: tuple[np.dtype[Any], ...] = (_HEADER, _HEADER, _NUMBER, _NUMBER, _PLACE)
        lengths = (3, images, words + 1, postings, postings)
        sizes = [kind.itemsize * length for kind, length in zip(kinds, lengths, strict=True)]
        bounds = np.cumsum([0, *sizes]).tolist()
        if bounds[-1] != len(data):
            raise ValueError(f"has {len(data)} bytes instead of {bounds[-1]}")
        ids, starts, signatures, places = (
            data[start:end].view(kind)
            for kind, start, end in zip(kinds[1:], bounds[1:-1], bounds[2:], strict=True)
        )
        return cls(np.array(ids), np.array(starts), places, signatures)

    def save(self, path: Path) -> None:
        """Write them to a file; the same postings always give the same bytes."""
        header = np.array([len(self.ids), len(self.starts) - 1, len(self.places)], _HEADER)
        with path.open("wb") as file:
            for array, kind in ((header, _HEADER), (self.ids, _HEADER), (self.starts, _NUMBER),
                                (self.signatures, _NUMBER), (self.places, _PLACE)):  # fmt: skip
                file.write(np.ascontiguousarray(array, kind).data)

    def count_words(self) -> Int64Vector:
        """How many postings each word has."""
        starts = self.starts.astype(np.int64)
        counts: Int64Vector = starts[1:] - starts[:-1]
        return counts

    def keep_images(self, kept: BoolVector) -> Postings:
        """The same without the images that are not `kept`, (image,)."""
        words = np.repeat(np.arange(len(self.starts) - 1), self.count_words())
        remaining = kept[self.places]
        renumbered = (np.cumsum(kept) - 1).astype(np.uint16)
        return Postings.build(
            self.ids[kept],
            renumbered[self.places[remaining]],
            words[remaining],
            self.signatures[remaining],
            len(self.starts) - 1,
        )

    def find_alike(
        self, words: Int64Vector, signatures: Signatures, most: int
    ) -> tuple[Int64Vector, Int64Vector, Int64Vector]:
        """The postings of these words, (asked,), whose signatures differ in at most `most` bits from theirs.

        Of each: the number of what was asked, the place of the image, and in how many bits they differ.
        """
        starts = self.starts[words].astype(np.int64)
        counts = self.starts[words + 1] - starts
        ends = np.cumsum(counts)
        positions = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
        apart = np.bitwise_count(self.signatures[positions] ^ np.repeat(signatures, counts))
        alike = np.flatnonzero(apart <= most)
        asked = np.searchsorted(ends, alike, "right")
        return asked, self.places[positions[alike]].astype(np.int64), apart[alike].astype(np.int64)


def merge_postings(parts: Sequence[Postings]) -> Postings:
    """The postings of several parts, no two of which hold the same image, as one."""
    ids = np.concatenate([part.ids for part in parts])
    order = np.argsort(ids)
    ranks = np.empty(len(ids), np.int64)
    ranks[order] = np.arange(len(ids))
    offsets = np.cumsum([0, *(len(part.ids) for part in parts)])
    places = np.concatenate(
        [ranks[part.places + np.int64(offset)] for part, offset in zip(parts, offsets[:-1], strict=True)]
    )
    size = len(parts[0].starts) - 1
    words = np.concatenate([np.repeat(np.arange(size), part.count_words()) for part in parts])
    in_order = np.argsort(places, kind="stable")
    return Postings.build(
        ids[order],
        places[in_order].astype(np.uint16),
        words[in_order],
        np.concatenate([part.signatures for part in parts])[in_order],
        size,
    )
