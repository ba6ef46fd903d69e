"""Libraries for one measurement; those in the folder that PICTOR_BENCH_KEEP names are kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from indexer.run.pipeline import index
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import Library, path_bytes

DONE = "indexed"  # a file that says that a kept library is whole


@contextmanager
def open_indexed(pictures: Path, spec: LibrarySpec) -> Iterator[Library]:
    """The pictures of a folder, indexed as `pictor index` does, without progress output.

    With PICTOR_BENCH_KEEP set, a later call with the same arguments gets the library that was made before.
    """
    with _library_folder(pictures, spec) as folder:
        if not (folder / DONE).exists():
            with open_or_create(folder, spec) as library:
                index(library, [path_bytes(pictures)], captions={}, on_event=ignore_events)
            (folder / DONE).touch()
        with Library.open(folder) as library:
            yield library


@contextmanager
def open_numbered(name: str, pictures: Sequence[Path], spec: LibrarySpec) -> Iterator[Library]:
    """A library of these files with numbers as their names, in their order, and without a word about them.

    `name` is that of the folder with the copies, which is kept where libraries are.
    """
    with _copies_folder(name) as folder:
        for number, picture in enumerate(pictures):
            copy = folder / f"{number}{picture.suffix}"
            if not copy.exists():
                shutil.copyfile(picture, copy)
        with open_indexed(folder, spec) as library:
            yield library


@contextmanager
def _copies_folder(name: str) -> Iterator[Path]:
    kept = os.environ.get("PICTOR_BENCH_KEEP")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(kept or place, "numbered", name)
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


@contextmanager
def _library_folder(pictures: Path, spec: LibrarySpec) -> Iterator[Path]:
    kept = os.environ.get("PICTOR_BENCH_KEEP")
    if kept:
        yield Path(kept, hashlib.sha256(f"{pictures} {spec}".encode()).hexdigest()[:16])
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def ignore_events(*_: object) -> None:
    """Progress is not shown: a benchmark's output is its figures."""
