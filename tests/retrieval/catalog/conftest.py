"""A fresh, empty catalog for each test, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from retrieval.catalog import WritableCatalog


@pytest.fixture
def catalog(catalog_url: URL) -> Iterator[WritableCatalog]:
    """Open for writing."""
    opened = WritableCatalog.create(catalog_url)
    yield opened
    opened.close()
