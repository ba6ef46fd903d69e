"""What an answer says about the words of its query."""

from __future__ import annotations

from collections.abc import Sequence

from ..projections.words import WordView
from ..ranking.tokens import Terms, Unit, parse_terms, split_query, translated_units
from ..remark import Remark

PUNCTUATION = ".,;:!?()[]{}'’"


def unknown_words(text: str, terms: Terms, view: WordView) -> list[str]:
    """The words and phrases of a text, as they were typed, that are written about no image of a library.

    `terms`: what the text is searched as. A word is known, too, where an image has its English name.
    """
    matches = view.find_matches(terms)
    found = {unit for match in matches if len(match.ranking) for unit in translated_units(match.words)}
    unknown = {match.words for match in matches if not len(match.ranking)} - found
    phrases, pieces = split_query(text)
    quoted = [f'"{phrase}"' for phrase in phrases]
    return list(
        dict.fromkeys(piece.strip(PUNCTUATION) for piece in pieces + quoted if _is_unknown(piece, unknown))
    )


def _is_unknown(piece: str, unknown: set[Unit]) -> bool:
    units = parse_terms(piece).units
    return bool(units) and unknown.issuperset(units)


def describe_unknown_words(words: Sequence[str], unused: Sequence[str]) -> list[str]:
    """Sentences that name words which are written about no image of a library, and those not used at all."""
    looked_for = [word for word in words if word not in unused]
    sentences: list[str] = []
    if looked_for:
        sentences.append(
            Remark("Not among the words of this library: %(words)s.", words=_name_words(looked_for))
        )
    if unused:
        named = _name_words(unused)
        sentences.append(Remark("Not among the words of this library, and not used: %(words)s.", words=named))
    return sentences


def _name_words(words: Sequence[str]) -> str:
    return ", ".join(word if word.startswith('"') else f"“{word}”" for word in words)
