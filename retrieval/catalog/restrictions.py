"""Restrictions: a connection that sees a part of the catalog, as if there were nothing else.

Each table is hidden behind a view of the same name, which belongs to the connection and is found first. So
whatever asks the catalog asks the part, also what is written later. A table that nobody thought of here is
empty: `_SHARED` names what is no secret, `_conditions` what is seen of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Table

from .folding import fold_text
from .records import PREDICTED_SOURCE, USER_SOURCE, Restriction
from .schema import Base

_SHARED: Final = frozenset({"space", "clock"})
_NOTHING: Final = "1 = 0"
_LOG: Final = "change"
_OF_ONE_IMAGE: Final = ("thumbnail", "feature", "rejection")
# Facts that are about an image and not about one of its files.
_OF_NO_FILE: Final = f"t.source IN ('{USER_SOURCE}', '{PREDICTED_SOURCE}')"


def hide_tables(connection: Any, restriction: Restriction, backend: str) -> None:
    """Restrict a new connection of the driver, to SQLite or PostgreSQL; it is for reading alone."""
    cursor = connection.cursor()
    for statement in list_views(restriction, backend):
        cursor.execute(statement)
    cursor.close()
    connection.commit()


def list_views(restriction: Restriction, backend: str) -> Iterator[str]:
    """The statements that make the views."""
    sql = _SQLITE if backend == "sqlite" else _POSTGRESQL
    conditions = _conditions(restriction, sql)
    for name, table in Base.metadata.tables.items():
        if name not in _SHARED:
            condition = conditions.get(name, _NOTHING)
            yield (
                f'CREATE TEMP VIEW "{name}" AS SELECT {_list_columns(table, condition)} '
                f'FROM {sql["schema"]}."{name}" AS t WHERE {"1 = 1" if name == _LOG else condition}'
            )


def _list_columns(table: Table, seen: str) -> str:
    """The columns; a change of an image that is not seen is a removal: it may have been seen before."""
    own = {column.name: f't."{column.name}"' for column in table.columns}
    if table.name == _LOG:
        own["operation"] = f"CASE WHEN {seen} THEN t.operation ELSE 'remove' END"
    return ", ".join(f'{column} AS "{name}"' for name, column in own.items())


_SQLITE: Final = {
    "schema": "main",
    "bytes": "x'{}'",
    "text": "CAST(x'{}' AS TEXT)",
    "facts": "json_each({}) AS f",
    "item": "json_extract(f.value, '$[{}]')",
}
_POSTGRESQL: Final = {
    "schema": "public",
    "bytes": "decode('{}', 'hex')",
    "text": "convert_from(decode('{}', 'hex'), 'UTF8')",
    "facts": "json_array_elements({}) AS f(value)",
    "item": "(f.value ->> {})",
}


def _conditions(restriction: Restriction, sql: Mapping[str, str]) -> dict[str, str]:
    """What is seen of each table, whose row is `t`."""
    by_kind = _folder_conditions if restriction.kind == "folder" else _tag_conditions
    return by_kind(restriction.value, sql) | {
        # What was published under no name belongs to the folder of the whole library.
        "projection": "t.publication <> ''"
    }


def _tag_conditions(tag: str, sql: Mapping[str, str]) -> dict[str, str]:
    """Everything about the images of which the tag is stated."""
    value = sql["text"].format(fold_text(tag).encode().hex())

    def seen(image: str) -> str:
        return (
            f"EXISTS (SELECT 1 FROM {sql['schema']}.annotation AS a WHERE a.image_id = {image} "
            f"AND a.field = 'tag' AND a.folded = {value})"
        )

    tables = ("content", "location", "annotation", "overruled", "change", *_OF_ONE_IMAGE)
    return {"image": seen("t.id"), **dict.fromkeys(tables, seen("t.image_id"))}


def _folder_conditions(folder: str, sql: Mapping[str, str]) -> dict[str, str]:
    """The files in a folder and below, with their images, and of these what such files or people say."""
    start = f"{folder.rstrip('/')}/".encode()
    location, literal = f"{sql['schema']}.location AS l", sql["bytes"].format(start.hex())

    def inside(path: str) -> str:
        return f"substr({path}, 1, {len(start)}) = {literal}"

    def seen(image: str) -> str:
        return f"EXISTS (SELECT 1 FROM {location} WHERE l.image_id = {image} AND {inside('l.path')})"

    stated = _stated_inside(sql, location, inside)
    facts = f"{seen('t.image_id')} AND {stated}"
    return {
        "image": seen("t.id"),
        "location": inside("t.path"),
        "content": f"EXISTS (SELECT 1 FROM {location} WHERE l.content_id = t.id AND {inside('l.path')})",
        "annotation": facts,
        "overruled": facts,
        **dict.fromkeys(("change", *_OF_ONE_IMAGE), seen("t.image_id")),
    }


def _stated_inside(sql: Mapping[str, str], location: str, inside: Any) -> str:
    """Whether a fact may be told: of an image that has files elsewhere, too, their words are not."""
    is_this = f"{sql['item'].format(0)} = t.field AND {sql['item'].format(1)} = t.value"
    elsewhere = (
        f"EXISTS (SELECT 1 FROM {location} WHERE l.image_id = t.image_id AND NOT ({inside('l.path')}))"
    )
    by_file = (
        f"EXISTS (SELECT 1 FROM {location} JOIN {sql['schema']}.content AS c ON c.id = l.content_id, "
        f"{sql['facts'].format('c.said')} WHERE l.image_id = t.image_id AND {inside('l.path')} "
        f"AND {is_this})"
    )
    by_sidecar = (
        f"EXISTS (SELECT 1 FROM {sql['schema']}.sidecar AS s, {sql['facts'].format('s.said')} "
        f"WHERE s.image_id = t.image_id AND {inside('s.path')} AND {is_this})"
    )
    return f"({_OF_NO_FILE} OR NOT {elsewhere} OR {by_file} OR {by_sidecar})"
