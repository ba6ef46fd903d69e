"""What a person says of images: rejections, facts that are overruled, and edits that can be taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0011"

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FACT = (
    ("field", sa.Text, False),
    ("value", sa.Text, False),
    ("folded", sa.Text, False),
    ("source", sa.Text, False),
    ("confidence", sa.Float, False),
    ("latitude", sa.Float, True),
    ("longitude", sa.Float, True),
)


def upgrade() -> None:
    op.create_table(
        "rejection",
        sa.Column("id", BIG_KEY, nullable=False),
        _image_column("rejection"),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rejection"),
        sa.UniqueConstraint("image_id", "field", "value", name="uq_rejection_image_id_field_value"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "overruled",
        sa.Column("id", BIG_KEY, nullable=False, autoincrement=False),
        _image_column("overruled"),
        *(sa.Column(name, kind, nullable=nullable) for name, kind, nullable in FACT),
        sa.PrimaryKeyConstraint("id", name="pk_overruled"),
    )
    op.create_table(
        "edit",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_edit"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "edited_image",
        sa.Column(
            "edit_id",
            BIG_KEY,
            sa.ForeignKey("edit.id", ondelete="CASCADE", name="fk_edited_image_edit_id"),
            nullable=False,
        ),
        _image_column("edited_image"),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("edit_id", "image_id", name="pk_edited_image"),
    )
    for table in ("rejection", "overruled", "edited_image"):
        op.create_index(f"ix_{table}_image_id", table, ["image_id"])


def _image_column(table: str) -> sa.Column[int]:
    image = sa.ForeignKey("image.id", ondelete="CASCADE", name=f"fk_{table}_image_id")
    return sa.Column("image_id", BIG_KEY, image, nullable=False)


def downgrade() -> None:
    # An older version knows none of this: what was overruled counts again.
    columns = ", ".join(("id", "image_id", *(name for name, _, _ in FACT)))
    op.execute(f"INSERT INTO annotation ({columns}) SELECT {columns} FROM overruled")
    for table in ("edited_image", "edit", "overruled", "rejection"):
        op.drop_table(table)
