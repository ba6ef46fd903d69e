"""Which words of a query stand where in what is written about an image. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .tokens import Terms, tokens

_PIECE = re.compile(
    r"(?:[^\W_]|[\u0300-\u036f])+"
)  # letters and digits, with accents that are signs of their own


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
    return tuple(match for field, value in texts for match in _in_value(terms, field, value))


def _in_value(terms: Terms, field: str, value: str) -> Iterator[WordMatch]:
    placed = list(_placed(value))
    spoken = [word for word, _, _ in placed]
    found = {(place, place + 1) for place, word in enumerate(spoken) if word in terms.words}
    for phrase in terms.phrases:
        count = len(phrase)
        found |= {
            (place, place + count)
            for place in range(len(spoken) - count + 1)
            if tuple(spoken[place : place + count]) == phrase
        }
    for first, last in sorted(found):
        yield WordMatch(field, value, placed[first][1], placed[last - 1][2], tuple(spoken[first:last]))


def _placed(value: str) -> Iterator[tuple[str, int, int]]:
    """The tokens of a text, each with the stretch of the text that it was made from.

    A run of letters may hold several tokens ("OldTown"); each then stands for the whole run.
    """
    for piece in _PIECE.finditer(value):
        for word in tokens(piece.group()):
            yield word, piece.start(), piece.end()
