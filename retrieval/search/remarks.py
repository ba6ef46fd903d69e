"""What an answer says about the words of its query."""

from __future__ import annotations

from collections.abc import Sequence

from ..projections.words import WordView
from ..ranking.tokens import Unit, parse_terms, split_query

PUNCTUATION = ".,;:!?()[]{}'’"


def unknown_words(text: str, view: WordView) -> list[str]:
    """The words and phrases of a text, as they were typed, that are written about no image of a library."""
    unknown = {matches.words for matches in view.find_matches(parse_terms(text)) if not len(matches.ranking)}
    phrases, pieces = split_query(text)
    quoted = [f'"{phrase}"' for phrase in phrases]
    return list(
        dict.fromkeys(piece.strip(PUNCTUATION) for piece in pieces + quoted if _is_unknown(piece, unknown))
    )


def _is_unknown(piece: str, unknown: set[Unit]) -> bool:
    units = parse_terms(piece).units
    return bool(units) and unknown.issuperset(units)


def describe_unknown_words(words: Sequence[str]) -> list[str]:
    """A sentence that names words which are written about no image of a library."""
    if not words:
        return []
    names = ", ".join(word if word.startswith('"') else f"“{word}”" for word in words)
    return [f"Not among the words of this library: {names}."]
