"""The change log: which image changed, and how, in the order of the commits."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, case, func, insert, select

from .records import Change
from .schema import ChangeRow


def last_seq(connection: Connection) -> int:
    """The number of the newest change; 0 for an empty log."""
    return connection.scalar(select(func.max(ChangeRow.seq))) or 0


def changes_since(connection: Connection, seq: int) -> list[Change]:
    """The last change of every image that changed after `seq`, in the order of the log; it was `said` where
    all of these changes were.
    """
    of_image = (
        func.max(ChangeRow.seq).label("seq"),
        func.min(case((ChangeRow.said, 1), else_=0)).label("said"),
    )
    newest = select(*of_image).where(ChangeRow.seq > seq).group_by(ChangeRow.image_id).subquery()
    rows = connection.execute(
        select(ChangeRow.seq, ChangeRow.image_id, ChangeRow.operation, newest.c.said)
        .join(newest, ChangeRow.seq == newest.c.seq)
        .order_by(ChangeRow.seq)
    )
    return [Change(number, image_id, operation, bool(said)) for number, image_id, operation, said in rows]


def count_changes(connection: Connection, seq: int) -> int:
    """How many changes there were after `seq`, besides what people said."""
    counted = select(func.count()).where(ChangeRow.seq > seq, ~ChangeRow.said)
    return connection.scalar(counted) or 0


def count_changed(connection: Connection, seq: int, last: int) -> int:
    """How many images with ids up to `last` changed after `seq`, in whatever way."""
    counted = select(func.count(ChangeRow.image_id.distinct()))
    return connection.scalar(counted.where(ChangeRow.seq > seq, ChangeRow.image_id <= last)) or 0


def newest_image_at(connection: Connection, seq: int) -> int:
    """The highest image id that was in use at `seq`; ids only rise."""
    return connection.scalar(select(func.max(ChangeRow.image_id)).where(ChangeRow.seq <= seq)) or 0


def record_changes(
    connection: Connection, operation: str, image_ids: Iterable[int], *, said: bool = False
) -> None:
    """Write one change for each of these images, in the same transaction as the facts that changed.

    `said`: only what a person says of them changed.
    """
    rows = [{"image_id": image_id, "operation": operation, "said": said} for image_id in image_ids]
    if rows:
        connection.execute(insert(ChangeRow), rows)
