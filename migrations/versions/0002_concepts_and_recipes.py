"""Named concepts, which are sets of examples, and named recipes, which are weights of signals."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
COUNTED = {"sqlite_autoincrement": True}


def id_column() -> sa.Column[Any]:
    return sa.Column("id", BIG, nullable=False, autoincrement=True)


def upgrade() -> None:
    op.create_table(
        "concept",
        id_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("good", sa.JSON, nullable=False),
        sa.Column("bad", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_concept"),
        sa.UniqueConstraint("name", name="uq_concept_name"),
        **COUNTED,
    )
    op.create_table(
        "recipe",
        id_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("fusion", sa.Text, nullable=False),
        sa.Column("k", sa.Float, nullable=False),
        sa.Column("weights", sa.JSON, nullable=False),
        sa.Column("measured", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recipe"),
        sa.UniqueConstraint("name", name="uq_recipe_name"),
        **COUNTED,
    )


def downgrade() -> None:
    op.drop_table("recipe")
    op.drop_table("concept")
