"""Positions: places that are coordinates, as numbers; and indexes on what conditions compare."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"

ROWS = 1000  # annotations at a time, to limit memory
POSITION = re.compile(r"(-?\d{1,2}\.\d{1,15}), ?(-?\d{1,3}\.\d{1,15})")
HAS_POSITION = sa.text("latitude IS NOT NULL")
INDEXES = (
    ("image", "width"),
    ("image", "height"),
    ("image", "bytes"),
    ("image", "added_at"),
    ("location", "page"),
)
ANNOTATION = sa.table(
    "annotation", *map(sa.column, ("id", "field", "value", "folded", "latitude", "longitude"))
)


def upgrade() -> None:
    for name in ("latitude", "longitude"):
        op.add_column("annotation", sa.Column(name, sa.Float))
    for places in _place_batches(op.get_bind()):
        _store_positions(op.get_bind(), places)
    op.create_index(
        "ix_annotation_latitude_longitude",
        "annotation",
        ["latitude", "longitude"],
        sqlite_where=HAS_POSITION,
        postgresql_where=HAS_POSITION,
    )
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _place_batches(connection: sa.Connection) -> Iterator[Sequence[sa.Row[*tuple[Any, ...]]]]:
    query = sa.select(ANNOTATION.c.id, ANNOTATION.c.value).where(ANNOTATION.c.field == "place")
    query = query.order_by(ANNOTATION.c.id).limit(ROWS)
    last = 0
    while rows := connection.execute(query.where(ANNOTATION.c.id > last)).all():
        yield rows
        last = rows[-1].id


def _store_positions(connection: sa.Connection, places: Sequence[sa.Row[*tuple[Any, ...]]]) -> None:
    found = [(place.id, POSITION.fullmatch(place.value.strip())) for place in places]
    rows = [{"of": key, "north": float(match[1]), "east": float(match[2])} for key, match in found if match]
    valid = [row for row in rows if abs(row["north"]) <= 90 and abs(row["east"]) <= 180]
    if valid:
        mine = ANNOTATION.update().where(ANNOTATION.c.id == sa.bindparam("of"))
        values = {"latitude": sa.bindparam("north"), "longitude": sa.bindparam("east"), "folded": ""}
        connection.execute(mine.values(values), valid)


def downgrade() -> None:
    for table, column in INDEXES:
        op.drop_index(f"ix_{table}_{column}", table)
    op.execute("UPDATE annotation SET folded = value WHERE latitude IS NOT NULL")  # digits have no case
    op.drop_index("ix_annotation_latitude_longitude", "annotation")
    for name in ("latitude", "longitude"):
        op.drop_column("annotation", name)
