"""Where the words of a query stand in what is written about an image. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import regex

from .tokens import Position, Terms, Translation, analyse_text, list_spellings

# Letters, digits and the marks on them, with what may stand inside a word; or a sign that is a word.
_PIECE = regex.compile(
    r"(?:[\p{L}\p{M}\p{N}]|(?<=\w)['’](?=\w)|[\u00ad\u200c\u200d\u2060])+|\p{RI}{2}|\p{Extended_Pictographic}\p{M}*"
)


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A stretch of a text, in characters from `start` up to `end`, that holds words of the query."""

    field: str
    value: str
    start: int
    end: int
    words: tuple[str, ...]
    typed: str = ""  # what was typed in another language, where the stretch is its English name


def word_matches(terms: Terms, texts: Iterable[tuple[str, str]]) -> tuple[WordMatch, ...]:
    """The matches in (field, value) pairs, in their order; a phrase matches as one stretch."""
    return tuple(match for field, value in texts for match in _matches_in_value(terms, field, value))


def translation_matches(
    translations: Sequence[Translation], texts: Iterable[tuple[str, str]]
) -> tuple[WordMatch, ...]:
    """The matches of the English names of a query's words, in (field, value) pairs of predicted labels."""
    pairs = [(translation, pair) for pair in texts for translation in translations]
    return tuple(
        replace(match, typed=translation.typed)
        for translation, (field, value) in pairs
        for match in _matches_in_value(_name_terms(translation.names), field, value)
    )


def _name_terms(names: Sequence[tuple[str, ...]]) -> Terms:
    """What finds any of some names."""
    words = tuple(name[0] for name in names if len(name) == 1)
    return Terms(words, tuple(name for name in names if len(name) > 1))


def _matches_in_value(terms: Terms, field: str, value: str) -> Iterator[WordMatch]:
    located = list(_locate_positions(value))
    positions = [position for position, _, _ in located]
    sought = {*terms.words, *(compound.whole for compound in terms.compounds)}
    spans = {
        (index, index + 1)
        for index, position in enumerate(positions)
        if position[0] in sought or not (sought.isdisjoint(position) or _ends_whole(located, index))
    }
    starts = tuple(prefix.start for prefix in terms.prefixes)
    spans |= {
        (index, index + 1)
        for index, (_, start, end) in enumerate(located)
        if starts and any(spelling.startswith(starts) for spelling in list_spellings(value[start:end]))
    }
    for phrase in (*terms.phrases, *(compound.parts for compound in terms.compounds)):
        spans |= set(_phrase_spans(phrase, positions))
    for first, end in sorted(spans):
        words = tuple(position[0] for position in positions[first:end])
        yield WordMatch(field, value, located[first][1], located[end - 1][2], words)


def _ends_whole(located: Sequence[tuple[Position, int, int]], index: int) -> bool:
    """Whether a position is the end of a compound, which is found at its start already."""
    before = located[index - 1] if index else None
    return before is not None and before[1:] == located[index][1:]


def _phrase_spans(phrase: tuple[str, ...], positions: Sequence[Position]) -> Iterator[tuple[int, int]]:
    for start in range(len(positions) - len(phrase) + 1):
        if all(word in positions[start + number] for number, word in enumerate(phrase)):
            yield start, start + len(phrase)


def _locate_positions(value: str) -> Iterator[tuple[Position, int, int]]:
    """The positions of a text, each with start and end of the piece of the text that it was made from.

    A piece may hold several positions ("OldTown"); each of them then has the whole piece.
    """
    for piece in _PIECE.finditer(value):
        for position in analyse_text(piece.group()):
            yield position, piece.start(), piece.end()
