"""People who may sign in, what keys and people are restricted to, and who did what."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("api_key", sa.Column("folder", sa.Text))
    op.add_column("api_key", sa.Column("tag", sa.Text))
    op.create_table(
        "person",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("folder", sa.Text),
        sa.Column("tag", sa.Text),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("last_used_at", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("name", name="uq_person_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sign_in",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("person_id", BIG_KEY),
        sa.Column("key_id", BIG_KEY),
        sa.Column("ends_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
        sa.UniqueConstraint("sha256", name="uq_sign_in_sha256"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_sign_in_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_sign_in_key_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deed",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("done_at", sa.DateTime, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deed"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("deed")
    op.drop_table("sign_in")
    op.drop_table("person")
    with op.batch_alter_table("api_key") as api_key:
        api_key.drop_column("tag")
        api_key.drop_column("folder")
