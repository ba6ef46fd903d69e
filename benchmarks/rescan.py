"""How long `pictor index` takes over a tree in which nothing changed, against a bare walk of the same tree.

The tree has files of one byte in folders of 500; the catalog is filled directly with their names, sizes and
times, so that nothing has to be decoded first. All are medians of several runs: the command as a process of
its own, with all that it loads, and os.scandir with os.stat of every file in this one.
--size N: N files (default 100,000).
"""

from __future__ import annotations

import hashlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from retrieval import NewImage, write_library
from retrieval.descriptors.colour import Colour

RUNS = 5
IN_FOLDER = 500


def measure(size: int | None = None) -> dict[str, Any]:
    """Medians in seconds."""
    count = size or 100_000
    with tempfile.TemporaryDirectory() as folder:
        root, library = Path(folder) / "pictures", Path(folder) / "library"
        _make_tree(root, count)
        _fill_library(library, root)
        again = ("index", str(root), "--library", str(library))
        run = partial(_run_command, environment=os.environ | {"PYTHONPYCACHEPREFIX": f"{folder}/bytecode"})
        figures = {
            "files": float(count),
            "index, nothing changed (s; at most 3)": _median_seconds(partial(run, *again)),
            "index, processor time alone (s)": _processor_time(partial(run, *again)),
            "pictor --version (s)": _median_seconds(partial(run, "--version")),
            "os.scandir and os.stat alone (s)": _median_seconds(lambda: sum(1 for _ in _walk_tree(root))),
        }
    return {"figures": figures, "beside": {}}


def _make_tree(root: Path, count: int) -> None:
    for number in range(count):
        folder = root / f"{number // IN_FOLDER:04}"
        if number % IN_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"{number:07}.jpg").write_bytes(b"x")


def _walk_tree(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    folders = [os.fspath(root)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry.path, entry.stat(follow_symlinks=False)


def _fill_library(library: Path, root: Path) -> None:
    """A published library that ranks by words and colour: other spaces do nothing in a run without work."""
    colour, files = Colour(), list(_walk_tree(root))
    with write_library(library) as opened:
        with opened.catalog.writing() as writer:
            space = writer.add_space(colour.fingerprint, colour.name, colour.configuration, colour.dimension)
            feature = {space: np.eye(1, colour.dimension, dtype=np.float16)[0]}
            ids = writer.add_images([_new_image(path, feature) for path, _ in files])
            for image_id, (path, facts) in zip(ids, files, strict=True):
                writer.add_location(os.fsencode(path), image_id, mtime=facts.st_mtime_ns, size=facts.st_size)
        opened.publish()


def _new_image(path: str, features: dict[int, Any]) -> NewImage:
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()
    return NewImage(digest, 0, 640, 480, "jpeg", 1, datetime(2020, 1, 1), b"", features)


def _run_command(*arguments: str, environment: dict[str, str]) -> None:
    """One call of the command, with compiled modules, as for an installed package."""
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "indexer.cli", *arguments]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1], env=environment
    )


def _processor_time(work: Callable[[], object]) -> float:
    """Processor time, which other work of the machine does not lengthen."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _median_seconds(work: Callable[[], object]) -> float:
    work()
    taken = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
