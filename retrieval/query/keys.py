"""The keys of a query line that set fields of Filters, Examples, Options and the Query itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from .terms import NUMBER, format_number
from .values import Examples, Filters, Options, Query

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_RANGE = re.compile(r"([0-9]{1,19})|([0-9]{1,19})?\.\.([0-9]{1,19})?")


@dataclass(frozen=True, slots=True)
class ValueKind:
    """How a kind of value is parsed and written. `parse` raises ValueError with what is wrong."""

    parse: Callable[[str], Any]
    format: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Key:
    """Which fields of which class a key sets; a key with a minus sets `negated_field`."""

    owner: type[Any]
    field_names: tuple[str, ...]
    kind: ValueKind
    is_list: bool = False
    negated_field: str = ""
    alternative: str = ""  # what to write instead of a minus


def parse_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("a whole number is needed")
    return int(text)


def parse_number(text: str) -> float:
    if not re.fullmatch(NUMBER, text):
        raise ValueError("a number is needed, as in 0.5")
    return float(text)


def _parse_yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("write yes or no")
    return text.lower() == "yes"


def _parse_day(text: str) -> date:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("write a day as 2020, 2020-06 or 2020-06-17")
    return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))


def _parse_range(text: str) -> tuple[int | None, int | None]:
    match = _RANGE.fullmatch(text)
    if match is None or text == "..":
        raise ValueError("write a range as 800, 800.., ..1600 or 800..1600")
    exact, least, most = (None if number is None else int(number) for number in match.groups())
    return (least, most) if exact is None else (exact, exact)


def _format_range(bounds: tuple[int | None, int | None]) -> str:
    least, most = bounds
    if least == most:
        return str(least)
    return f"{'' if least is None else least}..{'' if most is None else most}"


_NAME = ValueKind(str, str)
_CHOICE = ValueKind(str.lower, str)
_COUNT = ValueKind(parse_integer, str)
_SHARE = ValueKind(parse_number, format_number)
_SWITCH = ValueKind(_parse_yes_no, lambda value: "yes" if value else "no")
_DAY = ValueKind(_parse_day, date.isoformat)
_BOUNDS = ValueKind(_parse_range, _format_range)
_OPTIONS = (
    (_CHOICE, ("fusion", "expand", "rerank", "collapse")),
    (_SWITCH, ("narrow", "neighbours", "weaker")),
    (_NAME, ("recipe",)),
    (_COUNT, ("verify",)),
    (_SHARE, ("diversity",)),
)


def _list_key(name: str, kind: ValueKind = _NAME, *, without: bool = False) -> Key:
    return Key(Filters, (name,), kind, is_list=True, negated_field=f"without_{name}" if without else "")


def _date_key(name: str, *, instead: str) -> Key:
    return Key(Filters, (name,), _DAY, alternative=instead)


def _switch_key(owner: type[Any], name: str, key: str) -> Key:
    return Key(owner, (name,), _SWITCH, alternative=f"write {key}:no")


KEYS: Final[dict[str, Key]] = {
    "folder": _list_key("folders", without=True),
    "name": _list_key("names", without=True),
    "tag": _list_key("tags", without=True),
    "label": _list_key("labels", without=True),
    "after": _date_key("after", instead="swap after and before"),
    "before": _date_key("before", instead="swap after and before"),
    "added-after": _date_key("added_after", instead="swap added-after and added-before"),
    "added-before": _date_key("added_before", instead="swap added-after and added-before"),
    "shows": _list_key("shows"),
    "confidence": Key(Filters, ("confidence",), _SHARE),
    "format": _list_key("formats"),
    "orientation": _list_key("orientations", _CHOICE),
    "camera": _list_key("cameras"),
    "in-concept": _list_key("concepts"),
    **{key: Key(Filters, (f"min_{key}", f"max_{key}"), _BOUNDS) for key in ("width", "height", "bytes")},
    **{key: _switch_key(Filters, key, key) for key in ("captioned", "problem")},
    "like": Key(Examples, ("good",), _COUNT, is_list=True, alternative="write unlike:"),
    "unlike": Key(Examples, ("bad",), _COUNT, is_list=True, alternative="write like:"),
    **{
        name: _switch_key(Options, name, name) if kind is _SWITCH else Key(Options, (name,), kind)
        for kind, names in _OPTIONS
        for name in names
    },
    "include-examples": _switch_key(Query, "include_examples", "include-examples"),
}
