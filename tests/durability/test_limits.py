"""A process that cannot open more files, or get more memory, says so and loses nothing."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.crash import make_space
from benchmarks.limits import FILES, MEMORY, MIB, begin_library, run_under_limits
from retrieval import NewImage, read_status, write_library
from tests.indexer.command import ROOT

LARGE = 5_000  # images: 10 MB of colours
# MiB, from what NumPy needs to load up to enough: what is between depends on the machine.
SIZES = (*range(250, 300, 12), 600)

# FAISS and Whoosh are loaded before, and room is left for what Python itself needs.
SEARCH = """
import resource, sys
import whoosh.codec.whoosh3, whoosh.index
from pathlib import Path
from retrieval import Library, NotEnoughMemory
with Library.open(sys.argv[1]) as library:
    [words, colours] = library.projections
    with library.catalog.reading() as reader:
        empty = colours.load_generation(Path("nowhere"), None)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + int(sys.argv[2]) * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        try:
            library.snapshot()
        except NotEnoughMemory as error:
            print(error)
"""

pytestmark = pytest.mark.skipif(not shutil.which("prlimit"), reason="limits are set by prlimit")


def test_runs_without_files_or_memory_say_so_and_the_next_one_finishes(tmp_path: Path) -> None:
    begin_library(library := make_space(tmp_path / "library"))
    ended = list(run_under_limits(library, [(FILES, 12), *((MEMORY, size * MIB) for size in SIZES)]))
    assert {how for how, _ in ended} == {"a sentence", "done"}, ended
    assert "(4)" in ended[0][1]
    assert "Too many open files" in ended[0][1]
    assert any("(4)" in said and "not enough memory" in said for _, said in ended[1:]), ended
    assert ended[-1][0] == "done"


def test_projections_that_do_not_fit_into_memory_are_named(tmp_path: Path) -> None:
    library = make_space(tmp_path / "library")
    with write_library(library) as opened:
        [space] = opened.spaces
        feature = {space.id: np.eye(1, space.dimension, dtype=np.float16)[0]}
        with opened.catalog.writing() as writer:
            writer.add_images([new_image(number, feature) for number in range(LARGE)])
        opened.publish()
        size = max(projection.bytes for projection in read_status(opened).projections)
    assert size > 9e6
    for megabytes, expected in ((4, f"needs {size / 1e6:.3f}".rstrip("0").rstrip(".")), (900, "")):
        command = [sys.executable, "-c", SEARCH, library, str(megabytes)]
        said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        assert expected in said
        assert bool(said) == bool(expected)


def new_image(number: int, features: dict[int, np.ndarray]) -> NewImage:
    return NewImage(hashlib.sha256(b"%d" % number).hexdigest(), 0, 8, 8, "jpeg", 1, None, b"", features)
