"""Areas of the Earth as people write them after `near:` and `within:`; ValueError says how to write them."""

from __future__ import annotations

import re
from typing import Final

from .areas import DEFAULT_KILOMETRES, Circle, Near, Rectangle, Surroundings
from .terms import NUMBER, format_number

_NUMBERS: Final = re.compile(rf"\s*-?{NUMBER}\s*(?:,\s*-?{NUMBER}\s*)*")
_DISTANCE: Final = re.compile(rf"\s*({NUMBER})\s*(?:km)?\s*")
_NEAR_WAYS: Final = (
    'write latitude, longitude and kilometres, as in 21.03,105.85,10, or a place, as in "Hanoi,25"'
)
_WITHIN_WAYS: Final = "write south, west, north and east, as in 20.9,105.7,21.2,106.0"


def parse_near(text: str) -> Near:
    """A Circle as 21.03,105.85,10, or Surroundings as Hanoi or Hanoi,25. Raises ValueError."""
    if _holds_numbers(text):
        numbers = _parse_numbers(text.removesuffix("km"))
        if len(numbers) not in (2, 3):
            raise ValueError(_NEAR_WAYS)
        return Circle(*numbers)
    place, _, tail = text.rpartition(",")
    distance = _DISTANCE.fullmatch(tail)
    return Surroundings(place, float(distance[1])) if place and distance else Surroundings(text)


def format_near(near: Near) -> str:
    """The text that `parse_near` reads as this."""
    if isinstance(near, Circle):
        return ",".join(map(format_number, (near.latitude, near.longitude, near.kilometres)))
    is_usual = near.kilometres == DEFAULT_KILOMETRES
    is_plain = is_usual and "," not in near.place and not _holds_numbers(near.place)
    return near.place if is_plain else f"{near.place},{format_number(near.kilometres)}"


def parse_rectangle(text: str) -> Rectangle:
    """A rectangle as 20.9,105.7,21.2,106.0: south, west, north and east. Raises ValueError."""
    if not _NUMBERS.fullmatch(text) or len(numbers := _parse_numbers(text)) != 4:
        raise ValueError(_WITHIN_WAYS)
    return Rectangle(*numbers)


def format_rectangle(rectangle: Rectangle) -> str:
    """The text that `parse_rectangle` reads as this."""
    edges = (rectangle.south, rectangle.west, rectangle.north, rectangle.east)
    return ",".join(map(format_number, edges))


def _holds_numbers(text: str) -> bool:
    return _NUMBERS.fullmatch(text.removesuffix("km")) is not None


def _parse_numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]
