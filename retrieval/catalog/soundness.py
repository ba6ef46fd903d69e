"""Finds damage in the database itself, and copies a database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Engine, exists, select

from ..errors import StorageFailed
from .features import is_whole, select_features, stack_features
from .records import Space
from .schema import FeatureRow, ImageRow, LocationRow

BATCH_ROWS = 2000  # features that are checked together


def find_faults(connection: Connection) -> list[str]:
    """Damage that SQLite finds in its file, and rows whose image or space is gone. A server prevents both."""
    if connection.dialect.name != "sqlite":
        return []
    messages = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [message for message in messages if message != "ok"] + [
        f"row {number} of {table} belongs to a row of {parent} that is not there"
        for table, number, parent, _ in orphans
    ]


def find_unlocated(connection: Connection) -> list[int]:
    """Ids of images without any location, not even a missing one."""
    unlocated = ~exists().where(LocationRow.image_id == ImageRow.id)
    return list(connection.scalars(select(ImageRow.id).where(unlocated).order_by(ImageRow.id)))


def find_undescribed(connection: Connection, space: Space) -> list[int]:
    """Ids of images without a feature in a space."""
    feature_of_image = (FeatureRow.image_id == ImageRow.id, FeatureRow.space_id == space.id)
    query = select(ImageRow.id).where(~exists().where(*feature_of_image))
    return list(connection.scalars(query.order_by(ImageRow.id)))


def find_damaged_features(connection: Connection, space: Space) -> list[int]:
    """Ids of images whose feature is damaged: its checksum is wrong, its length is not that of the space's
    features, or a number in it is not finite.
    """
    return [number for batch in _feature_batches(connection, space) for number in _damaged_ids(batch, space)]


def _feature_batches(connection: Connection, space: Space) -> Iterator[list[tuple[int, bytes, int]]]:
    rows = connection.execute(select_features(space))
    for batch in rows.partitions(BATCH_ROWS):
        yield [(row.image_id, row.vector, row.crc32) for row in batch]


def _damaged_ids(rows: list[tuple[int, bytes, int]], space: Space) -> list[int]:
    intact = {number: blob for number, blob, crc32 in rows if is_whole(blob, crc32, space)}
    sound = _finite_ids(intact, space.dimension) if space.dimension else set(intact)
    return [number for number, _, _ in rows if number not in sound]


def _finite_ids(blobs: Mapping[int, bytes], dimension: int) -> set[int]:
    ids, features = stack_features(blobs.items(), dimension)
    return set(ids[np.isfinite(features).all(axis=1)].tolist())


def copy_catalog(engine: Engine, address: str, target: Path) -> None:
    """Write one state of a SQLite catalog to a new file, while others read and write it.

    VACUUM INTO copies within one read transaction, so that later commits are not part of the copy.
    Raises StorageFailed.
    """
    try:
        with closing(engine.raw_connection()) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise StorageFailed(address, error) from error
