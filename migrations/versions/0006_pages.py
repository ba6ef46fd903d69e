"""Pages: a location is a page of a file; all locations from before are first pages."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("location", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("page", sa.Integer, nullable=False, server_default="1"))
        table.drop_constraint("uq_location_path", type_="unique")
        table.create_unique_constraint("uq_location_path_page", ["path", "page"])


def downgrade() -> None:
    op.execute("DELETE FROM location WHERE page > 1")
    with op.batch_alter_table("location", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint("uq_location_path_page", type_="unique")
        table.create_unique_constraint("uq_location_path", ["path"])
        table.drop_column("page")
