"""Contents: the bytes of files, of which an image may have several; and the digest of an image's pixels.

Every image of before has one content, which states what the image has from its file. What its pixels were is
not known any more, so its digest is made from its size and its thumbnail.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ROWS = 1000  # images at a time, to limit memory
EMBEDDED = ("xmp", "iptc", "exif", "comment")  # sources of what the bytes of a file state
IMAGE = sa.table(
    "image",
    *map(sa.column, ("id", "sha256", "width", "height", "format", "bytes", "pixel_digest")),
    sa.column("taken_at", sa.DateTime),
)
ANNOTATION = sa.table("annotation", *map(sa.column, ("id", "image_id", "field", "value", "source")))
THUMBNAIL = sa.table("thumbnail", sa.column("image_id"), sa.column("data", sa.LargeBinary))
CONTENT = sa.table(
    "content",
    *map(sa.column, ("id", "sha256", "image_id", "bytes", "format")),
    sa.column("taken_at", sa.DateTime),
    sa.column("said", sa.JSON),
)


def upgrade() -> None:
    op.add_column("image", sa.Column("pixel_digest", sa.Text, nullable=False, server_default=sa.text("''")))
    _create_contents()
    for images in _image_batches(op.get_bind()):
        _fill_batch(op.get_bind(), images)
    op.create_index("ix_image_pixel_digest", "image", ["pixel_digest"])
    _link_locations()


def _create_contents() -> None:
    op.create_table(
        "content",
        sa.Column("id", BIG, nullable=False, autoincrement=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("image_id", BIG, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("taken_at", sa.DateTime),
        sa.Column("said", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], "fk_content_image_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_content"),
        sa.UniqueConstraint("sha256", name="uq_content_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_content_image_id", "content", ["image_id"])


def _image_batches(connection: sa.Connection) -> Iterator[Sequence[sa.Row[*tuple[Any, ...]]]]:
    """Every image with its thumbnail, in the order of their ids."""
    joined = IMAGE.outerjoin(THUMBNAIL, THUMBNAIL.c.image_id == IMAGE.c.id)
    query = sa.select(*IMAGE.c, THUMBNAIL.c.data).select_from(joined).order_by(IMAGE.c.id).limit(ROWS)
    last = 0
    while rows := connection.execute(query.where(IMAGE.c.id > last)).all():
        yield rows
        last = rows[-1].id


def _fill_batch(connection: sa.Connection, images: Sequence[sa.Row[*tuple[Any, ...]]]) -> None:
    facts, dated = _load_facts(connection, images[0].id, images[-1].id)
    rows = [
        {
            "sha256": image.sha256,
            "image_id": image.id,
            "bytes": image.bytes,
            "format": image.format,
            # A time that no annotation states is one that an older version took from the file.
            "taken_at": None if image.id in dated else image.taken_at,
            "said": facts[image.id],
        }
        for image in images
    ]
    connection.execute(CONTENT.insert(), rows)
    digests = [{"of": image.id, "new": _digest_thumbnail(image)} for image in images if image.data]
    if digests:
        mine = IMAGE.update().where(IMAGE.c.id == sa.bindparam("of"))
        connection.execute(mine.values(pixel_digest=sa.bindparam("new")), digests)


def _load_facts(
    connection: sa.Connection, first: int, last: int
) -> tuple[dict[int, list[list[str]]], set[int]]:
    """What the files of these images state; and the images of which anything states a time."""
    facts: dict[int, list[list[str]]] = defaultdict(list)
    dated: set[int] = set()
    among = sa.select(ANNOTATION).where(ANNOTATION.c.image_id.between(first, last))
    for row in connection.execute(among.order_by(ANNOTATION.c.id)):
        if row.source in EMBEDDED:
            facts[row.image_id].append([row.field, row.value, row.source])
        if row.field in ("taken", "modified"):
            dated.add(row.image_id)
    return facts, dated


def _digest_thumbnail(image: sa.Row[*tuple[Any, ...]]) -> str:
    header = f"{image.width} {image.height}\n".encode()
    return "thumbnail " + hashlib.sha256(header + bytes(image.data)).hexdigest()


def _link_locations() -> None:
    op.add_column("location", sa.Column("content_id", BIG))
    op.execute(
        "UPDATE location SET content_id ="
        " (SELECT content.id FROM content WHERE content.image_id = location.image_id)"
    )
    with op.batch_alter_table("location", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("content_id", existing_type=BIG, nullable=False)
        table.create_foreign_key(
            "fk_location_content_id", "content", ["content_id"], ["id"], ondelete="CASCADE"
        )
        table.create_index("ix_location_content_id", ["content_id"])


def downgrade() -> None:
    # An older version knows one content of an image; it reads the other files again.
    op.execute(
        "DELETE FROM location WHERE content_id NOT IN"
        " (SELECT content.id FROM content JOIN image ON image.sha256 = content.sha256)"
    )
    with op.batch_alter_table("location", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint("fk_location_content_id", type_="foreignkey")
        table.drop_index("ix_location_content_id")
        table.drop_column("content_id")
    op.drop_table("content")
    op.drop_index("ix_image_pixel_digest", "image")
    op.drop_column("image", "pixel_digest")
