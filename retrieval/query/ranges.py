"""Numbers, days and ranges of them, as people write them after a key; ValueError says how to write them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, TypeAlias, TypeVar

from .terms import NUMBER, format_number

Bound = TypeVar("Bound", int, float)
Days: TypeAlias = tuple[date | None, date | None]  # the first day, and the first day that no longer counts

_RANGE: Final = re.compile(
    r"(?P<sign>[<>]=?)(?P<bound>.+)|(?P<least>.*?)\.\.(?P<most>.*)|(?P<exact>.+)", re.DOTALL
)
_FRACTION: Final = re.compile(rf"(?:f/?)?({NUMBER})(?:/({NUMBER}))?(?:mm|s)?")
_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")
_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")
_WAYS: Final = "write a range as {0}, {0}.., ..{1}, {0}..{1}, >{0} or <={1}"


def parse_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("a whole number is needed")
    return int(text)


def parse_fraction(text: str) -> float:
    """A number as cameras write it: 2.8, f/2.8, 1/250, 1/250s, 35mm. Raises ValueError."""
    match = _FRACTION.fullmatch(text.strip().lower())
    if match is None or (match[2] and not float(match[2])):
        raise ValueError("a number is needed, as in 2.8, f/2.8, 1/250 or 35mm")
    return float(match[1]) / float(match[2] or 1)


def parse_range_of(parse: Callable[[str], Bound]) -> Callable[[str], tuple[Bound | None, Bound | None]]:
    """The parser of 800, 800.., ..1600, 800..1600, >=800 and <=1600, with bounds that `parse` reads."""

    def parse_range(text: str) -> tuple[Bound | None, Bound | None]:
        match = _RANGE.fullmatch(text)
        if match is None or text == "..":
            raise ValueError("a range is needed")
        if match["exact"]:
            return parse(match["exact"]), parse(match["exact"])
        if match["sign"]:
            return _bound_by_sign(match["sign"], parse(match["bound"]))
        least, most = (parse(bound) if bound else None for bound in match.group("least", "most"))
        return least, most

    def parse_with_examples(text: str) -> tuple[Bound | None, Bound | None]:
        try:
            return parse_range(text)
        except ValueError:
            raise ValueError(_WAYS.format(800, 1600)) from None

    return parse_with_examples


def _bound_by_sign(sign: str, bound: Bound) -> tuple[Bound | None, Bound | None]:
    """The range of > and < leaves out the number itself: bounds are inclusive, so it is the next one."""
    if sign.startswith(">"):
        return (bound if sign == ">=" else _next_number(bound, 1)), None
    return None, (bound if sign == "<=" else _next_number(bound, -1))


def _next_number(number: Bound, step: int) -> Bound:
    return number + step if isinstance(number, int) else math.nextafter(number, step * math.inf)


def format_range(bounds: tuple[float | None, float | None]) -> str:
    """The range of these inclusive bounds, as it is parsed."""
    least, most = ("" if bound is None else _format_bound(bound) for bound in bounds)
    return least if least == most else f"{least}..{most}"


def _format_bound(bound: float) -> str:
    return str(bound) if isinstance(bound, int) else format_number(bound)


def parse_day(text: str) -> date:
    """The first day of a year, a month, or a day."""
    return _read_date(text)[0]


def parse_days(text: str) -> Days:
    """The days of 2020, 2020-06, 2019..2021, >2020 or <=2020-06: the first, and the first one after them."""
    match = _RANGE.fullmatch(text)
    if match is None or text == "..":
        raise ValueError(_WAYS.format("2019", "2021-06"))
    if match["exact"]:
        return _parse_period(match["exact"])
    if match["sign"]:
        first, end = _parse_period(match["bound"])
        days: dict[str, Days] = {">": (end, None), ">=": (first, None), "<": (None, first), "<=": (None, end)}
        return days[match["sign"]]
    least, most = match.group("least", "most")
    return (_parse_period(least)[0] if least else None), (_parse_period(most)[1] if most else None)


def _read_date(text: str) -> tuple[date, bool, bool]:
    """The first day, and whether a month and a day are given."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("write a day as 2020, 2020-06 or 2020-06-17")
    year, month, day = (int(number) if number else None for number in match.groups())
    return date(year or 0, month or 1, day or 1), bool(month), bool(day)


def _parse_period(text: str) -> tuple[date, date]:
    """The first day of a year, month or day, and the first day after it."""
    first, has_month, has_day = _read_date(text)
    try:
        if has_day:
            return first, first + timedelta(days=1)
        is_last_month = not has_month or first.month == 12
        return first, date(first.year + is_last_month, first.month % 12 + 1 if has_month else 1, 1)
    except (ValueError, OverflowError):
        raise ValueError(f"{text}: the calendar ends with the year 9999") from None
