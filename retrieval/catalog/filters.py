"""Filters as SQL: the ids of the images that satisfy them, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time

from sqlalchemy import ColumnElement, Select, exists, or_, select

from ..query import Filters
from .records import PREDICTED
from .schema import AnnotationRow, ImageRow, LocationRow

ESCAPE = "\\"


def matching_ids(filters: Filters) -> Select[int]:
    """Select the ids, in rising order, of the images that satisfy every condition."""
    return select(ImageRow.id).where(*_conditions(filters)).order_by(ImageRow.id)


def folder_key(folder: str) -> str:
    """How a folder is stored and compared: lower case, a slash at both ends."""
    stripped = folder.strip("/").casefold()
    return f"/{stripped}/" if stripped else "/"


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.folders:
        yield _lies_in(filters.folders)
    if filters.without_folders:
        yield ~_lies_in(filters.without_folders)
    for tag in filters.tags:
        yield _says("tag", (tag,))
    if filters.without_tags:
        yield ~_says("tag", filters.without_tags)
    if filters.labels:
        yield _says("label", filters.labels)
    if filters.without_labels:
        yield ~_says("label", filters.without_labels)
    if filters.after:
        yield ImageRow.taken_at >= datetime.combine(filters.after, time.min)
    if filters.before:
        yield ImageRow.taken_at < datetime.combine(filters.before, time.min)


def _lies_in(folders: tuple[str, ...]) -> ColumnElement[bool]:
    patterns = [_pattern(folder) for folder in folders]
    matches = [LocationRow.folder.like(pattern, escape=ESCAPE) for pattern in patterns]
    return exists().where(LocationRow.image_id == ImageRow.id, or_(*matches))


def _pattern(folder: str) -> str:
    key = folder_key(folder)
    for special in (ESCAPE, "%", "_"):
        key = key.replace(special, ESCAPE + special)
    # An absolute folder is matched from the root, any other wherever its components stand.
    return f"{key}%" if folder.startswith("/") else f"%{key}%"


def _says(field: str, values: tuple[str, ...]) -> ColumnElement[bool]:
    folded = [value.casefold() for value in values]
    return exists().where(
        AnnotationRow.image_id == ImageRow.id,
        AnnotationRow.field == field,
        AnnotationRow.folded.in_(folded),
        AnnotationRow.source != PREDICTED,
    )
