"""Misspelt words: how often the word that was meant is suggested first, and how long a suggestion takes.

The captions of a set are put into a library without pictures. From its vocabulary words of at least four
letters are drawn by a seed, and one slip is made in each: a letter left out, a letter too many, a key beside
the right one, two letters in the wrong order, or a letter twice, each as often as the others. Then the typo
is searched for. The suggestion is right if it finds what the word finds, that is, if both have the same stem;
how often it is the very word is told beside. A typo that is itself a word of the library, of the word tower,
of the English names of things or of a dictionary is nothing that could be found: it is counted apart ("is a
word"), and another one is drawn.

Words are drawn alike ("distinct"), and as often as images have them ("as used"). --size N: N typos instead of
1,000. Last, the milliseconds of processor time of a suggestion in a vocabulary of 200,000 words, made up of
letters that are as frequent as in English.
"""

from __future__ import annotations

import csv
import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from data import LANGUAGE_CODES, WORD_TOWER
from retrieval import Annotation, Library, NewImage, load_word_tower, write_library
from retrieval.languages import load_english_words, load_translator
from retrieval.projections.words import WordView
from retrieval.ranking.spelling import NEIGHBOURS, Vocabulary
from retrieval.ranking.tokens import parse_terms, split_tokens
from retrieval.signals import WORDS

from .sets import ROOT, why_unavailable

SETS = ("coco_mini", "flickr_train")
TYPOS = 1000
LEAST = 4  # letters of a word that is misspelt
LETTERS = "etaoinshrdlcumwfgypbvkjxqz"  # the most frequent of English first
FREQUENCIES = (12.7, 9.1, 8.2, 7.5, 7.0, 6.7, 6.3, 6.1, 6.0, 4.3, 4.0, 2.8, 2.8, 2.4, 2.4, 2.2, 2.0, 2.0, 1.9,
               1.5, 1.0, 0.8, 0.15, 0.15, 0.1, 0.07)  # fmt: skip
SEED = 20
MANY, TIMED = 200_000, 300  # words of the large vocabulary, and those of them that are misspelt


@dataclass(frozen=True, slots=True)
class Typo:
    """What was typed, and the word that was meant."""

    typed: str
    word: str


def measure(size: int | None = None) -> dict[str, Any]:
    """Shares by set and by how words are drawn, and the times of a large vocabulary."""
    if reason := why_unavailable():
        sys.exit(reason)
    figures: dict[str, float] = {}
    for name in SETS:
        with (
            tempfile.TemporaryDirectory() as folder,
            open_captioned(Path(folder) / "library", name) as library,
        ):
            vocabulary = find_vocabulary(library)
            for drawn, weights in (("distinct", None), ("as used", vocabulary.counts.tolist())):
                typos, words = draw_typos(vocabulary, size or TYPOS, SEED, weights)
                found = measure_typos(library, typos) | {"is a word": words / (words + len(typos))}
                figures |= {f"{name}, {drawn}: {key}": value for key, value in found.items()}
    return {"figures": figures | measure_times()}


@contextmanager
def open_captioned(path: Path, name: str) -> Iterator[Library]:
    """A library of the captions of a set; its images have no pixels."""
    with (ROOT / "data" / name / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        captions = [row["caption"].split(" || ") for row in csv.DictReader(file)]
    write_captions(path, captions)
    with Library.open(path) as library:
        yield library


def write_captions(path: Path, captions: Sequence[Sequence[str]]) -> None:
    """Make a library of images that have nothing but captions."""
    with write_library(path) as library:
        with library.catalog.writing() as writer:
            for number, texts in enumerate(captions):
                digest = hashlib.sha256(b"%d" % number).hexdigest()
                facts = tuple(Annotation("caption", text, "exif") for text in dict.fromkeys(texts))
                writer.add_images([NewImage(digest, 0, 4, 3, "png", 1, None, b"", annotations=facts)])
        library.publish()


def find_vocabulary(library: Library) -> Vocabulary:
    """The words of the library that are misspelt here."""
    view = library.snapshot().views[WORDS]
    assert isinstance(view, WordView)
    words = zip(view.vocabulary.words, view.vocabulary.counts.tolist(), strict=True)
    return Vocabulary.from_counts(
        {word: count for word, count in words if len(word) >= LEAST and word.isascii() and word.isalpha()}
    )


def draw_typos(
    vocabulary: Vocabulary, count: int, seed: int, weights: Sequence[int] | None = None
) -> tuple[list[Typo], int]:
    """So many typos, and how many more were left out because they are words."""
    random_numbers, typos, words = random.Random(seed), list[Typo](), 0
    is_word = _WordChecker(vocabulary)
    while len(typos) < count:
        [word] = random_numbers.choices(vocabulary.words, weights)
        typed = misspell(word, random_numbers)
        if is_word(typed):
            words += 1
        else:
            typos.append(Typo(typed, word))
    return typos, words


class _WordChecker:
    """Tells whether a text is a word that something knows; so is one with the same stem."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._stems = {token for word in vocabulary.words for token in split_tokens(word)}
        self._tower = load_word_tower(WORD_TOWER).table
        self._english, self._translator = load_english_words(), load_translator(LANGUAGE_CODES)

    def __call__(self, text: str) -> bool:
        terms = parse_terms(text)
        return (
            not terms
            or not self._stems.isdisjoint(terms.words)
            or self._english.has_word(text)
            or bool(self._tower.find_rows([text]))
            or bool(self._translator.find_readings(text))
        )


def misspell(word: str, random_numbers: random.Random) -> str:
    """The word with one slip, which is drawn; it differs from the word."""
    typed = word
    while typed == word:
        typed = _slip(word, random_numbers.randrange(len(word)), random_numbers)
    return typed


def _slip(word: str, place: int, random_numbers: random.Random) -> str:
    before, letter, rest = word[:place], word[place], word[place + 1 :]
    slips = {
        "left out": rest,
        "too many": random_numbers.choice(LETTERS) + letter + rest,
        "beside": chr(random_numbers.choice(NEIGHBOURS[letter])) + rest,
        "swapped": rest[:1] + letter + rest[1:],
        "twice": letter * 2 + rest,
    }
    return before + slips[random_numbers.choice(list(slips))]


def measure_typos(library: Library, typos: Sequence[Typo]) -> dict[str, float]:
    """Shares of typos for which the first suggestion is right, and for which the library searches it."""
    right = same = used = wrongly_used = 0
    for typo in typos:
        meant = library.search(typo.typed).did_you_mean
        first = meant[0].words[typo.typed] if meant else ""
        is_right = parse_terms(first) == parse_terms(typo.word)
        right, same = right + is_right, same + (first == typo.word)
        if meant and meant[0].is_used:
            used, wrongly_used = used + 1, wrongly_used + (not is_right)
    return {
        "right suggestion first": right / len(typos),
        "the very word": same / len(typos),
        "searched at once": used / len(typos),
        "searched at once, and right": (used - wrongly_used) / max(used, 1),
    }


def measure_times() -> dict[str, float]:
    """Milliseconds of processor time in a vocabulary of MANY words."""
    random_numbers = random.Random(SEED)
    words: set[str] = set()
    while len(words) < MANY:
        words.add("".join(random_numbers.choices(LETTERS, FREQUENCIES, k=random_numbers.randint(4, 12))))
    vocabulary = Vocabulary.from_counts(dict.fromkeys(words, 1))
    vocabulary.suggest_words("warming")  # what is made once is made now
    times = [
        _time_suggestion(vocabulary, misspell(word, random_numbers))
        for word in sorted(words)[:: MANY // TIMED]
    ]
    return {
        "ms a suggestion, mean": fmean(times),
        "ms a suggestion, 95th percentile": float(np.percentile(times, 95)),
        "ms a suggestion, most": max(times),
    }


def _time_suggestion(vocabulary: Vocabulary, typed: str) -> float:
    start = time.process_time()
    vocabulary.suggest_words(typed)
    return 1000 * (time.process_time() - start)
