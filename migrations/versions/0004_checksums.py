"""A checksum for every stored feature: CRC-32, as zlib has it, of what is in its blob when this runs."""

import zlib
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROWS = 1000  # at a time, so that memory stays flat
FEATURE = sa.table("feature", *map(sa.column, ("space_id", "image_id", "vector", "crc32")))
KEY = (FEATURE.c.space_id, FEATURE.c.image_id)


def upgrade() -> None:
    op.add_column("feature", sa.Column("crc32", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    mine = [column == sa.bindparam(f"of_{column.name}") for column in KEY]
    given = FEATURE.update().where(*mine).values(crc32=sa.bindparam("new"))
    for rows in batches(op.get_bind()):
        values = [(space, image, zlib.crc32(vector)) for space, image, vector in rows]
        names = ("of_space_id", "of_image_id", "new")
        op.get_bind().execute(given, [dict(zip(names, each, strict=True)) for each in values])


def batches(connection: sa.Connection) -> Iterator[list[sa.Row]]:
    """Every feature with its key, in the order of the keys."""
    query = sa.select(*KEY, FEATURE.c.vector).order_by(*KEY).limit(ROWS)
    last = (0, 0)
    while rows := connection.execute(query.where(sa.tuple_(*KEY) > sa.tuple_(*last))).all():
        yield rows
        last = rows[-1][:2]


def downgrade() -> None:
    op.drop_column("feature", "crc32")
