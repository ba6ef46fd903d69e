"""A PostgreSQL server for libraries whose catalog is shared."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("tests.databases")
