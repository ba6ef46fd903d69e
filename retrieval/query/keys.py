"""The keys of a query line that set fields of Filters, Examples, Options and the Query itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from .area_terms import format_near, format_rectangle, parse_near, parse_rectangle
from .conditions import EXPOSURE, WHOLE_NUMBERS, Filters
from .ranges import format_range, parse_day, parse_days, parse_fraction, parse_integer, parse_range_of
from .sort import format_sort, parse_sort
from .terms import NUMBER, format_number
from .values import Examples, Options, Query, read_former_grouping


@dataclass(frozen=True, slots=True)
class ValueKind:
    """How a kind of value is parsed and written. `parse` raises ValueError with what is wrong."""

    parse: Callable[[str], Any]
    format: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Key:
    """Which fields of which class a key sets; a key with a minus sets `negated_field`, if it has one.

    An alias is another way to set the fields of other keys, and is never written.
    """

    owner: type[Any]
    field_names: tuple[str, ...]
    kind: ValueKind
    is_list: bool = False
    negated_field: str = ""
    alternative: str = ""  # what to write instead of a minus, where that means nothing
    is_alias: bool = False

    @property
    def is_invertible(self) -> bool:
        """Whether a minus makes the Not of its condition, for want of a field of its own."""
        return self.owner is Filters and not self.negated_field and "confidence" not in self.field_names


def parse_number(text: str) -> float:
    if not re.fullmatch(NUMBER, text):
        raise ValueError("a number is needed, as in 0.5")
    return float(text)


def _parse_yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("write yes or no")
    return text.lower() == "yes"


_NAME = ValueKind(str, str)
_CHOICE = ValueKind(str.lower, str)
_FORMER_GROUPING = ValueKind(lambda text: read_former_grouping(text.lower()), str)
_COUNT = ValueKind(parse_integer, str)
_SHARE = ValueKind(parse_number, format_number)
_SWITCH = ValueKind(_parse_yes_no, lambda value: "yes" if value else "no")
_DAY = ValueKind(parse_day, date.isoformat)
_DAYS = ValueKind(parse_days, str)
_WHOLE_BOUNDS = ValueKind(parse_range_of(parse_integer), format_range)
_BOUNDS = ValueKind(parse_range_of(parse_fraction), format_range)
_NEAR = ValueKind(parse_near, format_near)
_RECTANGLE = ValueKind(parse_rectangle, format_rectangle)
_SORT = ValueKind(parse_sort, format_sort)
_OPTIONS = (
    (_CHOICE, ("fusion", "expand", "rerank", "group")),
    (_SWITCH, ("narrow", "neighbours", "weaker")),
    (_NAME, ("recipe",)),
    (_COUNT, ("verify",)),
    (_SHARE, ("diversity",)),
)


def _list_key(name: str, kind: ValueKind = _NAME, *, without: bool = False) -> Key:
    return Key(Filters, (name,), kind, is_list=True, negated_field=f"without_{name}" if without else "")


def _range_key(name: str, kind: ValueKind) -> Key:
    return Key(Filters, (f"min_{name}", f"max_{name}"), kind)


def _switch_key(owner: type[Any], name: str, key: str) -> Key:
    return Key(owner, (name,), _SWITCH, alternative=f"write {key}:no")


KEYS: Final[dict[str, Key]] = {
    "folder": _list_key("folders", without=True),
    "name": _list_key("names", without=True),
    "tag": _list_key("tags", without=True),
    "label": _list_key("labels", without=True),
    "after": Key(Filters, ("after",), _DAY),
    "before": Key(Filters, ("before",), _DAY),
    "added-after": Key(Filters, ("added_after",), _DAY),
    "added-before": Key(Filters, ("added_before",), _DAY),
    "month": _list_key("months", _CHOICE),
    "weekday": _list_key("weekdays", _CHOICE),
    "day": _list_key("days", _CHOICE),
    "taken": Key(Filters, ("after", "before"), _DAYS, is_alias=True),
    "added": Key(Filters, ("added_after", "added_before"), _DAYS, is_alias=True),
    "shows": _list_key("shows"),
    "confidence": Key(Filters, ("confidence",), _SHARE),
    "format": _list_key("formats"),
    "orientation": _list_key("orientations", _CHOICE),
    "shape": _list_key("shapes", _CHOICE),
    "camera": _list_key("cameras"),
    "lens": _list_key("lenses"),
    "creator": _list_key("creators"),
    "person": _list_key("persons"),
    "place": _list_key("places"),
    "near": _list_key("near", _NEAR),
    "within": _list_key("within", _RECTANGLE),
    "in-concept": _list_key("concepts"),
    "saved": _list_key("saved"),
    "among": _list_key("among"),
    **{key: _range_key(key, _WHOLE_BOUNDS) for key in WHOLE_NUMBERS},
    **{key: _range_key(key, _BOUNDS) for key in EXPOSURE},
    "missing": _list_key("missing", _CHOICE),
    **{key: _switch_key(Filters, key, key) for key in ("captioned", "problem")},
    "like": Key(Examples, ("good",), _COUNT, is_list=True, alternative="write unlike:"),
    "unlike": Key(Examples, ("bad",), _COUNT, is_list=True, alternative="write like:"),
    **{
        name: _switch_key(Options, name, name) if kind is _SWITCH else Key(Options, (name,), kind)
        for kind, names in _OPTIONS
        for name in names
    },
    "group-of": Key(Options, ("group_of",), _COUNT),
    "min-score": Key(Options, ("min_score",), _SHARE),
    "collapse": Key(Options, ("group",), _FORMER_GROUPING, is_alias=True),
    "sort": Key(Query, ("sort",), _SORT, alternative="write sort:date-up, as in the other direction"),
    "include-examples": _switch_key(Query, "include_examples", "include-examples"),
}
