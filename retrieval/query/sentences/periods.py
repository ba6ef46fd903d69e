"""Days as people say them, reckoned from one day: last summer, two weeks ago, Easter 2019.

Weeks begin on Monday. Seasons are those of meteorologists: spring is March to May, in the south September to
November; a winter is named by the year in which it begins. What is *last* has ended before today; what is
*latest* has begun.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from ..ranges import parse_days
from ..recurrence import MONTHS, parse_months, parse_weekdays, parse_year_days

_SEASONS: Final = ("spring", "summer", "autumn", "winter")
_WEEK: Final = 7
_ONE_DAY: Final = timedelta(days=1)
_LEAP_GAP: Final = 8  # years between two leap years, at the end of most centuries


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("the last day comes before the first")

    def __str__(self) -> str:
        """As `taken:` takes it: whole years and whole months as such."""
        return _join(self.start, self.end)

    @property
    def start(self) -> str:
        """The first day; only its year or month where the days are whole years or months."""
        return self._cut(self.first)

    @property
    def end(self) -> str:
        """The last day, cut in the same way."""
        return self._cut(self.last)

    def _cut(self, day: date) -> str:
        length = len(calendar_month(self.last))
        if self.first.day != 1 or self.last.day != length:
            return day.isoformat()
        is_of_years = self.first.month == 1 and self.last.month == len(MONTHS)
        return f"{day.year:04}" if is_of_years else f"{day.year:04}-{day.month:02}"


def calendar_month(day: date) -> range:
    """The days of the month that a day lies in."""
    return range(1, calendar.monthrange(day.year, day.month)[1] + 1)


def _join(first: str, last: str) -> str:
    return first if first == last else f"{first}..{last}"


@dataclass(frozen=True, slots=True)
class Yearly:
    """Days of every year, reckoned from `today`: a month, a season, a holiday.

    `rule`: `month:june..august`, `day:12-24..12-26`, days from Easter Sunday as `easter-2..1`, or a weekday
    of a month as `thursday 4 november` (the fourth one).
    """

    rule: str
    today: date

    @property
    def recurring(self) -> str:
        """The term that finds these days of any year. Raises ValueError for days that move."""
        if not self.rule.startswith(("month:", "day:")):
            raise ValueError("these days are others in every year")
        return self.rule

    def of_year(self, year: int) -> Days:
        """The days that begin in this year."""
        if match := re.fullmatch(r"easter(-?\d+)\.\.(-?\d+)", self.rule):
            sunday = find_easter(year)
            return Days(*(sunday + timedelta(days=int(number)) for number in match.groups()))
        if match := re.fullmatch(r"(\w+) (\d) (\w+)", self.rule):
            day = _find_weekday(year, match[3], match[1], int(match[2]))
            return Days(day, day)
        key, _, value = self.rule.partition(":")
        return _month_days(year, value) if key == "month" else _year_days(year, value)

    @property
    def last(self) -> Days:
        """The latest ones that have ended before today."""
        return next(days for days in self._going_back() if days.last < self.today)

    @property
    def latest(self) -> Days:
        """The latest ones that have begun."""
        return next(days for days in self._going_back() if days.first <= self.today)

    def _going_back(self) -> list[Days]:
        years = range(self.today.year + 1, self.today.year - 1 - _LEAP_GAP, -1)
        return [days for year in years if (days := self._try_year(year))]

    def _try_year(self, year: int) -> Days | None:
        try:
            return self.of_year(year)
        except ValueError:  # the 29th of February
            return None


def find_easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar, by the anonymous algorithm (Meeus, Jones and Butcher)."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % _WEEK
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - _WEEK * late + 114, 31)
    return date(year, month, day + 1)


def _month_days(year: int, value: str) -> Days:
    first, last = parse_months(value)
    end_year = year + (last < first)
    return Days(date(year, first, 1), date(end_year, last, calendar.monthrange(end_year, last)[1]))


def _year_days(year: int, value: str) -> Days:
    first, last = parse_year_days(value)
    return Days(date(year, *divmod(first, 100)), date(year + (last < first), *divmod(last, 100)))


def _find_weekday(year: int, month: str, weekday: str, number: int) -> date:
    """The first, second, … such weekday of a month."""
    first = date(year, parse_months(month)[0], 1)
    ahead = (parse_weekdays(weekday)[0] - first.isoweekday()) % _WEEK
    return first + timedelta(days=ahead + _WEEK * (number - 1))


@dataclass(frozen=True, slots=True)
class Calendar:
    """What periods are reckoned from: a day, and whether seasons are those of the southern hemisphere."""

    today: date
    is_southern: bool = False

    def make_yearly(self, rule: str) -> Yearly:
        """Days of every year; see `Yearly`."""
        return Yearly(rule, self.today)

    def make_season(self, season: str) -> Yearly:
        """A season of every year."""
        place = _SEASONS.index(season) + (2 if self.is_southern else 0)
        first = (2 + 3 * place) % len(MONTHS)
        return self.make_yearly(f"month:{MONTHS[first]}..{MONTHS[(first + 2) % len(MONTHS)]}")

    def make_day(self, day: str, month: str) -> Yearly:
        """A day of every year, by its number and the name of its month."""
        return self.make_yearly(f"day:{parse_months(month)[0]:02}-{int(day):02}")


def find_unit(calendar: Calendar, unit: str, back: int) -> Days:
    """The whole day, week, weekend, month or year that lies so many of them before the current one."""
    today = calendar.today
    if unit == "year":
        return Days(date(today.year - back, 1, 1), date(today.year - back, 12, 31))
    if unit == "month":
        first = _move_months(today.replace(day=1), -back)
        return Days(first, first.replace(day=len(calendar_month(first))))
    if unit == "day":
        return Days(today - back * _ONE_DAY, today - back * _ONE_DAY)
    monday = today - timedelta(days=today.weekday() + _WEEK * back)
    return Days(monday + timedelta(days=5 if unit == "weekend" else 0), monday + timedelta(days=6))


def _move_months(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a month that has no such day."""
    year, month = divmod(day.year * len(MONTHS) + day.month - 1 + months, len(MONTHS))
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def find_recent(calendar: Calendar, number: int, unit: str) -> Days:
    """The time of so many days, weeks, months or years that ends today."""
    return Days(_move(calendar.today, -number, unit) + _ONE_DAY, calendar.today)


def find_season(calendar: Calendar, number: int, season: str) -> Days:
    """The season that ended so many seasons of its name ago; one ago is the last one."""
    yearly = calendar.make_season(season)
    return yearly.of_year(yearly.last.first.year - number + 1)


def find_before(unit: str, days: Days) -> Days:
    """The day, week, month or year that ends before some days."""
    return Days(_move(days.first, -1, unit), days.first - _ONE_DAY)


def find_after(unit: str, days: Days) -> Days:
    """The day, week, month or year that begins after some days."""
    first = days.last + _ONE_DAY
    return Days(first, _move(first, 1, unit) - _ONE_DAY)


def _move(day: date, number: int, unit: str) -> date:
    """The day so many units later. Raises ValueError for weekends, which have no length of their own."""
    months = {"month": number, "year": number * len(MONTHS)}
    if unit in months:
        return _move_months(day, months[unit])
    lengths = {"day": 1, "week": _WEEK}
    if unit not in lengths:
        raise ValueError(f"{unit}: not a length")
    return day + number * timedelta(days=lengths[unit])


def find_last_weekday(calendar: Calendar, weekday: str) -> Days:
    """The latest such weekday before today."""
    back = (calendar.today.isoweekday() - parse_weekdays(weekday)[0] - 1) % _WEEK + 1
    day = calendar.today - timedelta(days=back)
    return Days(day, day)


def find_decade(year: str) -> Days:
    """The ten years that begin with a year of four digits, or of two in the last century."""
    first = int(year) if len(year) == 4 else 1900 + int(year)
    return Days(date(first, 1, 1), date(first + 9, 12, 31))


def make_date(year: str, month: str, day: str) -> Days:
    """One day; its month by name or number."""
    single = date(int(year), parse_months(month)[0], int(day))
    return Days(single, single)


def parse_written(text: str) -> Days:
    """A month or a day as 2019-06 or 2019-06-17."""
    first, end = parse_days(text)
    if first is None or end is None:
        raise ValueError("an open range is no period")
    return Days(first, end - _ONE_DAY)


def parse_years(text: str) -> Days:
    """The years of 2019-2021."""
    first, last = re.split(r"\D", text)
    return Days(date(int(first), 1, 1), date(int(last), 12, 31))


@dataclass(frozen=True, slots=True)
class Orders:
    """A date of three numbers that ends with the year, as Europe and as America read it."""

    first: str
    second: str
    year: str

    @classmethod
    def from_text(cls, text: str) -> Orders:
        """The numbers of 17.6.2019 or 6/17/2019."""
        return cls(*re.split(r"\D", text))

    @property
    def day_first(self) -> Days:
        """The day, if the first number is its own."""
        return make_date(self.year, self.second, self.first)

    @property
    def month_first(self) -> Days:
        """The day, if the first number is that of its month."""
        return make_date(self.year, self.first, self.second)

    @property
    def sure(self) -> Days:
        """The day, if both orders give it or only one of them can. Raises ValueError."""
        days = {self._try_order(order) for order in ("day_first", "month_first")} - {None}
        if len(days) != 1:
            raise ValueError("both orders give a day")
        [day] = days
        assert day is not None
        return day

    def _try_order(self, order: str) -> Days | None:
        try:
            days: Days = getattr(self, order)
        except ValueError:
            return None
        return days


def make_month(year: str, month: str) -> Days:
    """One month, by name or number."""
    return _month_days(int(year), month)


# What the grammars call each of them, and with which arguments.
PERIODS: Final[Mapping[str, Callable[..., Any]]] = {
    "same": lambda _, period: period,
    "yearly": Calendar.make_yearly,
    "months": lambda calendar, month: calendar.make_yearly(f"month:{month}"),
    "written": lambda _, text: parse_written(text),
    "day-first": lambda _, text: Orders.from_text(text).day_first,
    "sure-date": lambda _, text: Orders.from_text(text).sure,
    "orders": lambda _, text: Orders.from_text(text),
    "season": Calendar.make_season,
    "day": Calendar.make_day,
    "of-year": lambda _, yearly, year: yearly.of_year(int(year)),
    "of-last-year": lambda calendar, yearly: yearly.of_year(calendar.today.year - 1),
    "this": lambda calendar, yearly: yearly.of_year(calendar.today.year),
    "last": lambda _, yearly: yearly.last,
    "latest": lambda _, yearly: yearly.latest,
    "year": lambda _, year: Days(date(int(year), 1, 1), date(int(year), 12, 31)),
    "month": lambda _, year, month: make_month(year, month),
    "date": lambda _, year, month, day: make_date(year, month, day),
    "decade": lambda _, year: find_decade(year),
    "current-unit": lambda calendar, unit: find_unit(calendar, unit, 0),
    "last-unit": lambda calendar, unit: find_unit(calendar, unit, 1),
    "ago": lambda calendar, number, unit: find_unit(calendar, unit, int(number)),
    "recent": lambda calendar, number, unit: find_recent(calendar, int(number), unit),
    "last-weekday": find_last_weekday,
    "seasons-ago": lambda calendar, number, season: find_season(calendar, int(number), season),
    "before": lambda _, unit, days: find_before(unit, days),
    "after": lambda _, unit, days: find_after(unit, days),
    "years": lambda _, text: parse_years(text),
    "span": lambda _, first, last: Days(first.first, last.last),
    "span-of-year": lambda _, first, last, year: Days(
        first.of_year(int(year)).first, last.of_year(int(year)).last
    ),
}
