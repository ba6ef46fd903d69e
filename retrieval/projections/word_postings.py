"""The postings of a word index as arrays: which documents of a segment have a token in a field, and where.

Whoosh reads postings one by one in Python, which takes long for a token that many documents have. Those of
frequent tokens are therefore kept a second time, in two files beside each segment:

    frequent-SEGMENT.npy   int32; for each token its documents, their weights (as float32), how many positions
                           each of them has, and these positions
    frequent-SEGMENT.tsv   a line for each token: its field, the token, where its numbers begin, how many
                           documents it has, and how many positions

A segment without these files, which older releases wrote, is read from Whoosh alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ..ranking.arrays import BoolVector, Float64Vector, Int64Ids, Int64Vector
from .sealed_folder import SealedFolder
from .word_segments import COUNTED, load_lengths, read_hidden

LEAST: Final = 128  # documents of a frequent token: what Whoosh reads at once
Extent: TypeAlias = tuple[int, int, int]  # where the numbers of a token begin; documents and positions


@final
@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """The documents that have a token in a field, rising, and its weight in each; how many positions it has
    there, and these positions, those of one document behind those of another.
    """

    documents: Int64Vector
    weights: Float64Vector
    counts: Int64Vector
    positions: Int64Vector

    @classmethod
    def join(cls, several: Sequence[tuple[int, Postings]]) -> Postings:
        """The postings of segments, each with the number of its first document."""
        return cls(
            np.concatenate([_no_numbers(), *(first + one.documents for first, one in several)]),
            np.concatenate([np.empty(0), *(one.weights for _, one in several)]),
            np.concatenate([_no_numbers(), *(one.counts for _, one in several)]),
            np.concatenate([_no_numbers(), *(one.positions for _, one in several)]),
        )

    def find_places(self) -> Int64Vector:
        """Where the token stands, rising: the number of a document, times 2^32, plus a position."""
        places: Int64Vector = (np.repeat(self.documents, self.counts) << 32) + self.positions
        return places


@final
class SegmentPostings:
    """One segment of Whoosh, with the files beside it if `folder` has them. Not safe between threads."""

    def __init__(self, reader: Any, folder: SealedFolder | None = None) -> None:
        self.reader, self.size = reader, int(reader.doc_count_all())
        self._extents: dict[tuple[str, str], Extent] = {}
        if folder and has_frequent(reader, folder.path):
            numbers, extents = (path.name for path in _frequent_files(reader, folder.path))
            self._extents = _read_extents(folder.read_file(extents))
            self._numbers = folder.load_array(numbers)
        segment = reader.segment()  # None where an index holds nothing
        stored = (folder, segment.segment_id()) if folder and segment else None
        self._counted = load_lengths(*stored) if stored else None
        self.hidden = read_hidden(*stored) if stored else _no_numbers()

    @cached_property
    def image_ids(self) -> Int64Ids:
        """The image of each document. Whoosh keeps numbers with a sign so that their bytes sort."""
        return (self._read_column("id", ">u8") - np.uint64(1 << 63)).astype(np.int64)

    @cached_property
    def _lengths(self) -> dict[str, Int64Vector]:
        return {}

    def find_lengths(self, field: str) -> Int64Vector:
        """How many tokens each document has in a field, as Whoosh keeps it: long ones approximately."""
        if field not in self._lengths:
            self._lengths[field] = _known_lengths()[self._read_column(f"_{field}_len", "u1")]
        return self._lengths[field]

    def count_tokens(self, field: str, documents: Int64Vector) -> int:
        """How many tokens these documents have in a field together."""
        if self._counted is None:
            return int(self.find_lengths(field)[documents].sum())
        place = COUNTED.index(field)
        return int(self._counted.read(place, place + 1)[0, documents].sum())

    def _read_column(self, name: str, dtype: str) -> NDArray[Any]:
        """A column of Whoosh's; zeros where it ends early, as it does behind its last other number."""
        storage, file = (
            self.reader.storage(),
            self.reader.codec().column_filename(self.reader.segment(), name),
        )
        column = np.zeros(self.size, dtype)
        if storage.file_exists(file):
            with closing(storage.open_file(file)) as opened:
                written = np.frombuffer(bytes(opened.get(0, storage.file_length(file))), dtype)
            column[: len(written)] = written
        return column

    def total_length(self, field: str) -> int:
        """How many tokens all documents have in a field."""
        return int(self.reader.field_length(field))

    def count_documents(self, field: str, token: str) -> int:
        """How many documents have a token in a field."""
        return int(self.reader.doc_frequency(field, token))

    def find_postings(self, field: str, token: str) -> Postings | None:
        """The postings of a token in a field; None if no document has it."""
        extent = self._extents.get((field, token))
        if extent is not None:
            return self._cut_postings(*extent)
        return _read_postings(self.reader, field, token) if (field, token) in self.reader else None

    def list_words(self, field: str, start: str, counts: BoolVector) -> Iterator[str]:
        """The words in a field that begin so, and that a document which counts has."""
        for word in self.reader.expand_prefix(field, start):
            if any(counts[document] for document in self.reader.postings(field, word).all_ids()):
                yield word.decode()

    def _cut_postings(self, start: int, documents: int, positions: int) -> Postings:
        ends = np.cumsum([start, documents, documents, documents, positions])
        own = self._numbers.read(start, int(ends[-1]))
        ids, weights, counts, places = np.split(own, ends[1:-1] - start)
        return Postings(ids.astype(np.int64), weights.view(np.float32).astype(np.float64), counts, places)


def has_frequent(reader: Any, folder: Path) -> bool:
    """Whether the files for the segment of a reader are there: generations of older releases have none."""
    return bool(reader.doc_count_all()) and all(path.exists() for path in _frequent_files(reader, folder))


def write_frequent(reader: Any, folder: Path, fields: Iterable[str]) -> None:
    """Write the two files for the segment of a reader, into its folder, with the tokens of these fields."""
    numbers, extents = _frequent_files(reader, folder)
    parts: list[NDArray[np.int32]] = []
    lines, start = [], 0
    for field, token in _frequent_tokens(reader, fields):
        ids, weights, counts, positions = _read_numbers(reader, field, token)
        lines.append(f"{field}\t{token}\t{start}\t{len(ids)}\t{len(positions)}\n")
        parts += [ids, weights.view(np.int32), counts, positions]
        start += 3 * len(ids) + len(positions)
    np.save(numbers, np.concatenate([np.empty(0, np.int32), *parts]), allow_pickle=False)
    extents.write_text("".join(lines), encoding="utf-8", newline="")


def _frequent_files(reader: Any, folder: Path) -> tuple[Path, Path]:
    stem = f"frequent-{reader.segment().segment_id()}"
    return folder / f"{stem}.npy", folder / f"{stem}.tsv"


def _frequent_tokens(reader: Any, fields: Iterable[str]) -> Iterator[tuple[str, str]]:
    for field in fields:
        for token in reader.lexicon(field):
            if reader.doc_frequency(field, token) >= LEAST:
                yield field, token.decode()


def _read_extents(data: bytes) -> dict[tuple[str, str], Extent]:
    lines = (line.split("\t") for line in data.decode().splitlines())
    return {(field, token): (int(start), int(ids), int(places)) for field, token, start, ids, places in lines}


def _read_postings(reader: Any, field: str, token: str) -> Postings:
    ids, weights, counts, positions = _read_numbers(reader, field, token)
    return Postings(ids.astype(np.int64), weights.astype(np.float64), counts, positions)


def _read_numbers(reader: Any, field: str, token: str) -> tuple[NDArray[Any], ...]:
    """Documents, weights (float32), how many positions each has, and all positions, as Whoosh holds them."""
    matcher = reader.postings(field, token)
    has_positions = matcher.supports("positions")
    ids, weights, positions = list[int](), list[float](), list[list[int]]()
    while matcher.is_active():
        ids.append(matcher.id())
        weights.append(matcher.weight())
        positions.append(matcher.value_as("positions") if has_positions else [])
        matcher.next()
    return (
        np.array(ids, np.int32),
        np.array(weights, np.float32),
        np.array([len(one) for one in positions], np.int32),
        np.array([position for one in positions for position in one], np.int32),
    )


def approximate_lengths(lengths: Int64Vector) -> Int64Vector:
    """Lengths as Whoosh keeps them: the first that a byte stands for and that is not smaller."""
    known = _known_lengths()
    return known[np.minimum(np.searchsorted(known, lengths), len(known) - 1)]


@cache
def _known_lengths() -> Int64Vector:
    """The length that each byte stands for."""
    from whoosh.util.numeric import byte_to_length

    return np.array([byte_to_length(byte) for byte in range(256)], np.int64)


def _no_numbers() -> Int64Vector:
    return np.empty(0, np.int64)
