"""Conditions for hits: Filters, and trees of them. All are frozen and checked.

    Filters(tags=("boat",)) & ~Filters(cameras=("x100",)) | Filters(formats=("png",))

An image satisfies AllOf if it satisfies all of its conditions, AnyOf if it satisfies one of them, and Not if
it does not satisfy its condition. So an image without a date satisfies the Not of every condition about days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, TypeAlias, cast

from ..errors import InvalidQuery
from .areas import MAX_AREAS, Near, Rectangle
from .checks import (
    check_choice,
    check_days,
    check_format,
    check_range,
    check_recurrence,
    check_values,
    raise_type,
)
from .picks import check_picked
from .recurrence import parse_months, parse_weekdays, parse_year_days

ORIENTATIONS: Final = ("landscape", "portrait", "square")
SHAPES: Final = (*ORIENTATIONS, "panorama")
MISSABLE: Final = ("caption", "tag", "label", "date", "place", "person")  # what `missing` asks for
PIXELS_AND_BYTES: Final = ("width", "height", "bytes")
WHOLE_NUMBERS: Final = (*PIXELS_AND_BYTES, "page")
EXPOSURE: Final = ("iso", "aperture", "exposure", "focal", "rating")  # numbers that metadata state
RECURRING: Final = {"months": parse_months, "weekdays": parse_weekdays, "days": parse_year_days}
_CHOICES: Final = (
    *("shows", "formats", "orientations", "shapes", "cameras", "concepts", "creators", "lenses"),
    *("places", "persons", "missing", "saved", "among"),
    *RECURRING,
)
MAX_CONDITIONS: Final = 64  # Filters in one tree: a query to the catalog each
MAX_DEPTH: Final = 16  # of a tree


class Combinable:
    """What `&`, `|` and `~` make a tree of."""

    __slots__ = ()

    def __and__(self, other: Condition) -> AllOf:
        return AllOf((self._condition, other))

    def __or__(self, other: Condition) -> AnyOf:
        return AnyOf((self._condition, other))

    def __invert__(self) -> Not:
        return Not(self._condition)

    @property
    def _condition(self) -> Condition:
        return cast("Condition", self)


@dataclass(frozen=True, slots=True)
class Filters(Combinable):
    """Conditions for the hits. Every hit satisfies all of them. Letter case does not matter, nor does whether
    a letter and its accent are one character or two.

    - `folders`, `labels`, `formats`, `orientations` (of ORIENTATIONS), `cameras`: any one of them;
      `tags`, `concepts`, `persons`, `saved`, `among`: all of them; `without_…`: none of them. A folder is one
      or more whole path components ("2019/summer"), anywhere in the path, or an absolute path; * and ? as in
      `names`.
    - `shapes` (of SHAPES): any one of them, by the sides, of which an image has one: panorama from 2:1 on,
      square up to 21:20, else landscape or portrait. An orientation compares width and height exactly.
    - `names`: any one of these names of files, with or without their endings; * stands for any characters, ?
      for one.
    - `after` is the first day included, `before` the first day excluded; an image without a date satisfies
      neither. `added_after` and `added_before` are about the day when Pictor first indexed the image.
    - `months`, `weekdays`, `days`: taken in any one of these months ("july", "june..august"), on any one of
      these weekdays ("monday") and of these days of the year ("12-25"); see `recurrence`. An image without a
      date satisfies none.
    - `shows`: any one of these labels, stated, or predicted with at least `confidence`.
    - `creators`, `lenses`, `places`: any one of them; as for `cameras` and `persons`, words of the name are
      enough where nothing has exactly this name.
    - `near`: a position of the image lies in any one of these circles or surroundings; `within`: in any one
      of these rectangles. An image without a position satisfies neither, but one that states a place
      is always in its surroundings.
    - `min_page` and `max_page`: the image is such a page of a file, counted from 1.
    - `min_…` and `max_…` are inclusive; in pixels, bytes of the file, millimetres (`focal`), seconds
      (`exposure`), f-numbers (`aperture`) and stars (`rating`, 0 to 5). An image that does not state the
      number satisfies neither.
    - `missing`: the image has none of these; each one of MISSABLE. Predicted labels do not count, and a title
      counts as a caption.
    - `saved`: what the saved search of this name finds, above the relevance line.
    - `among`: the images with these ids ("3,17,20..25"), or those of a kept list of this name; see `picks`.
    - `captioned`: whether an image has a caption. `problem`: whether a file of it could not be read at the
      last visit.
    """

    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    without_folders: tuple[str, ...] = ()
    without_names: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    without_labels: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None
    added_after: date | None = None
    added_before: date | None = None
    shows: tuple[str, ...] = ()
    confidence: float = 0.5
    formats: tuple[str, ...] = ()
    orientations: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    min_width: int | None = None
    max_width: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    creators: tuple[str, ...] = ()
    lenses: tuple[str, ...] = ()
    min_iso: float | None = None
    max_iso: float | None = None
    min_aperture: float | None = None
    max_aperture: float | None = None
    min_exposure: float | None = None
    max_exposure: float | None = None
    min_focal: float | None = None
    max_focal: float | None = None
    min_rating: float | None = None
    max_rating: float | None = None
    missing: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    captioned: bool | None = None
    problem: bool | None = None
    shapes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()
    within: tuple[Rectangle, ...] = ()
    min_page: int | None = None
    max_page: int | None = None
    saved: tuple[str, ...] = ()
    among: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("folders", "names", "tags", "labels"):
            check_values(name, getattr(self, name) + getattr(self, f"without_{name}"))
        for name in _CHOICES:
            check_values(name, getattr(self, name))
        for name in self.formats:
            check_format(name)
        for orientation in self.orientations:
            check_choice("orientation", orientation, ORIENTATIONS)
        for shape in self.shapes:
            check_choice("shape", shape, SHAPES)
        for name in self.missing:
            check_choice("missing", name, MISSABLE)
        for name, parse in RECURRING.items():
            for value in getattr(self, name):
                check_recurrence(name, value, parse)
        for value in self.among:
            check_picked(value)
        if not 0 <= self.confidence <= 1:
            raise InvalidQuery(f"confidence {self.confidence}: choose from 0 to 1")
        check_days("", self.after, self.before)
        check_days("added_", self.added_after, self.added_before)
        for name in (*WHOLE_NUMBERS, *EXPOSURE):
            least, most = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            check_range(name, least, most, is_whole=name in WHOLE_NUMBERS)
        _check_areas("near", self.near, Near, "a Circle or Surroundings")
        _check_areas("within", self.within, Rectangle, "a Rectangle")

    def __repr__(self) -> str:
        """Only what is asked: with all its defaults it would fill a screen."""
        asked = [f"{name}={getattr(self, name)!r}" for name in self.asked_fields]
        return f"Filters({', '.join(asked)})"

    @property
    def asked_fields(self) -> tuple[str, ...]:
        """The names of the fields that are not at their defaults, in their order."""
        return tuple(entry.name for entry in fields(self) if getattr(self, entry.name) != entry.default)

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class AllOf(Combinable):
    """All of these conditions, at least two."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        _check_tree(self)


@dataclass(frozen=True, slots=True)
class AnyOf(Combinable):
    """Any one of these conditions, at least two."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        _check_tree(self)


@dataclass(frozen=True, slots=True)
class Not(Combinable):
    """Not this condition."""

    condition: Condition

    def __post_init__(self) -> None:
        _check_tree(self)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The one condition, as the other trees have theirs."""
        return (self.condition,)


Condition: TypeAlias = Filters | AllOf | AnyOf | Not


def list_filters(condition: Condition) -> Iterator[Filters]:
    """The Filters of a tree, from left to right."""
    if isinstance(condition, Filters):
        yield condition
    else:
        for member in condition.conditions:
            yield from list_filters(member)


def find_confidence(condition: Condition) -> float:
    """The confidence that the first Filters with labels to show ask for, or else the first Filters."""
    every = list(list_filters(condition))
    return next((filters for filters in every if filters.shows), every[0]).confidence


def _check_areas(name: str, areas: tuple[Any, ...], kind: Any, needed: str) -> None:
    for area in areas:
        if not isinstance(area, kind):
            raise_type(name, area, f"a tuple, and in it {needed}")
    if len(areas) > MAX_AREAS:
        raise InvalidQuery(f"{len(areas)} areas for {name}; the limit is {MAX_AREAS}")


def _check_tree(tree: AllOf | AnyOf | Not) -> None:
    """Raise TypeError for what is no condition; InvalidQuery for an empty or too large tree."""
    _check_members(tree.conditions, at_least=1 if isinstance(tree, Not) else 2)
    if _measure_depth(tree) > MAX_DEPTH:
        raise InvalidQuery(f"conditions are nested more than {MAX_DEPTH} deep; make the query simpler")
    count = sum(1 for _ in list_filters(tree))
    if count > MAX_CONDITIONS:
        raise InvalidQuery(f"{count} conditions; the limit is {MAX_CONDITIONS}")


def _check_members(members: Any, *, at_least: int) -> None:
    if not isinstance(members, tuple):
        raise_type("conditions", members, "a tuple of Filters, AllOf, AnyOf and Not")
    for member in members:
        if not isinstance(member, Condition):
            raise_type("a condition", member, "a Filters, AllOf, AnyOf or Not")
        if not member:
            raise InvalidQuery("a condition of a tree is empty; every image satisfies it: leave it out")
    if len(members) < at_least:
        raise InvalidQuery(f"{len(members)} condition in a tree that needs {at_least}; give more, or no tree")


def _measure_depth(condition: Condition) -> int:
    if isinstance(condition, Filters):
        return 0
    return 1 + max(_measure_depth(member) for member in condition.conditions)
