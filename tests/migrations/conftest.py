"""Databases of both kinds (SQLite, PostgreSQL) to run the migrations on."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("tests.databases")
