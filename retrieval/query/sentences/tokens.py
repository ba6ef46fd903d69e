"""The bare words of a query line as tokens: with their place in it, and as grammars compare them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..terms import Term

PUNCTUATION: Final = ","  # what every mark between words is to a grammar
_HYPHEN: Final = re.compile(r"(?<=\w)[-‐‑](?=[^\W\d])")  # before a letter, so that 2019-06-17 stays whole
_ORDINAL: Final = re.compile(r"[0-9]{1,2}\.")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or a mark behind it, as it is `written` from `start` up to `end` in the line.

    A `joined` token continues the word before it, so that nothing may be cut off in front of it.
    """

    start: int
    end: int
    text: str  # in lower case
    written: str = ""
    joined: bool = False

    @property
    def is_word(self) -> bool:
        """Whether it is no mark."""
        return self.text != PUNCTUATION


def split_run(terms: list[Term]) -> list[Token]:
    """The tokens of bare terms that follow each other, behind a mark that stands for their beginning."""
    start = terms[0].column - 1
    tokens = [Token(start, start, PUNCTUATION)]
    for term in terms:
        tokens.extend(_split_word(term.value, term.column - 1))
    return tokens


def _split_word(word: str, start: int) -> Iterator[Token]:
    bare = word.rstrip(",;.!?")
    if _ORDINAL.fullmatch(word):
        bare = word
    place = 0
    for hyphen in [*_HYPHEN.finditer(bare), None]:
        end = hyphen.start() if hyphen else len(bare)
        if end > place:
            yield Token(
                start + place, start + end, fold_word(bare[place:end]), bare[place:end], joined=place > 0
            )
        place = hyphen.end() if hyphen else end
    if len(bare) < len(word):
        yield Token(start + len(bare), start + len(word), PUNCTUATION)


def fold_word(word: str) -> str:
    """A word as grammars write it."""
    return word.lower().replace("’", "'")


def split_text(text: str) -> list[Token]:
    """The words of a text as tokens."""
    words = re.finditer(r"\S+", text)
    return [token for word in words for token in _split_word(word[0], word.start()) if token.is_word]
