"""Edits: what a person said of images, kept in a journal so that it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, union

from . import changes
from .annotations import annotation_values
from .overruling import load_statements, overrule_facts
from .records import USER_SOURCE, Annotation
from .schema import AnnotationRow, EditedImageRow, EditRow, RejectionRow
from .statements import EDITABLE, Edit, KeptEdit, Statement, Statements, apply_edit, take_back

MOST_EDITS = 200  # that are kept; older ones cannot be taken back any more


def load_edits(connection: Connection, image_id: int | None = None) -> list[KeptEdit]:
    """The edits that can be taken back, or those of one image, the latest first."""
    count = func.count(EditedImageRow.image_id)
    counted = select(count).where(EditedImageRow.edit_id == EditRow.id).scalar_subquery()
    query = select(EditRow.id, EditRow.made_at, EditRow.said, counted)
    latest_first = query.order_by(EditRow.id.desc())
    if image_id is not None:
        mine = select(EditedImageRow.edit_id).where(EditedImageRow.image_id == image_id)
        latest_first = latest_first.where(EditRow.id.in_(mine))
    rows = connection.execute(latest_first)
    return [KeptEdit(key, made_at, _read_edit(said), images) for key, made_at, said, images in rows]


def find_spoken_of(connection: Connection) -> list[int]:
    """The ids, in rising order, of the images of which a person says anything."""
    fact, rejection = AnnotationRow, RejectionRow
    stated = select(fact.image_id).where(fact.source == USER_SOURCE, fact.field.in_(EDITABLE))
    return sorted(connection.scalars(union(stated, select(rejection.image_id))))


def begin_edit(connection: Connection, edit: Edit, made_at: datetime) -> int:
    """A new edit in the journal, which has changed nothing yet; gives its number. The oldest is forgotten."""
    values = {"made_at": made_at, "said": {name: list(map(list, getattr(edit, name))) for name in _PARTS}}
    key = connection.execute(insert(EditRow).values(values).returning(EditRow.id)).scalar_one()
    oldest = select(EditRow.id).order_by(EditRow.id.desc()).offset(MOST_EDITS)
    if gone := list(connection.scalars(oldest)):
        connection.execute(delete(EditRow).where(EditRow.id.in_(gone)))
    return key


def forget_edit(connection: Connection, key: int) -> None:
    """Take an edit out of the journal; what it said stays."""
    connection.execute(delete(EditRow).where(EditRow.id == key))


def edit_images(connection: Connection, key: int, edit: Edit, image_ids: Sequence[int]) -> int:
    """Say it of at most CHUNK images, and note in the journal what was said before; how many it changed."""
    said = load_statements(connection, image_ids)
    edited = {image_id: apply_edit(before, edit) for image_id, before in said.items()}
    changed = {image_id: after for image_id, after in edited.items() if after != said[image_id]}
    if changed:
        rows = [
            {
                "edit_id": key,
                "image_id": image_id,
                "before": _write_statements(said[image_id]),
                "after": _write_statements(after),
            }
            for image_id, after in changed.items()
        ]
        connection.execute(insert(EditedImageRow), rows)
        _store_statements(connection, changed)
    return len(changed)


def take_back_images(connection: Connection, key: int, most: int) -> list[int]:
    """Take an edit back from at most so many images, and out of their journal; their ids, none at the end."""
    row = EditedImageRow
    query = select(row.image_id, row.before, row.after).where(row.edit_id == key)
    noted = connection.execute(query.order_by(row.image_id).limit(most)).all()
    ids = [image_id for image_id, _, _ in noted]
    if not ids:
        return []
    said = load_statements(connection, ids)
    restored = {
        image_id: take_back(said[image_id], _read_statements(before), _read_statements(after))
        for image_id, before, after in noted
    }
    _store_statements(
        connection, {image_id: back for image_id, back in restored.items() if back != said[image_id]}
    )
    connection.execute(delete(row).where(row.edit_id == key, row.image_id.in_(ids)))
    return ids


def _store_statements(connection: Connection, said: Mapping[int, Statements]) -> None:
    """Replace what is said of images, and have the facts and the change log follow."""
    fact, rejection = AnnotationRow, RejectionRow
    stated = (fact.image_id.in_(said), fact.source == USER_SOURCE, fact.field.in_(EDITABLE))
    connection.execute(delete(fact).where(*stated))
    connection.execute(delete(rejection).where(rejection.image_id.in_(said)))
    spoken = [(image_id, one) for image_id, statements in said.items() for one in statements]
    _insert_rows(
        connection,
        fact,
        (
            annotation_values(image_id, USER_SOURCE, Annotation(one.field, one.value, USER_SOURCE))
            for image_id, one in spoken
            if one.is_so
        ),
    )
    _insert_rows(
        connection,
        rejection,
        (
            {"image_id": image_id, "field": one.field, "value": one.value}
            for image_id, one in spoken
            if not one.is_so
        ),
    )
    overrule_facts(connection, said)
    changes.record_changes(connection, "put", said, said=True)


def _insert_rows(connection: Connection, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    if listed := list(rows):
        connection.execute(insert(table), listed)


_PARTS = ("add", "remove", "unsay")


def _read_edit(said: Mapping[str, Sequence[Sequence[str]]]) -> Edit:
    return Edit(**{name: tuple((field, value) for field, value in said[name]) for name in _PARTS})


def _write_statements(statements: Statements) -> list[list[Any]]:
    return [[one.field, one.value, one.is_so] for one in statements]


def _read_statements(values: Sequence[Sequence[Any]]) -> Statements:
    return tuple(Statement(*value) for value in values)
