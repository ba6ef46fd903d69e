"""The change log: which image changed, and how, in the order of the commits."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, insert, select

from .records import Change
from .schema import ChangeRow


def last_seq(connection: Connection) -> int:
    """The number of the newest change; 0 for an empty log."""
    return connection.scalar(select(func.max(ChangeRow.seq))) or 0


def changes_since(connection: Connection, seq: int) -> list[Change]:
    """The last change of every image that changed after `seq`, in the order of the log."""
    newest = select(func.max(ChangeRow.seq)).where(ChangeRow.seq > seq).group_by(ChangeRow.image_id)
    rows = connection.execute(
        select(ChangeRow.seq, ChangeRow.image_id, ChangeRow.operation)
        .where(ChangeRow.seq.in_(newest))
        .order_by(ChangeRow.seq)
    )
    return [Change(*row) for row in rows]


def newest_image_at(connection: Connection, seq: int) -> int:
    """The highest image id that was in use at `seq`; ids only rise."""
    return connection.scalar(select(func.max(ChangeRow.image_id)).where(ChangeRow.seq <= seq)) or 0


def record_changes(connection: Connection, operation: str, image_ids: Iterable[int]) -> None:
    """Write one change for each of these images, in the same transaction as the facts that changed."""
    rows = [{"image_id": image_id, "operation": operation} for image_id in image_ids]
    if rows:
        connection.execute(insert(ChangeRow), rows)
