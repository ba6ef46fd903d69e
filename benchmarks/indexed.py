"""A library that lives as long as it is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.making import Recipe, writing
from indexer.pipeline import index
from retrieval import Library, path_bytes


@contextmanager
def indexed(pictures: Path, recipe: Recipe) -> Iterator[Library]:
    """The pictures of a folder, indexed as `pictor index` does, without a word of progress."""
    with tempfile.TemporaryDirectory() as folder:
        with writing(Path(folder), recipe) as library:
            index(library, [path_bytes(pictures)], captions={}, on_event=quiet)
        with Library.open(folder) as library:
            yield library


def quiet(*_: object) -> None:
    """Progress is not shown: a benchmark's output is its figures."""
