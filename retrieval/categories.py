"""Categories: what the classes of a classifier are kinds of, by WordNet. A poodle is a dog and an animal.

The table is made by `python -m data.categories.maker`; data/categories/README.md says how and from what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import final

from data import CATEGORIES


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


@cache
def load_categories(labels: str) -> tuple[Category, ...]:
    """The categories of a label set ("imagenet-1k"), the most specific (with the fewest classes) first."""
    lines = (CATEGORIES / f"{labels}.tsv").read_text("utf-8").splitlines()
    return tuple(map(_parse_category, lines))


def _parse_category(line: str) -> Category:
    synset, names, ranges, definition = line.split("\t")
    return Category(synset, tuple(names.split(", ")), tuple(_parse_ranges(ranges)), definition)


def _parse_ranges(ranges: str) -> Iterator[int]:
    """The numbers in a text such as 3-5 9."""
    for part in ranges.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)
