"""When an image was taken, by what its file, its sidecars and its name state."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, select

from ..pictures.metadata import SIDECAR_SOURCE
from .records import MODIFIED, NAME_SOURCE, TIME_FIELDS, Annotation
from .schema import AnnotationRow


def load_times(connection: Connection, image_id: int) -> list[Annotation]:
    """The facts about the time of an image."""
    columns = (AnnotationRow.field, AnnotationRow.value, AnnotationRow.source)
    mine = (AnnotationRow.image_id == image_id, AnnotationRow.field.in_(TIME_FIELDS))
    query = select(*columns).where(*mine).order_by(AnnotationRow.id)
    return [Annotation(field, value, source) for field, value, source in connection.execute(query)]


def find_time(facts: Iterable[Annotation]) -> datetime | None:
    """The local time that counts: that in the file, then that in a sidecar, then that of the last change of
    the file, then that in its name; of equal ones the first. None when no fact is a time.
    """
    times: dict[int, datetime] = {}
    for fact in facts:
        if fact.field in TIME_FIELDS:
            with suppress(ValueError):
                times.setdefault(_rank(fact), datetime.fromisoformat(fact.value))
    return times[min(times)].replace(tzinfo=None) if times else None


def _rank(fact: Annotation) -> int:
    if fact.source == NAME_SOURCE:
        return 3
    if fact.field == MODIFIED:
        return 2
    return 1 if fact.source == SIDECAR_SOURCE else 0
