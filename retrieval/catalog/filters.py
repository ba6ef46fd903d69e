"""Filters as SQL: the ids of the images that satisfy them, exactly.

Every condition on a table beside that of the images is `id IN (…)`: SQLite answers a correlated EXISTS by
the index on values, again and again for each image, and PostgreSQL keeps a long NOT IN out of its hashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from ..query.values import Filters
from .records import PREDICTED_SOURCE
from .schema import AnnotationRow, ImageRow, LocationRow, ProblemRow

ESCAPE = "\\"
DESCRIBING = ("title", "caption")  # fields in which somebody describes an image in words
CAMERA = "camera"  # the field that names what an image was taken with
ALSO_CALLED = {"jpg": "jpeg", "tif": "tiff"}  # formats by what file names end in

ORIENTATION = case(
    (ImageRow.width > ImageRow.height, "landscape"),
    (ImageRow.width < ImageRow.height, "portrait"),
    else_="square",
)
Condition = ColumnElement[bool]
Found = Select[Any]  # of image ids


def matching_ids(filters: Filters, *, predicted: bool = True) -> Select[int]:
    """Select the ids, in rising order, of the images that satisfy every condition but the concepts.

    Without `predicted`, `shows` means labels that were given.
    """
    return select(ImageRow.id).where(*_conditions(filters, predicted)).order_by(ImageRow.id)


def folder_key(folder: str) -> str:
    """How a folder is stored and compared: lower case, a slash at both ends."""
    stripped = folder.strip("/").casefold()
    return f"/{stripped}/" if stripped else "/"


def described() -> Found:
    """The images that somebody described in words."""
    return _given(AnnotationRow.field.in_(DESCRIBING))


def _conditions(filters: Filters, predicted: bool) -> Iterator[Condition]:
    yield from _places(filters)
    yield from _facts(filters)
    if filters.shows:
        yield _among(_showing(filters.shows, filters.confidence, predicted=predicted))
    yield from _days(ImageRow.taken_at, filters.after, filters.before)
    yield from _days(ImageRow.added_at, filters.added_after, filters.added_before)
    yield from _files(filters)


def _among(found: Any, wanted: bool = True) -> Condition:
    return ImageRow.id.in_(found if wanted else select(ImageRow.id).except_(found))


def _places(filters: Filters) -> Iterator[Condition]:
    if filters.folders:
        yield _among(_lying_in(filters.folders))
    if filters.without_folders:
        yield _among(_lying_in(filters.without_folders), wanted=False)
    if filters.problem is not None:
        troubled = select(LocationRow.image_id).join(ProblemRow, ProblemRow.path == LocationRow.path)
        yield _among(troubled, wanted=filters.problem)


def _lying_in(folders: Sequence[str]) -> Found:
    matches = [LocationRow.folder.like(_pattern(folder), escape=ESCAPE) for folder in folders]
    return select(LocationRow.image_id).where(or_(*matches))


def _pattern(folder: str) -> str:
    key = _literally(folder_key(folder))
    # An absolute folder is matched from the root, any other wherever its components stand.
    return f"{key}%" if folder.startswith("/") else f"%{key}%"


def _literally(text: str) -> str:
    """What LIKE takes for this very text."""
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return text


def _facts(filters: Filters) -> Iterator[Condition]:
    for tag in filters.tags:
        yield _among(_said("tag", (tag,)))
    for field, values in (("label", filters.labels), (CAMERA, filters.cameras)):
        if values:
            yield _among(_said(field, values))
    for field, values in (("tag", filters.without_tags), ("label", filters.without_labels)):
        if values:
            yield _among(_said(field, values), wanted=False)
    if filters.captioned is not None:
        yield _among(described(), wanted=filters.captioned)


def _given(*conditions: Condition) -> Found:
    return select(AnnotationRow.image_id).where(*conditions, AnnotationRow.source != PREDICTED_SOURCE)


def _said(field: str, values: Sequence[str]) -> Found:
    folded = [value.casefold() for value in values]
    return _given(AnnotationRow.field == field, AnnotationRow.folded.in_(folded))


def _showing(labels: Sequence[str], confidence: float, *, predicted: bool) -> Any:
    given = _said("label", labels)
    guessed = select(AnnotationRow.image_id).where(
        AnnotationRow.field == "label",
        AnnotationRow.folded.in_(_called([label.casefold() for label in labels])),
        AnnotationRow.source == PREDICTED_SOURCE,
        AnnotationRow.confidence >= confidence,
    )
    return union_all(given, guessed) if predicted else given


def _called(names: Sequence[str]) -> Select[str]:
    """The labels of the catalog that are one of these, or have one among their comma-separated names.

    A loose index scan: the index is entered once for every label, not for every image that has it.
    """
    label, of_labels = AnnotationRow.folded, AnnotationRow.field == "label"
    known = select(func.min(label).label("label")).where(of_labels).cte("known", recursive=True)
    next_one = select(func.min(label)).where(of_labels, label > known.c.label).scalar_subquery()
    known = known.union_all(select(next_one).where(known.c.label.is_not(None)))
    parted = literal(", ") + known.c.label + literal(", ")
    single = [f"%, {_literally(name)}, %" for name in names if ", " not in name]
    matches = [parted.like(pattern, escape=ESCAPE) for pattern in single]
    return select(known.c.label).where(or_(known.c.label.in_(names), *matches))


def _days(moment: InstrumentedAttribute[Any], after: date | None, before: date | None) -> Iterator[Condition]:
    if after:
        yield moment >= datetime.combine(after, time.min)
    if before:
        yield moment < datetime.combine(before, time.min)


def _files(filters: Filters) -> Iterator[Condition]:
    if filters.formats:
        folded = [each.casefold() for each in filters.formats]
        yield func.lower(ImageRow.format).in_([ALSO_CALLED.get(each, each) for each in folded])
    if filters.orientations:
        yield ORIENTATION.in_(filters.orientations)
    for name in ("width", "height", "bytes"):
        yield from _sizes(name, getattr(filters, f"min_{name}"), getattr(filters, f"max_{name}"))


def _sizes(name: str, least: int | None, most: int | None) -> Iterator[Condition]:
    # A bound may be larger than what the column's own type holds.
    column = getattr(ImageRow, name)
    if least is not None:
        yield column >= literal(least, BigInteger)
    if most is not None:
        yield column <= literal(most, BigInteger)
