"""Annotations as rows: what a source states about an image, whether a person overruled it or not."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, delete, select, union_all

from ..query.areas import parse_position
from .folding import fold_text
from .records import PLACE, Annotation
from .schema import AnnotationRow, OverruledRow


def annotation_values(image_id: int, source: str, fact: Annotation) -> dict[str, Any]:
    """The row of a fact, without its id."""
    position = parse_position(fact.value) if fact.field == PLACE else None
    latitude, longitude = position or (None, None)
    return {
        "image_id": image_id,
        "field": fact.field,
        "value": fact.value,
        "folded": "" if position else fold_text(fact.value),
        "source": source,
        "confidence": fact.confidence,
        "latitude": latitude,
        "longitude": longitude,
    }


def load_source(connection: Connection, image_id: int, source: str) -> list[tuple[str, str, float]]:
    """Field, value and confidence of all that a source states about an image, in the order of storing."""
    queries = (
        select(row.id, row.field, row.value, row.confidence).where(
            row.image_id == image_id, row.source == source
        )
        for row in (AnnotationRow, OverruledRow)
    )
    return [(field, value, sure) for _, field, value, sure in sorted(connection.execute(union_all(*queries)))]


def delete_annotations(connection: Connection, image_id: int, sources: Collection[str]) -> None:
    """Delete all that these sources state about an image."""
    for row in (AnnotationRow, OverruledRow):
        connection.execute(delete(row).where(row.image_id == image_id, row.source.in_(sources)))
