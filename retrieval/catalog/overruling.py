"""Facts that a person overruled lie in a table of their own, where no condition, count or index sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from .records import USER_SOURCE
from .schema import AnnotationRow, OverruledRow, RejectionRow
from .statements import EDITABLE, Statement, Statements, find_overruled

CHUNK = 500  # images in one statement
_COLUMNS = tuple(OverruledRow.__table__.columns.keys())


def load_statements(connection: Connection, image_ids: Sequence[int]) -> dict[int, Statements]:
    """What a person says of each of at most CHUNK images: what is so first, each in the order of storing."""
    said: dict[int, list[Statement]] = defaultdict(list)
    fact, rejection = AnnotationRow, RejectionRow
    stated = select(fact.image_id, fact.field, fact.value).where(
        fact.image_id.in_(image_ids), fact.source == USER_SOURCE, fact.field.in_(EDITABLE)
    )
    rejected = select(rejection.image_id, rejection.field, rejection.value).where(
        rejection.image_id.in_(image_ids)
    )
    for query, is_so in ((stated.order_by(fact.id), True), (rejected.order_by(rejection.id), False)):
        for image_id, field, value in connection.execute(query):
            said[image_id].append(Statement(field, value, is_so))
    return {image_id: tuple(said[image_id]) for image_id in image_ids}


def overrule_facts(connection: Connection, image_ids: Iterable[int]) -> None:
    """Take away the facts of these images that a person overruled, and give back those that count again.

    They keep their ids, and so their order among the others.
    """
    ids = list(image_ids)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        _move_facts(connection, chunk, load_statements(connection, chunk))


def _move_facts(connection: Connection, ids: Sequence[int], said: Mapping[int, Statements]) -> None:
    speaking = [image_id for image_id in ids if said[image_id]]
    hidden = list(_select_facts(connection, OverruledRow, ids))
    shown = list(_select_facts(connection, AnnotationRow, speaking)) if speaking else []
    ruled = {image_id: find_overruled(said[image_id]) for image_id in ids}
    leaving = [row for row in shown if ruled[row.image_id].concerns(row.field, row.folded, row.source)]
    returning = [row for row in hidden if not ruled[row.image_id].concerns(row.field, row.folded, row.source)]
    _move_rows(connection, leaving, AnnotationRow, OverruledRow)
    _move_rows(connection, returning, OverruledRow, AnnotationRow)


def _select_facts(connection: Connection, table: Any, ids: Sequence[int]) -> Iterator[Row[*tuple[Any, ...]]]:
    columns = (table.__table__.columns[name] for name in _COLUMNS)
    yield from connection.execute(select(*columns).where(table.image_id.in_(ids)))


def _move_rows(
    connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]], source: Any, target: Any
) -> None:
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        connection.execute(delete(source).where(source.id.in_([row.id for row in chunk])))
        connection.execute(insert(target), [dict(row._mapping) for row in chunk])
