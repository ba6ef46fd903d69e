"""Other words in the texts of a query: corrected ones, or the same in quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, final

from .values import Query, SinglePart, Text

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@final
@dataclass(frozen=True, slots=True)
class Rewording:
    """What was probably meant by misspelt words: by each word as it was typed, the one in its place.

    `is_sure`: whether it can be taken for granted, and none of the words stands in quotation marks.
    `is_used`: whether the hits are those of the reworded query (`replace_words`), since the one that was
    typed finds none.
    """

    words: Mapping[str, str]
    is_sure: bool
    is_used: bool = False


def list_texts(query: Query) -> list[str]:
    """The texts that are looked for, in order; unwanted ones are none."""
    return [part.text for part in query.single_parts if isinstance(part, Text) and part.weight > 0]


def list_words(text: str) -> list[str]:
    """The words of a text, as they were typed: letters, with apostrophes inside."""
    return _WORD.findall(text)


def replace_words(query: Query, words: Mapping[str, str]) -> Query:
    """The query with other words in the texts that are looked for, by the words as they were typed."""

    def change_part(part: SinglePart) -> SinglePart:
        if not isinstance(part, Text) or part.weight < 0:
            return part
        return replace(part, text=_WORD.sub(lambda word: words.get(word[0], word[0]), part.text))

    return query.map_single_parts(change_part)


def quote_words(query: Query, words: Iterable[str]) -> Query:
    """The query that looks for these words exactly as they were typed."""
    return replace_words(query, {word: f'"{word}"' for word in words})
