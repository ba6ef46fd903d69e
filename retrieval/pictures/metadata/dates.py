"""When a picture was taken: dates as EXIF, XMP, IPTC, PNG and exiftool write them, and which of them counts.

A date is the local time where the picture was taken, as it was written, because people look for the day that
they remember. A time zone that is stated with it is kept behind it, as in 2019-07-01 12:00:00+02:00.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

from .facts import Fact

# What readers call the dates that they find, in the order in which they count: when the shutter was released,
# when the work was made, when it became a file, and when the file was changed.
ORIGINAL, CREATED, DIGITIZED, MODIFIED = RANKS = ("original", "created", "digitized", "modified")
TAKEN: Final = "taken"  # the field of the date that counts, unless it is only the date of a change
_SOURCES: Final = ("exif", "xmp", "iptc", "comment", "sidecar")  # which counts first for dates of one rank
_EARLIEST_YEAR: Final = 1000
_NUMERIC: Final = re.compile(
    r"(?P<year>\d{4})(?:[-:/. ]?(?P<month>\d\d)(?:[-:/. ]?(?P<day>\d\d))?)?"
    r"(?:[T ] *(?P<hour>\d\d)[:.]?(?P<minute>\d\d)(?:[:.]?(?P<second>\d\d))?)?"
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WRITTEN_OUT: Final = re.compile(  # as PNG recommends: Sun, 25 Jan 2009 12:21:20 +0100
    rf"(?:[a-z]{{3}},? )?(?P<day>\d\d?) (?P<month>{'|'.join(_MONTHS)})[a-z]* (?P<year>\d{{4}})"
    r"(?: (?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?P<afternoon> pm)?)?",
    re.IGNORECASE,
)
# What may follow a time: a fraction, then the time zone. AM and names of zones are no zones that can be told.
_ZONE: Final = re.compile(
    r"(?:[.,]\d+)? ?(?:(?P<utc>Z|UTC|GMT)|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>[0-5]\d))(?!\w)",
    re.IGNORECASE,
)
_MAX_ZONE: Final = 14 * 60  # minutes; from -12:00 to +14:00 are in use


def settle_date(facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts with one date instead of all: first the one that counts, then all that are no dates.

    If it states no time zone, it gets that of another date with the same local time.
    """
    others, dates = list[Fact](), dict[tuple[int, int], _Date]()
    for fact in facts:
        if fact.field not in RANKS:
            others.append(fact)
        elif moment := parse_date(fact.value):
            field = fact.field if fact.field == MODIFIED else TAKEN
            rank = RANKS.index(fact.field), _SOURCES.index(fact.source)
            dates.setdefault(rank, _Date(fact.source, field, moment))
    if dates:
        yield _with_zone(dates[min(dates)], dates.values())
    yield from others


class _Date(NamedTuple):
    """A date of one source, for one field."""

    source: str
    field: str
    moment: datetime


def _with_zone(date: _Date, others: Iterable[_Date]) -> Fact:
    local = date.moment.replace(tzinfo=None)
    same = (other.moment for other in (date, *others) if other.moment.replace(tzinfo=None) == local)
    moment = next((moment for moment in same if moment.tzinfo), date.moment)
    return Fact(date.source, date.field, moment.isoformat(" "))


def parse_date(text: str) -> datetime | None:
    """The date at the beginning of a text, or None. What it leaves out, or writes as 00, is the first.

    A year alone is enough, as XMP and IPTC allow it. Seconds are kept, fractions are not. Behind a time, a
    time zone in numbers is kept.
    """
    line = text[:64].strip("\0 \t\r\n")
    match = _NUMERIC.match(line) or _WRITTEN_OUT.match(line)
    if not match or int(match["year"]) < _EARLIEST_YEAR:
        return None
    month = match["month"] or "1"
    month_number = int(month) if month.isdecimal() else _MONTHS.index(month.lower()) + 1
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    hour += 12 if match.groupdict().get("afternoon") and hour < 12 else 0
    try:
        day = datetime(int(match["year"]), month_number or 1, int(match["day"] or 1) or 1)
        moment = day.replace(hour=hour, minute=minute, second=min(second, 59))
    except ValueError:
        return None
    return moment.replace(tzinfo=_parse_zone(line[match.end() :])) if match["hour"] else moment


def _parse_zone(text: str) -> timezone | None:
    """The time zone at the beginning of a text; None without one, and for one that is not in use."""
    match = _ZONE.match(text)
    if not match:
        return None
    minutes = 0 if match["utc"] else int(match["hours"]) * 60 + int(match["minutes"])
    return (
        timezone(timedelta(minutes=-minutes if match["sign"] == "-" else minutes))
        if minutes <= _MAX_ZONE
        else None
    )
