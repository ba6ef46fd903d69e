"""The history of the catalog's schema, run by Alembic; imports nothing of ours."""
