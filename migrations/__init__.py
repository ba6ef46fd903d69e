"""The history of the catalog's schema, run by Alembic; imports nothing of ours."""

# Every revision of the schema, oldest first: what is opened is compared with these, without loading Alembic.
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0011",
    "0015",
    "0017",
    "0018",
    "0019",
    "0021",
    "0020",
)
