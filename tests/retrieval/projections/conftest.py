"""A copy of the small library for each test, and the one who writes to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval import LibraryWriter, write_library


@pytest.fixture
def path(library_path: Path, tmp_path: Path) -> Path:
    """A copy of the published library, to be written to."""
    return shutil.copytree(library_path, tmp_path / "library")


@pytest.fixture
def writer(path: Path) -> Iterator[LibraryWriter]:
    with write_library(path) as library:
        yield library
