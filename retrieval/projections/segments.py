"""Segments: a generation as a folder of files, one for every SIZE consecutive image ids.

What a change costs is then the segments of the images that changed: all others are shared with the generation
before. And no more than one segment is ever in memory while a generation is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias, final

from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..catalog.records import Features
from ..durable import share_file
from ..ranking.ranking import Ids

SIZE = 8192  # image ids; the features of a segment take some twenty megabytes
PATTERN = "segment-*.faiss"

Save = Callable[[Path, Ids, Features], None]
Segment: TypeAlias = tuple[int, Ids, Features]  # its number, and the features of its images


def file_of(folder: Path, number: int) -> Path:
    """Where the segment with the ids from number · SIZE up to the next one's lies."""
    return folder / PATTERN.replace("*", f"{number:08}")


def files(folder: Path) -> list[Path]:
    """The segments of a generation, by rising ids."""
    return sorted(folder.glob(PATTERN))


@final
class Stored:
    """The features of a space, segment by segment; read from the catalog whenever they are asked for."""

    def __init__(self, reader: Reader, space: Space) -> None:
        self._reader, self._space = reader, space
        self._newest = reader.newest_image_at(reader.last_seq())

    def numbers(self) -> range:
        """Every segment that there can be; many of them may hold nothing."""
        return range(self._newest // SIZE + 1)

    def segment(self, number: int) -> tuple[Ids, Features]:
        """The ids of one segment, rising, and their features."""
        return self._reader.features_between(self._space, number * SIZE, (number + 1) * SIZE)

    def __iter__(self) -> Iterator[Segment]:
        """Every segment that holds anything."""
        for number in self.numbers():
            ids, features = self.segment(number)
            if len(ids):
                yield number, ids, features


def changed_since(reader: Reader, previous: Projection) -> set[int]:
    """The segments in which any image changed after a generation."""
    return {change.image_id // SIZE for change in reader.changes_since(previous.seq)}


def write(folder: Path, segments: Iterable[Segment], save: Save) -> None:
    """Write all segments into an empty folder."""
    for number, ids, features in segments:
        save(file_of(folder, number), ids, features)


def rewrite(folder: Path, stored: Stored, save: Save, *, before: Path, stale: set[int]) -> None:
    """Write the stale segments into an empty folder, and share all others with the generation `before`."""
    for path in files(before):
        if _number(path) not in stale:
            share_file(path, folder / path.name)
    for number in sorted(stale):
        ids, features = stored.segment(number)
        if len(ids):
            save(file_of(folder, number), ids, features)


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])
