"""The contents of images: the bytes of their files, and what these state. One image may have several, when
copies of a picture differ in nothing but their metadata.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from .records import Annotation, Content
from .schema import ContentRow, LocationRow

_IS_LOCATED = exists().where(LocationRow.content_id == ContentRow.id)
# Built once, because they are run for every file.
_KEY_BY_SHA256 = select(ContentRow.id).where(ContentRow.sha256 == bindparam("sha256"))
_OLDEST_KEY = (
    select(ContentRow.id).where(ContentRow.image_id == bindparam("image")).order_by(ContentRow.id).limit(1)
)


def insert_contents(connection: Connection, contents: Sequence[tuple[int, Content]]) -> None:
    """Store new contents, each with the id of its image."""
    rows = [{"image_id": image_id, **_row_values(content)} for image_id, content in contents]
    if rows:
        connection.execute(insert(ContentRow), rows)


def put_content(connection: Connection, image_id: int, content: Content) -> bool:
    """Store a content of an image, or what a stored one states now; False if nothing changed."""
    stored = select(ContentRow).where(ContentRow.sha256 == content.sha256)
    row = connection.execute(stored).mappings().first()
    if row is None:
        insert_contents(connection, [(image_id, content)])
        return True
    values = _row_values(content)
    if all(row[name] == value for name, value in values.items()):
        return False
    connection.execute(update(ContentRow).where(ContentRow.sha256 == content.sha256).values(values))
    return True


def load_contents(connection: Connection, image_id: int) -> list[Content]:
    """The contents of an image that lie somewhere, in the order in which they were read first; all contents,
    if none lies anywhere.
    """
    mine = select(ContentRow, _IS_LOCATED.label("located")).where(ContentRow.image_id == image_id)
    rows = connection.execute(mine.order_by(ContentRow.id)).mappings().all()
    located = [row for row in rows if row["located"]]
    return [
        Content(
            row["sha256"],
            row["bytes"],
            row["format"],
            row["taken_at"],
            tuple(Annotation(*fact) for fact in row["said"]),
        )
        for row in located or rows
    ]


def forget_unlocated(connection: Connection) -> tuple[list[int], list[int]]:
    """Delete the contents that lie nowhere; their images: those that have another content, and the others."""
    leaving = delete(ContentRow).where(~_IS_LOCATED).returning(ContentRow.image_id)
    images = sorted(set(connection.scalars(leaving)))
    left = _with_contents(connection, images)
    return [image for image in images if image in left], [image for image in images if image not in left]


def _with_contents(connection: Connection, image_ids: Sequence[int]) -> Collection[int]:
    kept: set[int] = set()
    for start in range(0, len(image_ids), 500):
        among = ContentRow.image_id.in_(image_ids[start : start + 500])
        kept.update(connection.scalars(select(ContentRow.image_id).where(among)))
    return kept


def find_key(connection: Connection, image_id: int, sha256: str | None) -> int | None:
    """The key of the content with this SHA-256, or of the oldest of an image; None if there is none."""
    if sha256 is not None:
        return connection.scalar(_KEY_BY_SHA256, {"sha256": sha256})
    return connection.scalar(_OLDEST_KEY, {"image": image_id})


def _row_values(content: Content) -> dict[str, Any]:
    return {
        "sha256": content.sha256,
        "bytes": content.bytes,
        "format": content.format,
        "taken_at": content.taken_at,
        "said": [[fact.field, fact.value, fact.source] for fact in content.facts],
    }
