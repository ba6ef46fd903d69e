"""The words of one language with their English names, looked up as people type them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias, final

from .tokens import STEMMERS, fold_word, stem_foreign

# Languages whose short words differ by their marks alone: one syllable has to be typed with its marks.
TONAL: Final = frozenset({"vi"})
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})  # as on keyboards without them
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_HAN}]|(?:(?![{_HAN}])[^\W_]|[\u0300-\u036f])+")

Words: TypeAlias = Sequence[str]  # in small letters, with their marks


class Token(NamedTuple):
    """A word in small letters, or a Chinese character, and where it stands in the text."""

    word: str
    start: int
    end: int


class EnglishName(NamedTuple):
    """What a word is called in English. Names of a lower `rank` are more usual; labels come after words."""

    rank: int
    is_label: bool
    text: str


class Entry(NamedTuple):
    """English names of words that stand side by side, the most usual first, and how the words were found.

    `way`: 0 as they are written, 1 without marks, 2 by their stems.
    """

    way: int
    names: tuple[EnglishName, ...]


@final
@dataclass(frozen=True, eq=False)
class Dictionary:
    """A language: its names, each with an English name, and the words that say nothing about a picture."""

    language: str
    names: tuple[tuple[str, EnglishName], ...]
    stop_words: frozenset[str]

    def find_entry(self, words: Words) -> Entry | None:
        """What these words are as one name; None if they are none. A stop word alone is none.

        They are looked up as they are written; else, where they were typed without marks, as names without
        their marks, or with ae for ä; else by their stems.
        """
        if len(words) == 1 and words[0] in self.stop_words:
            return None
        for way, find in enumerate((self._find_written, self._find_unmarked, self._find_stem)):
            if names := find(words):
                return Entry(way, tuple(sorted(set(names))))
        return None

    @cached_property
    def longest(self) -> int:
        """The most words that a name has."""
        return max((len(words) for words, _ in self._split_names), default=0)

    def _find_written(self, words: Words) -> list[EnglishName]:
        return self._written.get(self._write_words(words), [])

    def _find_unmarked(self, words: Words) -> list[EnglishName]:
        if self.language in TONAL and len(words) == 1:
            return []
        return self._unmarked.get(" ".join(words), [])

    def _find_stem(self, words: Words) -> list[EnglishName]:
        """By the names that begin alike: stemming all of them would take seconds."""
        if self.language not in STEMMERS:
            return []
        is_unmarked = "".join(words).isascii()
        stems = self._stem_words(words, is_unmarked)
        alike = self._by_start.get(_start(words), ())
        return [name for own, name in alike if self._stem_words(own, is_unmarked) == stems]

    def _write_words(self, words: Words) -> str:
        return " ".join(map(_move_tone, words) if self.language in TONAL else words)

    def _stem_words(self, words: Words, is_unmarked: bool) -> list[str]:
        stems = [stem_foreign(self.language, word) for word in words]
        return [fold_word(stem) for stem in stems] if is_unmarked else stems

    @cached_property
    def _split_names(self) -> list[tuple[tuple[str, ...], EnglishName]]:
        return [(tuple(token.word for token in split_words(name)), english) for name, english in self.names]

    @cached_property
    def _written(self) -> dict[str, list[EnglishName]]:
        return _group_names((self._write_words(words), name) for words, name in self._split_names)

    @cached_property
    def _unmarked(self) -> dict[str, list[EnglishName]]:
        marked = [(" ".join(words), name) for words, name in self._split_names]
        return _group_names(
            (spelling, name)
            for words, name in marked
            if not words.isascii()
            for spelling in spell_unmarked(words, self.language)
        )

    @cached_property
    def _by_start(self) -> dict[tuple[int, str], list[tuple[tuple[str, ...], EnglishName]]]:
        starts: dict[tuple[int, str], list[tuple[tuple[str, ...], EnglishName]]] = {}
        for words, name in self._split_names:
            starts.setdefault(_start(words), []).append((words, name))
        return starts


def split_words(text: str) -> list[Token]:
    """The words of a text in NFC, in order; every Chinese character is one."""
    return [Token(match[0].casefold(), match.start(), match.end()) for match in _TOKEN.finditer(text)]


def spell_unmarked(text: str, language: str) -> tuple[str, ...]:
    """How words in small letters are typed without their marks: without them, in German also with ae for
    ä.
    """
    spelled = (text, text.translate(_UMLAUTS)) if language == "de" else (text,)
    return tuple(dict.fromkeys(map(fold_word, spelled)))


def _start(words: Words) -> tuple[int, str]:
    """What words with the same stems have in common: their number, and how the first one begins."""
    return len(words), fold_word(words[0])[:3]


def _move_tone(syllable: str) -> str:
    """The syllable with its tone at the end: òa and oà are two spellings of one."""
    letters = unicodedata.normalize("NFD", syllable)
    return "".join(sorted(letters, key=_TONES.__contains__))


def _group_names(pairs: Iterable[tuple[str, EnglishName]]) -> dict[str, list[EnglishName]]:
    groups: dict[str, list[EnglishName]] = {}
    for form, name in pairs:
        groups.setdefault(form, []).append(name)
    return groups
