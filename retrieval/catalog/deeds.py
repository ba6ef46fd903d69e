"""The journal of deeds: who did what, and when."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from .clock import utc_now
from .records import Deed
from .schema import DeedRow

MOST_DEEDS: Final = 100_000  # the oldest go
MAX_TEXT: Final = 500  # characters of each part


def add_deed(connection: Connection, who: str, what: str, about: str) -> None:
    """Note what somebody did just now; every part is one line."""
    parts = {"who": who, "what": what, "about": about}
    values = {name: _write_line(text) for name, text in parts.items()}
    connection.execute(insert(DeedRow).values(**values, done_at=utc_now()))
    newest = select(func.max(DeedRow.id)).scalar_subquery()
    connection.execute(delete(DeedRow).where(DeedRow.id <= newest - MOST_DEEDS))


def load_deeds(connection: Connection, most: int) -> list[Deed]:
    """The latest deeds, the newest first."""
    columns = (DeedRow.done_at, DeedRow.who, DeedRow.what, DeedRow.about)
    return [
        Deed(*row) for row in connection.execute(select(*columns).order_by(DeedRow.id.desc()).limit(most))
    ]


def _write_line(text: str) -> str:
    """The text without what could begin another line, or steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text[:MAX_TEXT])
