"""Segments: a generation as a folder of files, one for every SIZE consecutive image ids.

A change then costs only the segments of the images that changed. All others are shared with the generation
before. While a generation is written, at most one segment is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, final

from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..durable import share_file
from ..ranking.arrays import Int64Ids

SEGMENT_SIZE = 8192  # image ids; the features of a segment take about twenty megabytes
PATTERN = "segment-*.rows"

Save = Callable[[Path, Int64Ids, Any], None]
Load = Callable[[int, int], tuple[Int64Ids, Any]]  # what is stored of the ids from one on, below another
Segment: TypeAlias = tuple[int, Int64Ids, Any]  # its number, and what is stored of its images


def segment_path(folder: Path, number: int) -> Path:
    """The file of the segment with the ids from number · SIZE up to the start of the next segment."""
    return folder / PATTERN.replace("*", f"{number:08}")


def segment_files(folder: Path) -> list[Path]:
    """The segments of a generation, by rising ids."""
    return sorted(folder.glob(PATTERN))


class StoredSegments:
    """What is stored in a space, segment by segment; `load` reads each from the catalog when it is needed."""

    def __init__(self, reader: Reader, load: Load) -> None:
        self._load = load
        self._newest = reader.newest_image_at(reader.last_seq())

    def segment_numbers(self) -> range:
        """The numbers of all possible segments; many of these may be empty."""
        return range(self._newest // SEGMENT_SIZE + 1)

    def load_segment(self, number: int) -> tuple[Int64Ids, Any]:
        """The ids of one segment, rising, and what is stored of them."""
        return self._load(number * SEGMENT_SIZE, (number + 1) * SEGMENT_SIZE)

    def __iter__(self) -> Iterator[Segment]:
        """Every segment that is not empty."""
        for number in self.segment_numbers():
            ids, features = self.load_segment(number)
            if len(ids):
                yield number, ids, features


@final
class StoredFeatures(StoredSegments):
    """The features of a space of vectors, segment by segment."""

    def __init__(self, reader: Reader, space: Space) -> None:
        super().__init__(reader, partial(reader.load_features_between, space))


def changed_segments(reader: Reader, previous: Projection) -> set[int]:
    """The numbers of the segments in which an image changed after a generation."""
    changes = (change for change in reader.changes_since(previous.seq) if not change.said)
    return {change.image_id // SEGMENT_SIZE for change in changes}


def write_segments(folder: Path, segments: Iterable[Segment], save: Save) -> None:
    """Write all segments into an empty folder."""
    for number, ids, features in segments:
        save(segment_path(folder, number), ids, features)


def rewrite_segments(
    folder: Path, stored: StoredSegments, save: Save, *, before: Path, stale: set[int]
) -> None:
    """Write the stale segments into an empty folder, and share all others with the generation `before`."""
    for path in segment_files(before):
        if segment_number(path) not in stale:
            share_file(path, folder / path.name)
    for number in sorted(stale):
        ids, features = stored.load_segment(number)
        if len(ids):
            save(segment_path(folder, number), ids, features)


def segment_number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])
