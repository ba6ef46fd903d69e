"""The languages that texts and sentences are read in; their words and grammars are in data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from data import LANGUAGES, SENTENCE_CODES, SENTENCES

from .query.keys import KEYS
from .query.language import PART_KEYS
from .query.sentences.grammars import Grammar
from .ranking.dictionary import Dictionary, EnglishName
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
