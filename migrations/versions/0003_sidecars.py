"""Sidecar files that were read: size, time and facts of each."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "sidecar",
        sa.Column("id", BIG, nullable=False, autoincrement=True),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("image_id", BIG, nullable=False),
        sa.Column("mtime", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], "fk_sidecar_image_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sidecar"),
        sa.UniqueConstraint("path", "image_id", name="uq_sidecar_path_image_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sidecar_image_id", "sidecar", ["image_id"])


def downgrade() -> None:
    op.drop_table("sidecar")
