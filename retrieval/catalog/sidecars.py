"""Sidecars that were read: what they were, so that they are read again only when that changed, and said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from .records import Annotation, Sidecar
from .schema import SidecarRow


def sidecars(connection: Connection) -> dict[tuple[bytes, int], tuple[int, int]]:
    """Size and modification time of every sidecar that was read, by its path and its image."""
    columns = (SidecarRow.path, SidecarRow.image_id, SidecarRow.size, SidecarRow.mtime)
    return {(path, image): (size, mtime) for path, image, size, mtime in connection.execute(select(*columns))}


def keep(connection: Connection, image_id: int, read: Sequence[Sidecar], gone: Iterable[bytes]) -> None:
    """Put these in the place of what was known of them, and forget those that are gone."""
    mine = SidecarRow.image_id == image_id
    for path in [*gone, *(each.path for each in read)]:
        connection.execute(delete(SidecarRow).where(mine, SidecarRow.path == path))
    rows = [_values(image_id, each) for each in read]
    if rows:
        connection.execute(insert(SidecarRow), rows)


def said(connection: Connection, image_id: int, source: str) -> list[Annotation]:
    """What all sidecars of an image say together, in the order of their paths."""
    query = select(SidecarRow.said).where(SidecarRow.image_id == image_id).order_by(SidecarRow.path)
    return [Annotation(field, value, source) for facts in connection.scalars(query) for field, value in facts]


def taken(said: Iterable[Annotation]) -> datetime | None:
    """The first time that is said, if it is one."""
    for fact in said:
        if fact.field == "taken":
            with suppress(ValueError):
                return datetime.fromisoformat(fact.value)
    return None


def _values(image_id: int, sidecar: Sidecar) -> dict[str, object]:
    return {
        "path": sidecar.path,
        "image_id": image_id,
        "mtime": sidecar.mtime,
        "size": sidecar.size,
        "said": [[field, value] for field, value in sidecar.said],
    }
