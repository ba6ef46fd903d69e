"""Which words and phrases a word tower knows: those that name things, and those that people use most."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from timm.data import ImageNetInfo

from retrieval import word_tower

NAMED = "imagenet-22k"  # the largest label set whose names timm lists
CLASSES = "imagenet-1k"
FREQUENT = 20_000  # words that are taken whatever they mean
KNOWN = 45_000  # words at most that are taken because they are frequent, or WordNet or a text has them
RARE = 5_500  # further nouns, the most frequent first
TRUSTED = 8_000  # most frequent words, which are trusted inside unknown ones
VARIED = 14_000  # most frequent words that may stand in a varied caption
FIELDS = ("05", "06", "13", "17", "18", "20")  # animal, artifact, food, object, person, plant
POS = ("noun", "adj", "verb", "adv")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Keys of the table with the spelling that stands for each: words, and phrases that may be added."""

    words: Mapping[str, str]
    phrases: Mapping[str, str]
    trusted: frozenset[str]


def choose_vocabulary(frequent: list[str], wordnet: Path, captions: Iterable[str]) -> Vocabulary:
    """`frequent`: English words, the most frequent first. `wordnet`: the folder of WordNet's index files."""
    lemmas = {part: set(_read_lemmas(wordnet / f"index.{part}")) for part in POS}
    known = set().union(*lemmas.values())
    names = [name.casefold() for name in list_names(NAMED)]
    in_names = {word for name in names for word in _letters(name)}
    in_captions = {word for caption in captions for word in _letters(caption.casefold())}
    spoken = known | in_names | in_captions
    taken = [word for rank, word in enumerate(frequent) if rank < FREQUENT or word in spoken][:KNOWN]
    rare = _rare_nouns(frequent, lemmas["noun"] - set(taken))
    words = _key_words([*taken, *sorted(in_captions), *_class_words(), *rare])
    tokens = ((word_tower.content_tokens(name), name) for name in names)
    phrases = {" ".join(own): name for own, name in tokens if 1 < len(own) <= word_tower.MOST_TOKENS}
    return Vocabulary(words, phrases, frozenset(_key_words(frequent[:TRUSTED])))


def list_names(labels: str) -> list[str]:
    """The names of all classes of a label set, in the order of the classes."""
    return [name for names in list_classes(labels) for name in names]


def list_classes(labels: str) -> list[list[str]]:
    """The names of each class of a label set, the usual one first."""
    info = ImageNetInfo(labels)
    return [info.index_to_description(index).split(", ") for index in range(info.num_classes())]


def list_class_ids(labels: str) -> list[str]:
    """The WordNet id of each class of a label set, in the order of the classes."""
    info = ImageNetInfo(labels)
    return [info.index_to_label_name(index) for index in range(info.num_classes())]


def list_definitions(labels: str) -> list[str]:
    """The usual name of each class of a label set with its definition."""
    info = ImageNetInfo(labels)
    found = [info.index_to_description(index, detailed=True) for index in range(info.num_classes())]
    names = (own[0] for own in list_classes(labels))
    return [f"{name}: {text.partition(': ')[2]}" for name, text in zip(names, found, strict=True)]


def vary_captions(
    captions: list[str], frequent: list[str], wordnet: Path, count: int, seed: int
) -> list[str]:
    """At most `count` captions with one or two nouns replaced by others of the same field of WordNet.

    The fields are animals, artifacts, food, objects, persons and plants; a noun counts by its first sense.
    Captions name few things, and the words of others would otherwise only be seen alone.
    """
    random = Random(seed)
    fields = _read_fields(wordnet)
    usual = set(frequent[:VARIED])
    nouns: dict[str, list[str]] = {field: [] for field in FIELDS}
    for noun, field in sorted(fields.items()):
        if field in nouns and (noun in usual or noun.replace("_", " ") in _usual_classes()):
            nouns[field].append(noun.replace("_", " "))
    varied: list[str] = []
    for caption in random.sample(captions, len(captions)):
        words = caption.split()
        places = [place for place, word in enumerate(words) if fields.get(word.casefold()) in nouns]
        for place in random.sample(places, min(len(places), random.choice((1, 2)))):
            words[place] = random.choice(nouns[fields[words[place].casefold()]])
        if places and len(varied) < count:
            varied.append(" ".join(words))
    return varied


@cache
def _usual_classes() -> frozenset[str]:
    return frozenset(own[0].casefold() for own in list_classes(CLASSES))


def _read_fields(wordnet: Path) -> dict[str, str]:
    """The lexicographer's file of the first sense of each noun, as its number in two digits."""
    lines = (wordnet / "data.noun").read_text("utf-8").splitlines()
    files = {line[:8]: line[9:11] for line in lines if line[0] != " "}
    found: dict[str, str] = {}
    for line in (wordnet / "index.noun").read_text("utf-8").splitlines():
        if line[0] != " ":
            lemma, _, count, *rest = line.split()
            found[lemma] = files[rest[-int(count)]]
    return found


def _class_words() -> list[str]:
    return [word for name in list_names(CLASSES) for word in _letters(name.casefold())]


def _rare_nouns(frequent: list[str], nouns: set[str]) -> list[str]:
    return [word for word in frequent if word in nouns][:RARE]


def _key_words(words: Iterable[str]) -> dict[str, str]:
    """By the token of each word, its first spelling; stop words and words of one letter have none."""
    keyed: dict[str, str] = {}
    for word in words:
        tokens = word_tower.content_tokens(word)
        if len(tokens) == 1 and len(word) > 1:
            keyed.setdefault(tokens[0], word)
    return keyed


def _letters(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text)


def _read_lemmas(path: Path) -> Iterator[str]:
    """The words of an index file of WordNet; its licence stands in lines that begin with blanks."""
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith(" "):
            yield line.partition(" ")[0].replace("_", " ")
