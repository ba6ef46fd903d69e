"""What is kept beside each segment of a word index: its images, their lengths, and those that are hidden.

    images-SEGMENT.npy    int64; the image of each document, rising
    lengths-SEGMENT.npy   int32, (field, document); how many tokens it has, exactly: Whoosh keeps long ones
                          approximately, so that what hidden documents add to a mean could not be taken off
    hidden-SEGMENT.npy    int32; the documents that no longer count, rising: their images were removed, or
                          stand in a later segment. Only where there are some
    spelled-SEGMENT.tsv   see `spelled_words`

A segment is never changed. An image that changes is hidden where it was, and written to a new segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

import numpy as np

from ..durable import share_file
from ..ranking.arrays import Int64Ids, Int64Vector
from .sealed_folder import SealedArray, SealedFolder
from .word_entries import FIELDS, FIELDS_HELD, Entry, split_positions

COUNTED = (*FIELDS, FIELDS_HELD)  # fields whose lengths are kept, in this order


@final
@dataclass(frozen=True, slots=True, eq=False)
class SegmentImages:
    """The images of a segment, by document, and the documents that are hidden, rising."""

    name: str
    ids: Int64Ids
    hidden: Int64Vector

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Those of a verified generation."""
        return cls(name, np.load(_path(folder, "images", name)), load_hidden(folder, name))

    @property
    def visible(self) -> Int64Ids:
        """The images that count, rising."""
        return np.delete(self.ids, self.hidden)

    def hide(self, images: Int64Ids) -> SegmentImages:
        """The same without these images."""
        places = np.searchsorted(self.ids, images)
        places = places[places < len(self.ids)]
        found = places[np.isin(self.ids[places], images)]
        return SegmentImages(self.name, self.ids, np.union1d(self.hidden, found))

    def share(self, before: Path, folder: Path) -> None:
        """Give the segment's files to another generation, besides those that are hidden in it."""
        own_hidden = _path(before, "hidden", self.name).name
        for path in sorted(before.glob(f"*{self.name}*")):
            if path.name != own_hidden or np.array_equal(load_hidden(before, self.name), self.hidden):
                share_file(path, folder / path.name)
        if len(self.hidden) and not (folder / own_hidden).exists():
            np.save(folder / own_hidden, self.hidden.astype(np.int32), allow_pickle=False)


def load_hidden(folder: Path, name: str) -> Int64Vector:
    """The hidden documents of a segment, rising."""
    path = _path(folder, "hidden", name)
    return np.load(path).astype(np.int64) if path.exists() else np.empty(0, np.int64)


def read_hidden(folder: SealedFolder, name: str) -> Int64Vector:
    """The same, verified as it is read."""
    file = _path(folder.path, "hidden", name).name
    hidden = folder.load_array(file).read_all() if file in folder.names else np.empty(0)
    return hidden.astype(np.int64)


def load_lengths(folder: SealedFolder, name: str) -> SealedArray | None:
    """How many tokens the documents of a segment have, (field of COUNTED, document); None where not kept."""
    file = _path(folder.path, "lengths", name).name
    return folder.load_array(file) if file in folder.names else None


def count_tokens(entry: Entry) -> list[int]:
    """How many tokens an entry has in each field of COUNTED."""
    return [sum(1 for _ in split_positions(entry.fields.get(field, ""))) for field in COUNTED]


def write_segment_files(folder: Path, name: str, ids: Sequence[int], lengths: Sequence[int]) -> None:
    """Write what is kept of the images of a new segment; `lengths`: by document, those of COUNTED."""
    np.save(_path(folder, "images", name), np.array(ids, np.int64), allow_pickle=False)
    counted = np.array(lengths, np.int32).reshape(len(ids), len(COUNTED))
    np.save(_path(folder, "lengths", name), np.ascontiguousarray(counted.T), allow_pickle=False)


def _path(folder: Path, kind: str, name: str) -> Path:
    return folder / f"{kind}-{name}.npy"
