"""Roots: the folders that were given to be indexed, and how many folders of each path lie below them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "root",
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_root"),
    )
    op.add_column("location", sa.Column("depth", sa.Integer, server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("location", "depth")
    op.drop_table("root")
