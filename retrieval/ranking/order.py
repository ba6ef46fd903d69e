"""Images in an order other than by relevance: by a number, by natural order of names, or shuffled. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from .arrays import BoolVector, Int64Ids, Int64Vector

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


def rank_texts(texts: Sequence[str]) -> Int64Vector:
    """The place of each text in the order of all of them; equal for equal ones."""
    places = {text: place for place, text in enumerate(sorted(set(texts)))}
    return np.fromiter(map(places.__getitem__, texts), np.int64, len(texts))


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
