"""Sidecar files that were read: size and time, so that only changed ones are read again, and their facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert, select

from .records import Annotation, Sidecar
from .schema import SidecarRow


def sidecar_stamps(connection: Connection) -> dict[tuple[bytes, int], tuple[int, int]]:
    """Size and modification time of every sidecar that was read, by its path and its image."""
    columns = (SidecarRow.path, SidecarRow.image_id, SidecarRow.size, SidecarRow.mtime)
    return {(path, image): (size, mtime) for path, image, size, mtime in connection.execute(select(*columns))}


def replace_sidecars(
    connection: Connection, image_id: int, read: Sequence[Sidecar], gone: Iterable[bytes]
) -> None:
    """Replace what is stored of these sidecars of an image, and forget those that are gone."""
    mine = SidecarRow.image_id == image_id
    for path in [*gone, *(sidecar.path for sidecar in read)]:
        connection.execute(delete(SidecarRow).where(mine, SidecarRow.path == path))
    rows = [_row_values(image_id, sidecar) for sidecar in read]
    if rows:
        connection.execute(insert(SidecarRow), rows)


def load_annotations(connection: Connection, image_id: int, source: str) -> list[Annotation]:
    """The facts in all sidecars of an image, in the order of the sidecars' paths."""
    query = select(SidecarRow.said).where(SidecarRow.image_id == image_id).order_by(SidecarRow.path)
    return [Annotation(field, value, source) for facts in connection.scalars(query) for field, value in facts]


def _row_values(image_id: int, sidecar: Sidecar) -> dict[str, object]:
    return {
        "path": sidecar.path,
        "image_id": image_id,
        "mtime": sidecar.mtime,
        "size": sidecar.size,
        "said": [[field, value] for field, value in sidecar.facts],
    }
