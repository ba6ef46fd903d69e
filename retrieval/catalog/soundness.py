"""Whether the database itself is sound, and a copy of it that is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Engine, exists, select

from ..errors import StorageFailed
from .features import is_whole, stacked, stored
from .records import Space
from .schema import FeatureRow, ImageRow, LocationRow

ROWS = 2000  # features that are looked at together


def faults(connection: Connection) -> list[str]:
    """What SQLite finds wrong with its file, and rows whose image or space is gone; a server sees to both."""
    if connection.dialect.name != "sqlite":
        return []
    pages = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [each for each in pages if each != "ok"] + [
        f"row {number} of {table} belongs to a row of {parent} that is not there"
        for table, number, parent, _ in orphans
    ]


def placeless(connection: Connection) -> list[int]:
    """Ids of images that lie nowhere, not even at a path that is missing."""
    nowhere = ~exists().where(LocationRow.image_id == ImageRow.id)
    return list(connection.scalars(select(ImageRow.id).where(nowhere).order_by(ImageRow.id)))


def undescribed(connection: Connection, space: Space) -> list[int]:
    """Ids of images that a space has no feature of."""
    here = (FeatureRow.image_id == ImageRow.id, FeatureRow.space_id == space.id)
    query = select(ImageRow.id).where(~exists().where(*here))
    return list(connection.scalars(query.order_by(ImageRow.id)))


def damaged_features(connection: Connection, space: Space) -> list[int]:
    """Ids of images whose feature is not what was stored: it has another checksum, another length than the
    features of the space, or a number that is not finite.
    """
    return [number for batch in _batches(connection, space) for number in _damaged(batch, space)]


def _batches(connection: Connection, space: Space) -> Iterator[list[tuple[int, bytes, int]]]:
    rows = connection.execute(stored(space))
    for batch in rows.partitions(ROWS):
        yield [(row.image_id, row.vector, row.crc32) for row in batch]


def _damaged(rows: list[tuple[int, bytes, int]], space: Space) -> list[int]:
    whole = {number: blob for number, blob, crc32 in rows if is_whole(blob, crc32, space)}
    sound = _finite(whole, space.dimension) if space.dimension else set(whole)
    return [number for number, _, _ in rows if number not in sound]


def _finite(blobs: Mapping[int, bytes], dimension: int) -> set[int]:
    ids, features = stacked(blobs.items(), dimension)
    return set(ids[np.isfinite(features).all(axis=1)].tolist())


def copy_to(engine: Engine, place: str, target: Path) -> None:
    """Write one state of a SQLite catalog to a new file, while others read and write it.

    VACUUM INTO copies within a transaction that reads, so that what commits meanwhile is not in it.
    Raises StorageFailed.
    """
    try:
        with closing(engine.raw_connection()) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise StorageFailed(place, error) from error
