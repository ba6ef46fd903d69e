"""The folders that were given to be indexed. The names of the folders below them say what pictures show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, bindparam, insert, select, update

from .schema import LocationRow, RootRow

ROWS = 10_000  # locations that are held in memory at a time

Deepened: TypeAlias = tuple[int, int, int]  # key of a location, its image, its new depth


def load_roots(connection: Connection) -> list[bytes]:
    """Every folder that was given to be indexed, by path."""
    return list(connection.scalars(select(RootRow.path).order_by(RootRow.path)))


def count_folders(path: bytes, roots: Collection[bytes]) -> int:
    """How many folders of a path lie below the outermost root that holds it; at least that of the file."""
    folders = (root.rstrip(b"/") + b"/" for root in roots)
    return max([1, *(path[len(folder) :].count(b"/") for folder in folders if path.startswith(folder))])


def add_roots(connection: Connection, roots: Sequence[bytes]) -> list[int]:
    """Store new roots, and count the folders of the locations below them anew.

    The ids of the images whose locations have more folders now.
    """
    connection.execute(insert(RootRow), [{"path": root} for root in roots])
    deepened = _find_deepened(connection, roots)
    if deepened:
        mine = update(LocationRow).where(LocationRow.id == bindparam("key"))
        rows = [{"key": key, "folders": folders} for key, _, folders in deepened]
        connection.execute(mine.values(depth=bindparam("folders")), rows)
    return [image_id for _, image_id, _ in deepened]


def _find_deepened(connection: Connection, roots: Collection[bytes]) -> list[Deepened]:
    query = select(LocationRow.id, LocationRow.image_id, LocationRow.path, LocationRow.depth)
    counted = (
        (key, image_id, count_folders(path, roots), depth)
        for key, image_id, path, depth in connection.execute(query.execution_options(yield_per=ROWS))
    )
    return [(key, image_id, folders) for key, image_id, folders, depth in counted if folders > depth]
