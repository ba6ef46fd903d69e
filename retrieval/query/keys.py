"""The keys of a query line that fill fields of Filters, Examples, Options and the Query itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from .terms import NUMBER, number
from .values import Examples, Filters, Options, Query

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_RANGE = re.compile(r"([0-9]{1,19})|([0-9]{1,19})?\.\.([0-9]{1,19})?")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of value is read, raising ValueError with what is wrong, and written."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Key:
    """Which fields of which value a key fills; a minus fills the field `without`."""

    owner: type[Any]
    names: tuple[str, ...]
    kind: Kind
    several: bool = False
    without: str = ""
    instead: str = ""  # what to write where a minus would say it


def whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError("a whole number is needed")
    return int(text)


def real(text: str) -> float:
    if not re.fullmatch(NUMBER, text):
        raise ValueError("a number is needed, as in 0.5")
    return float(text)


def _truth(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("write yes or no")
    return text.lower() == "yes"


def _day(text: str) -> date:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("not written as 2020, 2020-06 or 2020-06-17")
    return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))


def _range(text: str) -> tuple[int | None, int | None]:
    match = _RANGE.fullmatch(text)
    if match is None or text == "..":
        raise ValueError("not written as 800, 800.., ..1600 or 800..1600")
    exact, least, most = (None if each is None else int(each) for each in match.groups())
    return (least, most) if exact is None else (exact, exact)


def _range_written(bounds: tuple[int | None, int | None]) -> str:
    least, most = bounds
    if least == most:
        return str(least)
    return f"{'' if least is None else least}..{'' if most is None else most}"


_NAME = Kind(str, str)
_CHOICE = Kind(str.lower, str)
_COUNT = Kind(whole, str)
_SHARE = Kind(real, number)
_SWITCH = Kind(_truth, lambda value: "yes" if value else "no")
_DAY = Kind(_day, date.isoformat)
_BOUNDS = Kind(_range, _range_written)
_OPTIONS = (
    (_CHOICE, ("fusion", "expand", "rerank", "collapse")),
    (_SWITCH, ("narrow", "neighbours", "weaker")),
    (_NAME, ("recipe",)),
    (_COUNT, ("verify",)),
    (_SHARE, ("diversity",)),
)


def _listed(name: str, kind: Kind = _NAME, *, without: bool = False) -> Key:
    return Key(Filters, (name,), kind, several=True, without=f"without_{name}" if without else "")


def _dated(name: str, *, instead: str) -> Key:
    return Key(Filters, (name,), _DAY, instead=instead)


def _switched(owner: type[Any], name: str, key: str) -> Key:
    return Key(owner, (name,), _SWITCH, instead=f"write {key}:no")


KEYS: Final[dict[str, Key]] = {
    "folder": _listed("folders", without=True),
    "tag": _listed("tags", without=True),
    "label": _listed("labels", without=True),
    "after": _dated("after", instead="swap after and before"),
    "before": _dated("before", instead="swap after and before"),
    "added-after": _dated("added_after", instead="swap added-after and added-before"),
    "added-before": _dated("added_before", instead="swap added-after and added-before"),
    "shows": _listed("shows"),
    "confidence": Key(Filters, ("confidence",), _SHARE),
    "format": _listed("formats"),
    "orientation": _listed("orientations", _CHOICE),
    "camera": _listed("cameras"),
    "in-concept": _listed("concepts"),
    **{each: Key(Filters, (f"min_{each}", f"max_{each}"), _BOUNDS) for each in ("width", "height", "bytes")},
    **{each: _switched(Filters, each, each) for each in ("captioned", "problem")},
    "like": Key(Examples, ("good",), _COUNT, several=True, instead="write unlike:"),
    "unlike": Key(Examples, ("bad",), _COUNT, several=True, instead="write like:"),
    **{
        name: _switched(Options, name, name) if kind is _SWITCH else Key(Options, (name,), kind)
        for kind, names in _OPTIONS
        for name in names
    },
    "include-examples": _switched(Query, "include_examples", "include-examples"),
}
