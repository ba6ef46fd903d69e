"""Copies: the files of images that are there, and which images have several of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, distinct, func, select

from ..ranking.keep_rules import Copy
from .schema import ContentRow, ImageRow, LocationRow

# Further pages of a file are no files.
_IS_FILE = (LocationRow.missing_since.is_(None), LocationRow.page == 1)


def find_same_bytes(connection: Connection) -> list[int]:
    """The images of which several files hold the same bytes, by rising id."""
    several = select(LocationRow.content_id).where(*_IS_FILE).group_by(LocationRow.content_id)
    contents = several.having(func.count() > 1).scalar_subquery()
    query = select(ContentRow.image_id).where(ContentRow.id.in_(contents))
    return sorted(set(connection.scalars(query)))


def find_same_pixels(connection: Connection) -> list[int]:
    """The images of which files hold different bytes, by rising id."""
    query = select(LocationRow.image_id).where(*_IS_FILE).group_by(LocationRow.image_id)
    several = query.having(func.count(distinct(LocationRow.content_id)) > 1)
    return list(connection.scalars(several.order_by(LocationRow.image_id)))


def select_copies() -> Select[*tuple[Any, ...]]:
    """Rows for `copy_from_row`, by path."""
    columns = (
        *(LocationRow.image_id, LocationRow.path, LocationRow.display, LocationRow.mtime, LocationRow.size),
        *(ContentRow.sha256, ContentRow.format, ImageRow.width, ImageRow.height),
        func.coalesce(ContentRow.taken_at, ImageRow.taken_at).label("taken_at"),
    )
    query = select(*columns).join(ContentRow, ContentRow.id == LocationRow.content_id)
    query = query.join(ImageRow, ImageRow.id == LocationRow.image_id)
    return query.where(*_IS_FILE).order_by(LocationRow.path)


def copy_from_row(row: Row[*tuple[Any, ...]]) -> Copy:
    """The copy that a row of `select_copies` holds."""
    return Copy(
        row.image_id,
        row.path,
        row.display,
        row.sha256,
        row.width,
        row.height,
        row.format.lower(),
        row.size,
        row.taken_at,
        row.mtime,
    )
