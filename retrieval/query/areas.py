"""Areas of the Earth: circles, rectangles, surroundings of places; in degrees, north and east positive."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..errors import InvalidQuery
from .checks import check_name

EARTH_RADIUS: Final = 6371.0088  # km: the mean radius of the International Union of Geodesy and Geophysics
DEFAULT_KILOMETRES: Final = 10.0
MAX_KILOMETRES: Final = 20_038.0  # half the way around the equator: everything lies nearer
MAX_AREAS: Final = 16  # of one condition: a question to the catalog each
MARGIN: Final = (
    1e-6  # degrees, some 10 cm: a box around a circle must hold all of it, however numbers are rounded
)

Span: TypeAlias = tuple[float, float]  # the least and the largest longitude, both included

# As pictures state it: 48.85822, -2.29450. Without decimals two numbers may be anything.
_POSITION: Final = re.compile(r"(-?\d{1,2}\.\d{1,15}), ?(-?\d{1,3}\.\d{1,15})")


@dataclass(frozen=True, slots=True)
class Circle:
    """All positions at most so many kilometres from one, along the surface of a sphere of EARTH_RADIUS."""

    latitude: float
    longitude: float
    kilometres: float = DEFAULT_KILOMETRES

    def __post_init__(self) -> None:
        _check_degrees("latitude", self.latitude, 90)
        _check_degrees("longitude", self.longitude, 180)
        _check_distance(self.kilometres)

    @property
    def box(self) -> Rectangle:
        """A rectangle that holds it."""
        angle = self.kilometres / EARTH_RADIUS
        reach = math.degrees(angle) + MARGIN
        south, north = max(self.latitude - reach, -90.0), min(self.latitude + reach, 90.0)
        if south == -90 or north == 90:  # a pole lies inside, where all longitudes meet
            return Rectangle(south, -180.0, north, 180.0)
        aside = math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(self.latitude)))) + MARGIN
        west, east = _wrap_longitude(self.longitude - aside), _wrap_longitude(self.longitude + aside)
        return Rectangle(south, west, north, east)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A place by its name: what states this place, and what lies within so many kilometres of its middle.

    The middle is that of the positions of the images which state the place; without any, only they are meant.
    """

    place: str
    kilometres: float = DEFAULT_KILOMETRES

    def __post_init__(self) -> None:
        check_name("the place", self.place)
        if not any(map(str.isalpha, self.place)):
            raise InvalidQuery(f"place {self.place[:40]}: the name of a place has letters")
        _check_distance(self.kilometres)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """All positions between two parallels and two meridians, edges included.

    Where `west` is larger than `east`, it goes across the antimeridian.
    """

    south: float
    west: float
    north: float
    east: float

    def __post_init__(self) -> None:
        for name, limit in (("south", 90), ("west", 180), ("north", 90), ("east", 180)):
            _check_degrees(name, getattr(self, name), limit)
        if self.south > self.north:
            raise InvalidQuery(
                f"south {self.south:g} and north {self.north:g}: the first is larger than the second"
            )

    @property
    def longitudes(self) -> tuple[Span, ...]:
        """The spans of longitudes inside. The antimeridian is both 180 and -180."""
        is_across = self.west > self.east
        spans = [(self.west, 180.0), (-180.0, self.east)] if is_across else [(self.west, self.east)]
        if not is_across and self.east == 180:
            spans.append((-180.0, -180.0))
        if not is_across and self.west == -180:
            spans.append((180.0, 180.0))
        return tuple(spans)


Near: TypeAlias = Circle | Surroundings


def parse_position(text: str) -> tuple[float, float] | None:
    """Latitude and longitude, as pictures state them; None for any other text."""
    match = _POSITION.fullmatch(text.strip())
    if match is None:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _wrap_longitude(longitude: float) -> float:
    return (longitude + 180) % 360 - 180


def _check_degrees(name: str, degrees: float, limit: int) -> None:
    if not abs(degrees) <= limit:
        raise InvalidQuery(f"{name} {degrees:g}: choose degrees from -{limit} to {limit}")


def _check_distance(kilometres: float) -> None:
    if not 0 < kilometres <= MAX_KILOMETRES:
        raise InvalidQuery(f"{kilometres:g} km: choose a distance above 0, up to {MAX_KILOMETRES:g} km")
