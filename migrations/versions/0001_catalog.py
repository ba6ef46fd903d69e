"""The first catalog: images, locations, facts, features, the change log and the projections' pointers."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
COUNTED = {"sqlite_autoincrement": True}


def id_column(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, BIG, nullable=False, autoincrement=True)


def image_key(table: str) -> tuple[sa.Column[Any], sa.ForeignKeyConstraint]:
    return sa.Column("image_id", BIG, nullable=False), (
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], f"fk_{table}_image_id", ondelete="CASCADE")
    )


def space_key(table: str, *, nullable: bool) -> tuple[sa.Column[Any], sa.ForeignKeyConstraint]:
    return sa.Column("space_id", BIG, nullable=nullable), (
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], f"fk_{table}_space_id", ondelete="CASCADE")
    )


def upgrade() -> None:
    op.create_table(
        "image",
        id_column(),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("perceptual_hash", sa.BigInteger, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("taken_at", sa.DateTime),
        sa.Column("place", sa.Text),
        sa.Column("added_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_image"),
        sa.UniqueConstraint("sha256", name="uq_image_sha256"),
        **COUNTED,
    )
    op.create_index("ix_image_taken_at", "image", ["taken_at"])
    op.create_table(
        "location",
        id_column(),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("display", sa.Text, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        *image_key("location"),
        sa.Column("mtime", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("missing_since", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_location"),
        sa.UniqueConstraint("path", name="uq_location_path"),
        **COUNTED,
    )
    op.create_index("ix_location_folder", "location", ["folder"])
    op.create_index("ix_location_image_id", "location", ["image_id"])
    op.create_table(
        "annotation",
        id_column(),
        *image_key("annotation"),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_annotation"),
        sa.UniqueConstraint(
            "image_id", "field", "value", "source", name="uq_annotation_image_id_field_value_source"
        ),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="ck_annotation_confidence"),
        **COUNTED,
    )
    op.create_index("ix_annotation_image_id", "annotation", ["image_id"])
    op.create_index("ix_annotation_field_folded", "annotation", ["field", "folded"])
    op.create_table(
        "thumbnail",
        *image_key("thumbnail"),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("image_id", name="pk_thumbnail"),
    )
    op.create_table(
        "space",
        id_column(),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("descriptor", sa.Text, nullable=False),
        sa.Column("configuration", sa.JSON, nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_space"),
        sa.UniqueConstraint("fingerprint", name="uq_space_fingerprint"),
        sa.CheckConstraint("state IN ('building', 'live', 'retired')", name="ck_space_state"),
        **COUNTED,
    )
    op.create_table(
        "feature",
        *space_key("feature", nullable=False),
        *image_key("feature"),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "image_id", name="pk_feature"),
    )
    op.create_index("ix_feature_image_id", "feature", ["image_id"])
    op.create_table(
        "change",
        id_column("seq"),
        sa.Column("image_id", sa.BigInteger, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_change"),
        sa.CheckConstraint("operation IN ('put', 'remove')", name="ck_change_operation"),
        **COUNTED,
    )
    op.create_table(
        "projection",
        id_column(),
        sa.Column("kind", sa.Text, nullable=False),
        *space_key("projection", nullable=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("library_versions", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projection"),
        sa.UniqueConstraint("kind", "space_id", name="uq_projection_kind_space_id"),
        **COUNTED,
    )
    op.create_table(
        "problem",
        id_column(),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_problem"),
        sa.UniqueConstraint("path", name="uq_problem_path"),
        **COUNTED,
    )
    op.create_index("ix_problem_code", "problem", ["code"])
    op.create_table(
        "api_key",
        id_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("last_used_at", sa.DateTime),
        sa.Column("revoked_at", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("prefix", name="uq_api_key_prefix"),
        **COUNTED,
    )
    op.create_table(
        "saved_search",
        id_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_search"),
        sa.UniqueConstraint("name", name="uq_saved_search_name"),
        **COUNTED,
    )


def downgrade() -> None:
    for table in (
        "saved_search",
        "api_key",
        "problem",
        "projection",
        "change",
        "feature",
        "space",
        "thumbnail",
        "annotation",
        "location",
        "image",
    ):
        op.drop_table(table)
