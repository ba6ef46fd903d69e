"""Text to tokens, in one place, so that every word index matches in the same way.

The steps are: Unicode compatibility form, lower case, remove accents, split at everything that is neither a
letter nor a digit, remove the English plural. For file names, capitals inside a word split it, too
("OldTown").
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBER = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
# Letters with a stroke, which Unicode does not decompose.
_STROKES = str.maketrans("đĐøØłŁħĦı", "dDoOlLhHi")
_WORD = re.compile(r"[^\W_]+")
_PHRASE = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Terms:
    """A text query: single tokens, and phrases whose tokens have to stand side by side."""

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]


def split_tokens(text: str) -> list[str]:
    """The tokens of a text, in order and with repetitions."""
    split = _HUMP.sub(" ", _strip_accents(unicodedata.normalize("NFKC", text)))
    plain = _NUMBER.sub(" ", _strip_accents(split.casefold()))
    return [strip_plural(word) for word in _WORD.findall(plain)]


def _strip_accents(text: str) -> str:
    characters = unicodedata.normalize("NFKD", text)
    bare = (character for character in characters if not unicodedata.combining(character))
    return "".join(bare).translate(_STROKES)


def strip_plural(word: str) -> str:
    """Remove an English plural ending. Rules and order: Harman, "How effective is suffixing?", 1991."""
    if len(word) <= 3 or not word.endswith("s"):
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    return word if word[-2] in "us" else word[:-1]


def parse_terms(text: str) -> Terms:
    """Read a text query: words in quotation marks are a phrase, all others are single words."""
    phrases = [tuple(split_tokens(phrase)) for phrase in _PHRASE.findall(text)]
    words = split_tokens(_PHRASE.sub(" ", text)) + [phrase[0] for phrase in phrases if len(phrase) == 1]
    return Terms(tuple(dict.fromkeys(words)), tuple(phrase for phrase in phrases if len(phrase) > 1))
