"""Webhooks: addresses that are told of new hits of saved searches, and of jobs that have ended."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0021"

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("saved", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("told_image", sa.BigInteger, nullable=False),
        sa.Column("told_at", sa.DateTime, nullable=True),
        sa.Column("failure", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        sa.CheckConstraint("event IN ('new-hits', 'job-ended')", name="ck_webhook_event"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("webhook")
