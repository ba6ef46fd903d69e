"""What a collection consists of, for browsing: folders and months, and what stands for them."""

from __future__ import annotations

from sqlalchemy import Connection, Text, case, cast, desc, distinct, func, or_, select

from .records import PREDICTED_FIELDS, PREDICTED_SOURCE
from .schema import AnnotationRow, ImageRow, LocationRow


def load_folder_images(connection: Connection) -> list[tuple[str, int]]:
    """Each folder that holds pictures, as the catalog stores it, with each image in it."""
    query = select(LocationRow.folder, LocationRow.image_id).distinct()
    return [(folder, image_id) for folder, image_id in connection.execute(query)]


def load_folder_spelling(connection: Connection) -> dict[str, str]:
    """By folder, as the catalog stores it: the path of a file in it, spelled as on the disk."""
    query = select(LocationRow.folder, func.min(LocationRow.display)).group_by(LocationRow.folder)
    return dict(connection.execute(query).all())


def count_months(connection: Connection) -> list[tuple[str, int, int]]:
    """The months in which images were taken, as 2020-06, the newest first: how many, and the newest image."""
    month = func.substr(cast(ImageRow.taken_at, Text), 1, 7).label("counted")
    query = select(month, func.count(), func.max(ImageRow.id)).where(ImageRow.taken_at.is_not(None))
    rows = connection.execute(query.group_by("counted").order_by(desc("counted")))
    return [(name, images, newest) for name, images, newest in rows]


def list_values(
    connection: Connection, field: str, *, by_name: bool, limit: int, offset: int
) -> tuple[int, list[tuple[str, int, int]]]:
    """How many values of a field are stated, and a page of them: each with the number of its images and the
    newest one.

    The most frequent come first, or else all by name. Values that differ only in upper and lower case are
    one, spelled as it was first stored.
    """
    fact = AnnotationRow
    images, newest = func.count(distinct(fact.image_id)), func.max(fact.image_id)
    stated = (fact.field == field, fact.source != PREDICTED_SOURCE, fact.folded != "")
    grouped = select(
        fact.folded, images.label("images"), newest.label("newest"), func.min(fact.id).label("first")
    ).where(*stated)
    values = grouped.group_by(fact.folded).subquery()
    order = (values.c.folded,) if by_name else (values.c.images.desc(), values.c.folded)
    page = select(fact.value, values.c.images, values.c.newest).join(values, values.c.first == fact.id)
    rows = connection.execute(page.order_by(*order).limit(limit).offset(offset))
    total = connection.scalar(select(func.count()).select_from(values)) or 0
    return total, [(value, count, image_id) for value, count, image_id in rows]


def find_surest(connection: Connection, label: str) -> int | None:
    """The image that shows a label or category, folded, most surely: a stated one before predicted ones."""
    fact = AnnotationRow
    is_named = or_(fact.folded == label, fact.folded.startswith(f"{label}, ", autoescape=True))
    stated_first = case((fact.source == PREDICTED_SOURCE, 1), else_=0)
    query = select(fact.image_id).where(fact.field.in_(PREDICTED_FIELDS), is_named)
    return connection.scalar(query.order_by(stated_first, fact.confidence.desc(), fact.image_id).limit(1))
