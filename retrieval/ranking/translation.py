"""Texts in other languages, read as English: which of their words are known, and as what. Pure.

The rules:

1. The longest run of words that a language knows is read as one ("chó sói", "feu rouge").
2. A run that could be English is English ("chat", "red", "Boot"), unless one language knows all words of the
   text, and one of them at least is no English word: "chat noir" is a black cat.
3. Of languages that know the same run, those count that have it as it is written before those that have it
   with marks or another ending; then those that know the most words of the text; of several alike, all.
4. What stands in quotation marks is taken as it is typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

from .dictionary import Dictionary, Entry, Token, split_words
from .irregular_plurals import SINGULARS
from .stop_words import DEPICTIONS, STOP_WORDS
from .tokens import Terms, Translation, hide_phrases, parse_terms, split_tokens

_ES = re.compile(r"(?:(?<=[sxzo])|(?<=[cs]h))es$")  # of English plurals
_INSIDE_RUN = re.compile(r"[\s'’-]*")  # what may stand between two words of one name


@final
@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of a text, in characters, that is known in some languages, and its names in English.

    `usual` are the names to take where one word has to stand for all of them.
    """

    start: int
    end: int
    typed: str
    languages: tuple[str, ...]
    names: tuple[str, ...]
    usual: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """Tokens from `first` up to `end` that one language knows; `votes`: how much it knows of the text."""

    first: int
    end: int
    language: str
    votes: int
    entry: Entry


@final
@dataclass(frozen=True, eq=False)
class Translator:
    """Reads texts by the dictionaries of some languages.

    `english` are words that are taken as English first; `homographs` are those among them that are listed
    only because another language has words that are written like them.
    """

    dictionaries: tuple[Dictionary, ...]
    english: frozenset[str]
    homographs: frozenset[str]

    @staticmethod
    def from_words(
        dictionaries: Iterable[Dictionary], *, english: Iterable[str], homographs: Iterable[str]
    ) -> Translator:
        """Stop words are English in any case; names of several words among `english` are left out."""
        words = {word.casefold() for word in english if " " not in word} | STOP_WORDS | DEPICTIONS
        others = frozenset(homographs)
        return Translator(tuple(dictionaries), others | words, others - words)

    def find_readings(self, text: str) -> tuple[Reading, ...]:
        """The known words of a text, in its order; see the rules of this module."""
        text = unicodedata.normalize("NFC", text)
        tokens = split_words(hide_phrases(text))
        if self._may_be_english(tokens):  # also so that English texts need no dictionary
            return ()
        runs = [run for dictionary in self.dictionaries for run in self._known_runs(dictionary, tokens, text)]
        chosen = _choose_runs(runs)
        return tuple(_make_reading(text, tokens, same) for same in chosen)

    def parse_terms(self, text: str) -> Terms:
        """A text query as it is typed, with what its words are called in English."""
        return replace(parse_terms(text), translations=tuple(self._make_translations(text)))

    def find_names(self, text: str) -> tuple[str, ...]:
        """The English names of a text that is known as a whole; empty if it is not."""
        readings = self.find_readings(text)
        is_whole = len(readings) == 1 and readings[0].typed == unicodedata.normalize("NFC", text).strip()
        return readings[0].names if is_whole else ()

    def write_english(self, text: str) -> str:
        """The text with its known words in English, without stop words of their languages.

        A text without known words stays as it is.
        """
        text, readings = unicodedata.normalize("NFC", text), self.find_readings(text)
        if not readings:
            return text
        languages = {language for reading in readings for language in reading.languages}
        pieces: list[str] = []
        end = 0
        for reading in readings:
            pieces += [self._drop_stop_words(text[end : reading.start], languages), *reading.usual]
            end = reading.end
        pieces.append(self._drop_stop_words(text[end:], languages))
        return " ".join(filter(None, pieces))

    def _make_translations(self, text: str) -> Iterator[Translation]:
        for reading in self.find_readings(text):
            own = split_tokens(reading.typed)
            names = dict.fromkeys(tuple(split_tokens(name)) for name in reading.names)
            if others := tuple(name for name in names if name and list(name) != own):
                yield Translation(reading.typed, parse_terms(reading.typed).units, others)

    def _drop_stop_words(self, piece: str, languages: set[str]) -> str:
        stop_words = {
            word
            for dictionary in self.dictionaries
            if dictionary.language in languages
            for word in dictionary.stop_words
        }
        return " ".join(
            piece[token.start : token.end] for token in split_words(piece) if token.word not in stop_words
        )

    # -- what one language knows --------------------------------------------------------------------

    def _known_runs(self, dictionary: Dictionary, tokens: Sequence[Token], text: str) -> list[_Run]:
        """The runs that a language knows and that are not English first."""
        found = list(_longest_runs(dictionary, tokens, text))
        covered = {number for first, end, _ in found for number in range(first, end)}
        covered |= {number for number, token in enumerate(tokens) if token.word in dictionary.stop_words}
        own = {number for number in covered if not self._is_english(tokens[number])}
        rest = [token for number, token in enumerate(tokens) if number not in covered]
        knows_all = bool(own) and all(token.word.isdigit() for token in rest)
        return [
            _Run(first, end, dictionary.language, len(own), entry)
            for first, end, entry in found
            if knows_all or not self._may_be_english(tokens[first:end])
        ]

    def _is_english(self, token: Token) -> bool:
        word = SINGULARS.get(token.word, token.word)
        return not self.english.isdisjoint((word, word.removesuffix("s"), _ES.sub("", word)))

    def _may_be_english(self, run: Sequence[Token]) -> bool:
        """Of several words, those that are only written like English ones ("sac a dos") are none."""
        is_english = all(map(self._is_english, run))
        return is_english and (len(run) == 1 or self.homographs.isdisjoint(token.word for token in run))


def _longest_runs(
    dictionary: Dictionary, tokens: Sequence[Token], text: str
) -> Iterator[tuple[int, int, Entry]]:
    """From the left, the longest run that is known at each place, as (first token, end, what it is)."""
    words, first = [token.word for token in tokens], 0
    while first < len(tokens):
        end = _end_of_run(tokens, text, first, dictionary.longest)
        while end > first and not (entry := dictionary.find_entry(words[first:end])):
            end -= 1
        if end > first and entry:
            yield first, end, entry
        first = max(end, first + 1)


def _end_of_run(tokens: Sequence[Token], text: str, first: int, longest: int) -> int:
    """The end of the longest run from `first` on that no punctuation interrupts."""
    end = first + 1
    while end < min(len(tokens), first + longest):
        if not _INSIDE_RUN.fullmatch(text, tokens[end - 1].end, tokens[end].start):
            break
        end += 1
    return end


def _choose_runs(runs: Iterable[_Run]) -> list[list[_Run]]:
    """Runs that do not overlap, in order, by the first and the third rule; runs alike come together."""
    chosen: list[list[_Run]] = []
    for run in sorted(runs, key=lambda run: (run.first - run.end, run.entry.way, -run.votes, run.first)):
        overlapping = [same for same in chosen if same[0].first < run.end and run.first < same[0].end]
        if not overlapping:
            chosen.append([run])
        elif all(_is_alike(run, same[0]) for same in overlapping):
            overlapping[0].append(run)
    return sorted(chosen, key=lambda same: same[0].first)


def _is_alike(run: _Run, other: _Run) -> bool:
    return (run.first, run.end, run.entry.way, run.votes) == (
        other.first,
        other.end,
        other.entry.way,
        other.votes,
    )


def _make_reading(text: str, tokens: Sequence[Token], same: Sequence[_Run]) -> Reading:
    start, end = tokens[same[0].first].start, tokens[same[0].end - 1].end
    names = sorted({name for run in same for name in run.entry.names})
    best = {(run.entry.names[0].rank, run.entry.names[0].is_label) for run in same}
    usual = [name.text for name in names if (name.rank, name.is_label) in best]
    return Reading(
        start,
        end,
        text[start:end],
        tuple(run.language for run in same),
        tuple(dict.fromkeys(name.text for name in names)),
        tuple(dict.fromkeys(usual)),
    )
