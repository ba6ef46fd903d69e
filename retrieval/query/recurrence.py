"""Times that come again: months and weekdays by name, days of the year, and ranges of them.

A range includes both ends. One whose end lies before its start goes over the end of the year or the week:
`november..february`, `saturday..monday`, `12-27..01-06`. Parsing raises ValueError with how to write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final, TypeAlias

Cycle: TypeAlias = tuple[
    int, int
]  # the first and the last number of a range; the last may be the smaller one

MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LEAP_YEAR: Final = 2000  # so that 02-29 is a day
_SHORTEST: Final = 3  # letters of a name that is cut short, as in jul and wed


def parse_months(text: str) -> Cycle:
    """The numbers, from 1, of the first and the last month of july, jul, 7 or june..august."""
    return _parse_cycle(text, _parse_month)


def parse_weekdays(text: str) -> Cycle:
    """The numbers, from Monday as 1, of the first and the last weekday of monday, mon or saturday..sunday."""
    return _parse_cycle(text, _parse_weekday)


def parse_year_days(text: str) -> Cycle:
    """The first and the last day of 12-25 or 12-24..12-26, each as its month times 100 plus its day."""
    return _parse_cycle(text, _parse_year_day)


def list_cycle(cycle: Cycle, length: int) -> tuple[int, ...]:
    """The numbers of a range, in order, where counting goes from 1 to `length` and begins again."""
    first, last = cycle
    return tuple((first - 1 + step) % length + 1 for step in range((last - first) % length + 1))


def _parse_cycle(text: str, parse: Callable[[str], int]) -> Cycle:
    first, dots, last = text.strip().lower().partition("..")
    return parse(first), parse(last if dots else first)


def _parse_month(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= len(MONTHS):
        return int(text)
    return _find_name(text, MONTHS, "write a month as july or 7, or several as june..august")


def _parse_weekday(text: str) -> int:
    return _find_name(text, WEEKDAYS, "write a weekday as monday, or several as saturday..sunday")


def _find_name(text: str, names: tuple[str, ...], advice: str) -> int:
    """The number, from 1, of the name that begins like this."""
    found = [number for number, name in enumerate(names, 1) if name.startswith(text)]
    if len(text) < _SHORTEST or len(found) != 1:
        raise ValueError(advice)
    return found[0]


def _parse_year_day(text: str) -> int:
    advice = "write a day of the year as 12-25 (month and day), or several as 12-24..12-26"
    match = re.fullmatch(r"([0-9]{1,2})-([0-9]{1,2})", text)
    if match is None:
        raise ValueError(advice)
    try:
        day = date(_LEAP_YEAR, int(match[1]), int(match[2]))
    except ValueError:
        raise ValueError(advice) from None
    return day.month * 100 + day.day
