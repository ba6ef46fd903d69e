"""The values that facets count, row by row: those of all images, or of some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, bindparam, func, select

from .facets import PATH, STATED, write_time
from .filters import ORIENTATION, SHAPE, captioned_ids, taken_part
from .records import PREDICTED_FIELDS, PREDICTED_SOURCE
from .schema import AnnotationRow, ImageRow, LocationRow

# The value, its image, its row, and how sure it is: 1 for what is stated.
FacetRow: TypeAlias = tuple[Any, int, int, float]
FacetRows: TypeAlias = dict[str, list[FacetRow]]


def load_facet_rows(connection: Connection, ids: Sequence[int] | None = None) -> FacetRows:
    """By facet, the values of all images, or of these, which are at most MAX_NAMED.

    `shows` has labels as (field, text, whether it is predicted), and PATH the folders of files as the catalog
    stores them; the other values are those that `count_facets` counts.
    """
    rows: FacetRows = defaultdict(list)
    _add_images(connection, ids, rows)
    _add_facts(connection, ids, rows)
    _add_folders(connection, ids, rows)
    return rows


def _add_images(connection: Connection, ids: Sequence[int] | None, rows: FacetRows) -> None:
    columns = taken_part("year"), taken_part("month"), func.lower(ImageRow.format), ORIENTATION, SHAPE
    captioned = set(connection.scalars(_limit(captioned_ids(), AnnotationRow.image_id, ids)))
    for image_id, year, month, *values in connection.execute(
        _limit(select(ImageRow.id, *columns), ImageRow.id, ids)
    ):
        taken = (None, None) if year is None else (write_time(year), write_time(year * 100 + month))
        named = zip(("year", "month", "format", "orientation", "shape"), (*taken, *values), strict=True)
        for name, value in named:
            if value is not None:
                rows[name].append((value, image_id, image_id, 1.0))
        rows["captioned"].append(("yes" if image_id in captioned else "no", image_id, image_id, 1.0))


def _add_facts(connection: Connection, ids: Sequence[int] | None, rows: FacetRows) -> None:
    fact = AnnotationRow
    is_predicted = fact.source == PREDICTED_SOURCE
    query = select(fact.image_id, fact.id, fact.field, fact.folded, is_predicted, fact.confidence)
    fields = {*STATED.values(), *PREDICTED_FIELDS}
    facets = {field: name for name, field in STATED.items()}
    for image_id, row, field, text, guessed, confidence in connection.execute(
        _limit(query.where(fact.field.in_(fields)), fact.image_id, ids)
    ):
        if field in PREDICTED_FIELDS:
            rows["shows"].append(
                ((field, text, bool(guessed)), image_id, row, confidence if guessed else 1.0)
            )
        if field in facets and text and not guessed:
            rows[facets[field]].append((text, image_id, row, 1.0))


def _add_folders(connection: Connection, ids: Sequence[int] | None, rows: FacetRows) -> None:
    query = select(LocationRow.image_id, LocationRow.id, LocationRow.folder)
    for image_id, row, folder in connection.execute(_limit(query, LocationRow.image_id, ids)):
        rows[PATH].append((folder, image_id, row, 1.0))
        if folder != "/":
            rows["folder"].append((folder.rstrip("/").rpartition("/")[2], image_id, row, 1.0))


def _limit(query: Any, column: Any, ids: Sequence[int] | None) -> Any:
    if ids is None:
        return query
    # As part of the SQL text: a statement may hold more numbers than parameters.
    return query.where(column.in_(bindparam("ids", list(ids), expanding=True, literal_execute=True)))
