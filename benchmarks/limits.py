"""Runs with limited memory or open files; none of them may lose anything.

`pictor index` adds pictures to a library under a limit that grows from very little to enough (prlimit
--as, --nofile), once to a library that ranks by words and colour alone and once to one with the bundled
backbone. Each run must end by itself: completed, or with a sentence and an exit code; the kernel and
libraries that run out of memory may end it too. Afterwards the content of the library is still there,
nothing is damaged, and a run without a limit completes it.
--size N: the step of the memory in MiB (default 25; four times as much with the backbone).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexer.upkeep.check import check_library
from retrieval import Library, images

from .crash import make_space

MEMORY, FILES = "--as", "--nofile"
LONGEST = 120.0  # seconds that a run may take before it counts as hung
FIRST, ADDED = 4, 8  # pictures
SIDE = 96  # pixels
MIB = 1 << 20


def measure(size: int | None = None) -> dict[str, Any]:
    """How runs under limits ended, and what was wrong afterwards, by library and limit."""
    step = size or 25
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        # In folders of their own, since each library has its pictures next to it.
        plain, full = Path(folder, "colour", "library"), Path(folder, "backbone", "library")
        make_space(plain)
        for library in (plain, full):
            begin_library(library)
        for library, most, wide in ((plain, 2000, step), (full, 5000, 4 * step)):
            limits = {
                "memory": [(MEMORY, value * MIB) for value in range(100, most, wide)],
                "files": [(FILES, value) for value in range(4, 40, 2)],
            }
            for name, values in limits.items():
                for how, count in Counter(
                    outcome for outcome, _ in run_under_limits(library, values)
                ).items():
                    figures[f"{library.parent.name}, {name}: {how}"] = count
    return {"figures": figures, "beside": {}}


def begin_library(library: Path) -> None:
    """Put the first pictures into a library."""
    draw_pictures(library.with_name("first"), 0, FIRST)
    draw_pictures(library.with_name("more"), FIRST, FIRST + ADDED)
    done = _run_index(library, "first")
    assert done.returncode == 0, done.stderr


def draw_pictures(folder: Path, first: int, end: int) -> None:
    """Pictures of which no two are alike."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, end):
        pixels = np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        (folder / f"{number}.png").write_bytes(images.encode_png(pixels))


def run_under_limits(library: Path, limits: Sequence[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """How a run under each limit ended, with its message, and what was wrong afterwards.

    A run goes on from where the one before it ended, unless that was done.
    """
    for place, (limit, value) in enumerate(limits):
        copied = library.with_name("copied")
        if not copied.exists():
            shutil.copytree(library, copied)
        how, message = _run_limited(copied, f"{limit}={value}")
        print(f"{library.parent.name}, {limit} {value}: {how} {message}", file=sys.stderr, flush=True)
        yield how, message
        yield from _find_wrongs(copied)
        if how == "done" or place == len(limits) - 1:
            yield from _complete_library(copied)
            shutil.rmtree(copied)


def _run_limited(library: Path, *limits: str) -> tuple[str, str]:
    try:
        done = _run_index(library, "more", "prlimit", *limits)
    except subprocess.TimeoutExpired:
        return "hung", ""
    message = done.stderr.strip()
    if "Fatal Python error" in message:
        return "Python did not start", ""
    if "Traceback" in message:
        return "traceback", message
    if done.returncode < 0:
        return "ended by a signal", str(-done.returncode)
    if not done.returncode:
        return "done", ""
    return ("a sentence" if message else "silent"), f"({done.returncode}) {message.splitlines()[-1:]}"


def _run_index(library: Path, folder: str, *before: str) -> subprocess.CompletedProcess[str]:
    pictor = [sys.executable, "-m", "indexer.cli", "index", str(library.with_name(folder)), "--library"]
    return subprocess.run(
        [*before, *pictor, str(library)],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
        cwd=Path(__file__).parents[1],
    )


def _find_wrongs(library: Path) -> Iterator[tuple[str, str]]:
    with Library.open(library) as opened:
        held, found = opened.count_images(), list(check_library(opened))
    if not FIRST <= held <= FIRST + ADDED:
        yield "lost", f"{held} images"
    for finding in found:
        # A generation that a killed run was writing does no harm: the next run removes it.
        if finding.code != "stray-file":
            yield "finding", finding.text


def _complete_library(library: Path) -> Iterator[tuple[str, str]]:
    done = _run_index(library, "more")
    with Library.open(library) as opened:
        held = opened.count_images()
    if (done.returncode, held) != (0, FIRST + ADDED):
        yield "not completed", f"{held} images, exit code {done.returncode}: {done.stderr}"
