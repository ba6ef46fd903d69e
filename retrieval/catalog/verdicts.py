"""Verdicts: what people said about which images are one picture; see `retrieval.ranking.verdicts`."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from ..ranking.verdicts import Verdict, VerdictKind
from .clock import utc_now
from .schema import VerdictRow


def load_verdicts(connection: Connection) -> list[Verdict]:
    """Every verdict, the oldest first."""
    query = select(VerdictRow.id, VerdictRow.kind, VerdictRow.images).order_by(VerdictRow.id)
    return [Verdict(row.id, row.kind, tuple(row.images)) for row in connection.execute(query)]


def insert_verdict(connection: Connection, kind: VerdictKind, images: tuple[int, ...]) -> int:
    """Store a verdict; its number."""
    values = {"kind": kind, "images": list(images), "stated_at": utc_now()}
    return connection.execute(insert(VerdictRow).values(values).returning(VerdictRow.id)).scalar_one()


def delete_verdict(connection: Connection, verdict: int) -> bool:
    """Delete a verdict; False if there is none of that number."""
    deletion = delete(VerdictRow).where(VerdictRow.id == verdict).returning(VerdictRow.id)
    return connection.scalar(deletion) is not None
