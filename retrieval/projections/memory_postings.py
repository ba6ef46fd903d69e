"""The postings of a few images in memory: what changed since a word index was published."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import final

import numpy as np

from ..ranking.arrays import BoolVector, Float64Vector, Int64Ids, Int64Vector
from .word_entries import Entry, split_positions
from .word_postings import Postings, approximate_lengths


@final
class MemoryPostings:
    """Entries as a segment, which answers what `SegmentPostings` does in the same way. A document is the
    place of an entry.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.size = len(entries)
        self.hidden: Int64Vector = np.empty(0, np.int64)
        self.image_ids: Int64Ids = np.array([entry.image_id for entry in entries], np.int64)
        written: defaultdict[str, _Written] = defaultdict(_Written)
        for document, entry in enumerate(entries):
            for name, value in entry.fields.items():
                if value:
                    written[name].add_value(document, value)
        self._fields = {name: _Field.from_written(own) for name, own in written.items()}

    def total_length(self, field: str) -> int:
        """How many tokens all documents have in a field."""
        return len(self._find_field(field).documents)

    def count_tokens(self, field: str, documents: Int64Vector) -> int:
        """How many tokens these documents have in a field together."""
        return int(np.isin(self._find_field(field).documents, documents).sum())

    def find_lengths(self, field: str) -> Int64Vector:
        """How many tokens each document has in a field, as a published segment would keep it."""
        return approximate_lengths(np.bincount(self._find_field(field).documents, minlength=self.size))

    def count_documents(self, field: str, token: str) -> int:
        """How many documents have a token in a field."""
        postings = self.find_postings(field, token)
        return len(postings.documents) if postings else 0

    def find_postings(self, field: str, token: str) -> Postings | None:
        """The postings of a token in a field; None if no document has it."""
        return self._find_field(field).find_postings(token)

    def list_words(self, field: str, start: str, counts: BoolVector) -> Iterator[str]:
        """The words in a field that begin so, and that a document which counts has."""
        words = self._find_field(field).sorted_tokens
        for word in takewhile(lambda word: word.startswith(start), words[bisect_left(words, start) :]):
            postings = self.find_postings(field, word)
            if postings and counts[postings.documents].any():
                yield word

    def _find_field(self, field: str) -> _Field:
        return self._fields.get(field) or _Field.from_written(_Written())


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    """The tokens of a field as they are read: a number for each token, its document, position and worth.

    Lists of numbers alone: Python's garbage collector would go through many small lists again and again.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    tokens: list[int] = field(default_factory=list)
    documents: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    worths: list[float] = field(default_factory=list)

    def add_value(self, document: int, value: str) -> None:
        for position, token, worth in split_positions(value):
            self.tokens.append(self.numbers.setdefault(token, len(self.numbers)))
            self.documents.append(document)
            self.positions.append(position)
            self.worths.append(worth)


@dataclass(frozen=True, eq=False)
class _Field:
    """The same as arrays, by token, document and position; `starts` has the first place of each token."""

    numbers: dict[str, int]
    starts: Int64Vector
    documents: Int64Vector
    positions: Int64Vector
    worths: Float64Vector

    @classmethod
    def from_written(cls, written: _Written) -> _Field:
        tokens = np.array(written.tokens, np.int64)
        order = np.argsort(tokens, kind="stable")  # documents and positions of one token rise already
        return cls(
            written.numbers,
            np.searchsorted(tokens[order], np.arange(len(written.numbers) + 1)),
            np.array(written.documents, np.int64)[order],
            np.array(written.positions, np.int64)[order],
            np.array(written.worths, np.float64)[order],
        )

    @cached_property
    def sorted_tokens(self) -> list[str]:
        return sorted(self.numbers)

    def find_postings(self, token: str) -> Postings | None:
        number = self.numbers.get(token)
        if number is None:
            return None
        own = slice(self.starts[number], self.starts[number + 1])
        documents = self.documents[own]
        first = np.flatnonzero(np.diff(documents, prepend=-1))
        weights = np.add.reduceat(self.worths[own], first).astype(np.float32)  # as Whoosh keeps them
        counts = np.diff(first, append=len(documents))
        return Postings(documents[first], weights.astype(np.float64), counts, self.positions[own])
