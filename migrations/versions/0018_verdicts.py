"""Verdicts: what people said about which images are one picture."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("images", sa.JSON, nullable=False),
        sa.Column("stated_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_verdict"),
        sa.CheckConstraint("kind IN ('same', 'different')", name="ck_verdict_kind"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("verdict")
