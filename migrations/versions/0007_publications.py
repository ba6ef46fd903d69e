"""Publications: pointers to generations have the name of their publication; those from before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("projection", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("publication", sa.Text, nullable=False, server_default=sa.text("''")))
        table.drop_constraint("uq_projection_kind_space_id", type_="unique")
        table.create_unique_constraint(
            "uq_projection_publication_kind_space_id", ["publication", "kind", "space_id"]
        )


def downgrade() -> None:
    op.execute("DELETE FROM projection WHERE publication <> ''")
    with op.batch_alter_table("projection", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint("uq_projection_publication_kind_space_id", type_="unique")
        table.create_unique_constraint("uq_projection_kind_space_id", ["kind", "space_id"])
        table.drop_column("publication")
