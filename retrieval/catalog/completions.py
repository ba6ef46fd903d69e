"""The values of a library that begin with a text, and how many images have each; counted in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Integer, Select, cast, distinct, extract, func, or_, select

from .filters import ids_showing, known_values
from .folding import fold_text
from .records import PREDICTED_FIELDS, PREDICTED_SOURCE, SURE
from .schema import AnnotationRow, ImageRow, LocationRow

MAX_NAMES: Final = 500  # that are counted at once


def count_values(connection: Connection, field: str, start: str, most: int) -> list[tuple[str, int]]:
    """The stated values of a field that begin so, or in which a word begins so, in any letter case.

    The most frequent come first, equal ones in the order of their letters; each is spelled as it was first
    stored. The index is read for the whole field, and rows only where they fit.
    """
    fact, folded = AnnotationRow, fold_text(start)
    counted = select(fact.folded, func.count(distinct(fact.image_id)), func.min(fact.id)).where(
        fact.field == field, fact.source != PREDICTED_SOURCE, _begins(fact.folded, folded)
    )
    order = (func.count(distinct(fact.image_id)).desc(), fact.folded)
    rows = connection.execute(counted.group_by(fact.folded).order_by(*order).limit(most)).all()
    spelled = _load_spelling(connection, [row for _, _, row in rows])
    return [(spelled[row], images) for _, images, row in rows]


def count_predicted(connection: Connection, start: str, most: int) -> list[tuple[str, int]]:
    """What classifiers think to see: the first names of labels and categories that begin so, or in which a
    word begins so, each with the images that probably show it; the most frequent first.
    """
    folded = fold_text(start)
    names = [
        value
        for field in PREDICTED_FIELDS
        for value in connection.scalars(known_values(field))
        if _begins_name(value.split(", ")[0], folded)
    ]
    fact, images = AnnotationRow, func.count()
    sure = (fact.source == PREDICTED_SOURCE, fact.confidence >= SURE)
    counted = select(fact.folded).where(
        fact.field.in_(PREDICTED_FIELDS), fact.folded.in_(names[:MAX_NAMES]), *sure
    )
    rows = connection.scalars(counted.group_by(fact.folded).order_by(images.desc(), fact.folded))
    first_names = list(dict.fromkeys(row.split(", ")[0] for row in rows))[:most]
    return [(name, _count_showing(connection, name)) for name in first_names]


def _count_showing(connection: Connection, name: str) -> int:
    """How many images the condition shows: finds."""
    shown = ids_showing([name], SURE, predicted=True).subquery()
    return connection.scalar(select(func.count(distinct(shown.c.image_id)))) or 0


def _begins_name(name: str, start: str) -> bool:
    return name.startswith(start) or f" {start}" in name


def _begins(column: Any, start: str) -> ColumnElement[bool]:
    # No range of texts: how databases order texts differs.
    return or_(column.startswith(start, autoescape=True), column.contains(f" {start}", autoescape=True))


def _load_spelling(connection: Connection, rows: Sequence[int]) -> dict[int, str]:
    query = select(AnnotationRow.id, AnnotationRow.value).where(AnnotationRow.id.in_(rows))
    return dict(connection.execute(query).all())


def count_years(connection: Connection) -> list[tuple[str, int]]:
    """The years in which images were taken, the newest first."""
    year = cast(extract("year", ImageRow.taken_at), Integer)
    return _count_images(connection, year, lambda value: f"{value:04}")[::-1]


def count_formats(connection: Connection) -> list[tuple[str, int]]:
    """The formats of images, by name."""
    return _count_images(connection, func.lower(ImageRow.format), str)


def _count_images(connection: Connection, value: Any, write: Any) -> list[tuple[str, int]]:
    # By a name that no column has: PostgreSQL would take it for the column.
    counted: Select[Any, int] = select(value.label("counted"), func.count()).where(value.is_not(None))
    rows = connection.execute(counted.group_by("counted").order_by("counted"))
    return [(write(found), images) for found, images in rows]


def count_folders(connection: Connection) -> list[tuple[str, int]]:
    """Every folder that holds pictures, in lower case with a slash at both ends, and how many images lie in
    it.
    """
    images = func.count(distinct(LocationRow.image_id))
    query = select(LocationRow.folder, images).group_by(LocationRow.folder).order_by(LocationRow.folder)
    return [(folder, count) for folder, count in connection.execute(query)]
