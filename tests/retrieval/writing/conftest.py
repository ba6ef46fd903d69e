"""A library of its own for each test of what users write beside a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval import Library, Settings
from tests.world import World


@pytest.fixture
def library(world: World, tmp_path: Path) -> Iterator[Library]:
    """A copy of the world, open for reading."""
    path = Path(shutil.copytree(world.path, tmp_path / "library"))
    with Library.open(path, Settings(weaker=True)) as opened:
        yield opened
