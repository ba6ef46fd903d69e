"""A PostgreSQL server for libraries whose catalog is shared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest loads it as a plugin
    from tests.databases import Server


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    made = postgresql.create_database()
    yield made
    postgresql.drop_database(made)
