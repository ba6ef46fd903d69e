"""A checksum for every stored feature: the CRC-32 of zlib, computed from its blob when this runs."""

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROWS = 1000  # at a time, to limit memory
FEATURE = sa.table("feature", *map(sa.column, ("space_id", "image_id", "vector", "crc32")))
KEY = (FEATURE.c.space_id, FEATURE.c.image_id)


def upgrade() -> None:
    op.add_column("feature", sa.Column("crc32", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    has_key = [column == sa.bindparam(f"of_{column.name}") for column in KEY]
    statement = FEATURE.update().where(*has_key).values(crc32=sa.bindparam("new"))
    for rows in feature_batches(op.get_bind()):
        values = [(space, image, zlib.crc32(vector)) for space, image, vector in rows]
        names = ("of_space_id", "of_image_id", "new")
        op.get_bind().execute(statement, [dict(zip(names, value, strict=True)) for value in values])


def feature_batches(connection: sa.Connection) -> Iterator[Sequence[sa.Row[*tuple[Any, ...]]]]:
    """Every feature with its key, in the order of the keys."""
    query = sa.select(*KEY, FEATURE.c.vector).order_by(*KEY).limit(ROWS)
    last = (0, 0)
    while rows := connection.execute(query.where(sa.tuple_(*KEY) > sa.tuple_(*last))).all():
        yield rows
        last = rows[-1][:2]


def downgrade() -> None:
    op.drop_column("feature", "crc32")
