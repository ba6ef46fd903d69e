"""For how long files have been missing, whatever the machine's clock does meanwhile.

The catalog keeps what the clock said when a run last looked for files. Where it says less in the next run, or
very much more, it was set: the times since which files are missing are set with it, so that their ages stay.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from .schema import ClockRow, LocationRow

Clock = Callable[[], datetime]


def utc() -> datetime:
    """The time of the machine, in whole seconds, without a zone as it is stored."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def believed(last: datetime, now: datetime, most: timedelta) -> timedelta:
    """How much time is taken to have passed between two looks: none where the clock went back."""
    return min(max(now - last, timedelta()), most)


def follow(connection: Connection, now: datetime, most: timedelta) -> None:
    """Keep what the clock says, and set the times of missing files by what it was wrongly set."""
    last = connection.scalar(select(ClockRow.said))
    if last is not None and (wrong := now - last - believed(last, now, most)):
        _shift(connection, wrong, now)
    connection.execute(delete(ClockRow))
    connection.execute(insert(ClockRow).values(id=1, said=now))


def _shift(connection: Connection, wrong: timedelta, latest: datetime) -> None:
    """No file is missing since a time to come: where the sum is one, `latest` takes its place."""
    missing = select(LocationRow.missing_since).where(LocationRow.missing_since.is_not(None)).distinct()
    times = [since for since in connection.scalars(missing) if since]
    for since in sorted(times, reverse=wrong > timedelta()):  # so that none is shifted twice
        moved = update(LocationRow).where(LocationRow.missing_since == since)
        connection.execute(moved.values(missing_since=min(since + wrong, latest)))
