"""The languages that texts and sentences are read in; their words and grammars are in data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from data import LANGUAGE_CODES, LANGUAGES, SENTENCE_CODES, SENTENCES

from .query.keys import KEYS
from .query.language import PART_KEYS
from .query.local_names import LocalNames, fold_name
from .query.sentences.grammars import Grammar
from .ranking.dictionary import TONAL, Dictionary, EnglishName, spell_unmarked
from .ranking.spelling import Vocabulary
from .ranking.tokens import spell_words
from .ranking.translation import Translator

BETWEEN_NAMES = " | "


@cache
def load_translator(languages: tuple[str, ...]) -> Translator:
    """What reads texts in these languages."""
    folders = [LANGUAGES / language for language in languages]
    homographs = (LANGUAGES / "english.txt").read_text("utf-8").split()
    words = [english for folder in folders[:1] for english, _ in read_table(folder / "words.tsv")]
    return Translator.from_words(map(load_dictionary, folders), english=words, homographs=homographs)


@cache
def load_local_names() -> LocalNames:
    """What all languages call keys, colours and months; of languages with the same name, the first has it."""
    names: dict[str, dict[str, str]] = {"key": {}, "colour": {}, "month": {}}
    for unmarked in (False, True):  # so that no name without its marks is taken for another one
        for language in LANGUAGE_CODES:
            for entry, texts in read_table(LANGUAGES / language / "query.tsv"):
                kind, _, english = entry.partition(":")
                for text in texts.split(BETWEEN_NAMES):
                    for spelling in _spell_name(text, language) if unmarked else (fold_name(text),):
                        names[kind].setdefault(spelling, english)
    return LocalNames(names["key"], names["colour"], names["month"])


def _spell_name(text: str, language: str) -> Iterator[str]:
    """How a name is typed without its marks."""
    if language not in TONAL or " " in fold_name(text):
        yield from spell_unmarked(fold_name(text), language)


@cache
def load_english_words() -> Vocabulary:
    """The English words that have a name in other languages, and the names of the things that can be
    predicted.

    How often each occurs is how many of these names hold it.
    """
    folder = LANGUAGES / LANGUAGE_CODES[0]
    names = [english for english, _ in read_table(folder / "words.tsv")]
    names += [english for _, _, english in read_table(folder / "labels.tsv")]
    return Vocabulary.from_counts(Counter(word for name in names for word in set(spell_words(name))))


@cache
def load_grammars(languages: tuple[str, ...]) -> tuple[Grammar, ...]:
    """The grammars of English and of those of these languages that have one, English first."""
    names = [name for name in SENTENCE_CODES if name == "en" or name in languages]
    files = [SENTENCES / f"{name}.json" for name in names]
    return tuple(
        Grammar.from_json(json.loads(file.read_text("utf-8")), {*KEYS, *PART_KEYS}) for file in files
    )


@cache
def load_makers() -> frozenset[str]:
    """Makers and kinds of cameras whose names are no other words, in lower case."""
    return frozenset((SENTENCES / "makers.txt").read_text("utf-8").split())


def load_dictionary(folder: Path) -> Dictionary:
    """The dictionary in a folder, which is named by its language."""
    entries = [*_name_words(folder / "words.tsv"), *_name_labels(folder / "labels.tsv")]
    stop_words = (folder / "stop.txt").read_text("utf-8").split("\n")
    return Dictionary(folder.name, tuple(entries), frozenset(stop_words))


def read_table(path: Path) -> list[Sequence[str]]:
    """The lines of a table by their columns, without the line that names the columns."""
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()[1:]]


def _name_words(path: Path) -> Iterator[tuple[str, EnglishName]]:
    for english, names in read_table(path):
        for rank, name in enumerate(names.split(BETWEEN_NAMES)):
            yield name, EnglishName(rank, False, english)


def _name_labels(path: Path) -> Iterator[tuple[str, EnglishName]]:
    for _, names, english in read_table(path):
        for rank, name in enumerate(names.split(BETWEEN_NAMES)):
            yield name, EnglishName(rank, True, english.split(", ")[0])
