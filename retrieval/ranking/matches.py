"""Where the words of a query stand in what is written about an image. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .tokens import Terms, split_tokens

# Letters and digits, also with accents that are characters of their own.
_PIECE = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A stretch of a text, in characters from `start` up to `end`, that holds words of the query."""

    field: str
    value: str
    start: int
    end: int
    words: tuple[str, ...]


def word_matches(terms: Terms, texts: Iterable[tuple[str, str]]) -> tuple[WordMatch, ...]:
    """The matches in (field, value) pairs, in their order; a phrase matches as one stretch."""
    return tuple(match for field, value in texts for match in _matches_in_value(terms, field, value))


def _matches_in_value(terms: Terms, field: str, value: str) -> Iterator[WordMatch]:
    located = list(_locate_tokens(value))
    words = [word for word, _, _ in located]
    spans = {(index, index + 1) for index, word in enumerate(words) if word in terms.words}
    for phrase in terms.phrases:
        count = len(phrase)
        spans |= {
            (index, index + count)
            for index in range(len(words) - count + 1)
            if tuple(words[index : index + count]) == phrase
        }
    for first, end in sorted(spans):
        yield WordMatch(field, value, located[first][1], located[end - 1][2], tuple(words[first:end]))


def _locate_tokens(value: str) -> Iterator[tuple[str, int, int]]:
    """The tokens of a text, each with start and end of the piece of the text that it was made from.

    A run of letters may hold several tokens ("OldTown"); each of them then has the whole run.
    """
    for piece in _PIECE.finditer(value):
        for word in split_tokens(piece.group()):
            yield word, piece.start(), piece.end()
