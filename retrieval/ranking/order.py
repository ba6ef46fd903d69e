"""Images in an order other than by relevance: by a number, by natural order of names, or shuffled. Pure."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from .arrays import BoolVector, Int64Ids, Int64Vector

TextVector: TypeAlias = npt.NDArray[np.object_]  # of str

FEW_TEXTS: Final = 1000  # more of them are found faster through a dictionary of all texts
NO_VALUE: Final = int(np.iinfo(np.int64).min)  # of an image without a date or a name

_DIGITS: Final = re.compile("0*([0-9]+)")


def order_images(
    ids: Int64Ids, values: Int64Vector, is_below: BoolVector, *, is_falling: bool
) -> Int64Vector:
    """The positions of images in their order: by value, rising or falling, equal ones by rising id.

    Images without a value come last either way. Those that are `is_below` a line come behind all others,
    among themselves in the same order.
    """
    signed = ~values if is_falling else values  # ~ is -1 - x, and there is no overflow at either end
    order: Int64Vector = np.lexsort((ids, signed, values == NO_VALUE, is_below))
    return order


def sort_texts(texts: Iterable[str]) -> TextVector:
    """The distinct texts in their order."""
    return np.array(sorted(set(texts)), object)


def find_places(ordered: TextVector, texts: Sequence[str]) -> Int64Vector:
    """The place of each text among the distinct texts `ordered`, which hold all of them."""
    if len(texts) < FEW_TEXTS:
        places = [bisect_left(ordered, text) for text in texts]
        return np.array(places, np.int64)
    known = {text: place for place, text in enumerate(ordered)}
    return np.fromiter(map(known.__getitem__, texts), np.int64, len(texts))


def insert_texts(ordered: TextVector, texts: Iterable[str]) -> tuple[TextVector, Int64Vector]:
    """The distinct texts in their order with further ones, and the new place of each that was there before.

    It takes the time of copying, where sorting anew would compare all texts again.
    """
    candidates = {text: bisect_left(ordered, text) for text in sorted(set(texts))}
    new = [text for text, place in candidates.items() if text not in ordered[place : place + 1]]
    before = np.array([candidates[text] for text in new], np.int64)
    places = np.arange(len(ordered))
    moved: Int64Vector = places + np.searchsorted(before, places, side="right")
    return np.insert(ordered, before, np.array(new, object)), moved


def natural_key(name: str) -> str:
    """A text by which names are compared as people do: IMG_9 is before img_10, and É is an E.

    Letter case and marks do not count. Each run of digits is written as a zero, a character for its length
    and the digits, so that a larger number is a larger text.
    """
    if not name.isascii():
        parts = unicodedata.normalize("NFKD", name)
        name = "".join(character for character in parts if not unicodedata.combining(character))
    return _DIGITS.sub(lambda run: f"0{chr(len(run[1]))}{run[1]}", name.casefold())


def shuffle_values(ids: Int64Ids, seed: int) -> Int64Vector:
    """A number for each id that looks random and depends on the id and the seed alone.

    So images that come or go do not change the order of the others. The mixing function is that of SplitMix64
    (Steele, Lea and Flood 2014), which takes every number to another one.
    """
    start = _mix_bits(np.array([seed], np.uint64) + np.uint64(0x9E3779B97F4A7C15))
    mixed: Int64Vector = (_mix_bits(ids.astype(np.uint64) ^ start) >> np.uint64(1)).astype(np.int64)
    return mixed


def _mix_bits(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
