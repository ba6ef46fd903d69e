"""Two copies of one library of scenes, some of which lie there twice: one embedded, one behind a server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval import Client, Library
from tests.browsing import serve_library
from tests.indexing import index_folder


@pytest.fixture(scope="module")
def embedded(library_path: Path, scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("client")
    copies = folder / "copies"
    copies.mkdir()
    first, second, *_ = sorted(scenes.rglob("*.jpg"))
    shutil.copy(first, copies / "again.jpg")
    shutil.copy(second, copies / "once more.jpg")
    (copies / "broken.jpg").write_bytes(b"no picture")
    shutil.copytree(library_path, folder / "library")
    index_folder(folder / "library", copies)
    with Library.open(folder / "library") as opened:
        yield opened


@pytest.fixture(scope="module")
def served(embedded: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(embedded.path, tmp_path_factory.mktemp("served") / "library")


@pytest.fixture(scope="module")
def address(served: Path) -> Iterator[str]:
    with Library.open(served) as opened, serve_library(opened) as found:
        yield found


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    with Client(address) as opened:
        yield opened
