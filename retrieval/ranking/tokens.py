"""Text to tokens, once and by us, so that every word index matches alike.

The steps: compatibility form, lower case, accents off, split at everything that is neither a letter nor
a digit, English plural off. Capitals inside a word split it too ("OldTown"), for file names.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBER = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
# Letters with a stroke, which Unicode does not take apart.
_STROKES = str.maketrans("đĐøØłŁħĦı", "dDoOlLhHi")
_WORD = re.compile(r"[^\W_]+")
_PHRASE = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Terms:
    """A text query: single tokens, and phrases whose tokens stand side by side."""

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]


def tokens(text: str) -> list[str]:
    """The tokens of a text, in order and with repetitions."""
    split = _HUMP.sub(" ", _bare(unicodedata.normalize("NFKC", text)))
    plain = _NUMBER.sub(" ", _bare(split.casefold()))
    return [singular(word) for word in _WORD.findall(plain)]


def _bare(text: str) -> str:
    signs = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in signs if not unicodedata.combining(sign)).translate(_STROKES)


def singular(word: str) -> str:
    """Take an English plural ending off. Rules and order: Harman, "How effective is suffixing?", 1991."""
    if len(word) <= 3 or not word.endswith("s"):
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    return word if word[-2] in "us" else word[:-1]


def terms(text: str) -> Terms:
    """Read a text query: what stands in quotation marks is a phrase, the rest are single words."""
    phrases = [tuple(tokens(phrase)) for phrase in _PHRASE.findall(text)]
    words = tokens(_PHRASE.sub(" ", text)) + [phrase[0] for phrase in phrases if len(phrase) == 1]
    return Terms(tuple(dict.fromkeys(words)), tuple(phrase for phrase in phrases if len(phrase) > 1))
