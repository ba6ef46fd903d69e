"""Saved searches: a line of the query language, and the newest image at the last look.

The table of before was never written to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("DELETE FROM saved_search")
    with op.batch_alter_table("saved_search", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("query")
        table.add_column(sa.Column("line", sa.Text, nullable=False))
        table.add_column(sa.Column("seen_image", sa.BigInteger, nullable=False))
        table.add_column(sa.Column("looked_at", sa.DateTime))


def downgrade() -> None:
    # An older version has no lines.
    op.execute("DELETE FROM saved_search")
    with op.batch_alter_table("saved_search", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("looked_at")
        table.drop_column("seen_image")
        table.drop_column("line")
        table.add_column(sa.Column("query", sa.JSON, nullable=False))
