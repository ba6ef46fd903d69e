"""Categories: what the classes of a classifier are kinds of, by WordNet. A poodle is a dog and an animal.

data/categories/README.md says what the table is made from, and how.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np

from data import CATEGORIES

from .ranking.arrays import Float32Matrix

MIN_CONFIDENCE = 0.25  # of a category that is stored; below this, most are wrong and there are many of them


@final
@dataclass(frozen=True, slots=True)
class Category:
    """One synset of WordNet ("n02084071"): its names, the usual one first, its classes and its definition.

    `classes` are the indices of the classes that are kinds of it, in rising order.
    """

    synset: str
    names: tuple[str, ...]
    classes: tuple[int, ...]
    definition: str

    @property
    def words(self) -> str:
        """The names, separated by commas. No other category of the label set has the same."""
        return ", ".join(self.names)


@cache
def load_categories(labels: str) -> tuple[Category, ...]:
    """The categories of a label set ("imagenet-1k"), the most specific (with the fewest classes) first."""
    lines = (CATEGORIES / f"{labels}.tsv").read_text("utf-8").splitlines()
    return tuple(map(_parse_category, lines))


@cache
def load_class_names(labels: str) -> tuple[str, ...]:
    """The names of the classes of a label set, separated by commas, in the order of their indices."""
    lines = (CATEGORIES / f"{labels}-classes.tsv").read_text("utf-8").splitlines()
    return tuple(line.split("\t")[1] for line in lines)


def find_kinds(category: str, labels: str) -> frozenset[str]:
    """The names of the classes that are kinds of the category with these names.

    None for a category, or a label set, that is not known.
    """
    if not labels:
        return frozenset()
    names = load_class_names(labels)
    known = (found for found in load_categories(labels) if found.words == category)
    return frozenset(names[index] for found in known for index in found.classes)


def sum_confidences(confidences: Float32Matrix, labels: str) -> Float32Matrix:
    """The confidences of the categories as (picture, category), from those of the classes (picture, class).

    A category holds whenever one of its classes does, and a softmax takes exactly one class to be true, so
    the confidences of its classes add up to its own. A class counts once, over however many parents it is
    reached.
    """
    sums: Float32Matrix = np.minimum(confidences @ _membership(labels), np.float32(1))
    return sums


@cache
def _membership(labels: str) -> Float32Matrix:
    """As (class, category): 1 where the class is a kind of the category, else 0."""
    categories = load_categories(labels)
    members = np.zeros((len(load_class_names(labels)), len(categories)), np.float32)
    for column, category in enumerate(categories):
        members[list(category.classes), column] = 1
    return members


def _parse_category(line: str) -> Category:
    synset, names, ranges, definition = line.split("\t")
    return Category(synset, tuple(names.split(", ")), tuple(_parse_ranges(ranges)), definition)


def _parse_ranges(ranges: str) -> Iterator[int]:
    """The numbers in a text such as 3-5 9."""
    for part in ranges.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)
