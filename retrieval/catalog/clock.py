"""How long files have been missing, even when the machine's clock is changed.

The catalog stores the time of the clock when a run last looked for files. If the clock shows an earlier time
in the next run, or a much later one, it was changed. The times since which files are missing are then shifted
by the same amount, so that files stay missing for as long as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from .schema import ClockRow, LocationRow

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time of the machine in UTC and whole seconds, without a time zone, as it is stored."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def believed_time(last: datetime, now: datetime, most: timedelta) -> timedelta:
    """How much time is assumed to have passed: at most `most`, and none if the clock went back."""
    return min(max(now - last, timedelta()), most)


def follow_clock(connection: Connection, now: datetime, most: timedelta) -> None:
    """Store the time of the clock, and shift the times of missing files if the clock was changed."""
    last = connection.scalar(select(ClockRow.said))
    if last is not None and (wrong := now - last - believed_time(last, now, most)):
        _shift_missing_times(connection, wrong, now)
    connection.execute(delete(ClockRow))
    connection.execute(insert(ClockRow).values(id=1, said=now))


def _shift_missing_times(connection: Connection, wrong: timedelta, latest: datetime) -> None:
    """No file may be missing since a time in the future: `latest` is used instead of such a time."""
    missing = select(LocationRow.missing_since).where(LocationRow.missing_since.is_not(None)).distinct()
    times = [since for since in connection.scalars(missing) if since]
    for since in sorted(times, reverse=wrong > timedelta()):  # in this order none is shifted twice
        moved = update(LocationRow).where(LocationRow.missing_since == since)
        connection.execute(moved.values(missing_since=min(since + wrong, latest)))
