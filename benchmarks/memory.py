"""How much memory a run over many pictures takes at its beginning and at its end, all processes together.

A library of tiny pictures, all different, made as by `pictor index` and published as usual: whenever a
quarter is new, and at the end. Memory is the proportional set size of the processes, sampled twice a second.
The peaks are those of publications; the medians show what is kept. --size N: N pictures
(default 100,000, which take half an hour on two cores).
"""

from __future__ import annotations

import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from indexer.run.pipeline import index
from indexer.run.report import Event, Progress
from indexer.upkeep.opening import open_or_create
from retrieval import images, path_bytes

SIZE, FOLDER, STEP = 100_000, 1000, 0.5  # STEP in seconds: looking costs a process of this size 20 ms
SIDE = 24  # pixels


@dataclass(slots=True)
class Watch:
    """Samples of the memory in megabytes, by the number of pictures written so far."""

    done: int = 0
    seen: list[tuple[int, float]] = field(default_factory=list)

    def on_event(self, event: Event) -> None:
        """Follow a run."""
        if isinstance(event, Progress):
            self.done = event.done

    def amounts_between(self, first: float, last: float) -> list[float]:
        """The samples between two numbers of pictures."""
        return [amount for done, amount in self.seen if first <= done <= last]


def measure(size: int | None = None) -> dict[str, Any]:
    """Peaks and medians of the first and of the last tenth of a run, and how they compare."""
    count = size or SIZE
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        _draw_pictures(Path(folder, "pictures"), count)
        with open_or_create(Path(folder, "library")) as library, _watch_memory(watch):
            index(library, [path_bytes(Path(folder, "pictures"))], captions={}, on_event=watch.on_event)
    early, late = watch.amounts_between(1, count / 10), watch.amounts_between(0.9 * count, count)
    return {
        "figures": _comparison_figures("peak", max(early), max(late))
        | _comparison_figures("median", statistics.median(early), statistics.median(late)),
        "beside": {},
    }


def _comparison_figures(what: str, early: float, late: float) -> dict[str, float]:
    return {
        f"{what} of the first tenth (MB)": early,
        f"{what} of the last tenth (MB)": late,
        f"{what}: last / first": late / early,
    }


def _draw_pictures(folder: Path, count: int) -> None:
    random = np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{number // FOLDER:04}" / f"{number:07}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(images.encode_png(random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)))


@contextmanager
def _watch_memory(watch: Watch) -> Iterator[None]:
    over = threading.Event()

    def sample_memory() -> None:
        while not over.wait(STEP):
            watch.seen.append((watch.done, sum(map(_used_megabytes, _process_ids()))))

    thread = threading.Thread(target=sample_memory, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()


def _process_ids() -> list[str]:
    """This process and its children."""
    found = ["self"]
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # a thread that has ended meanwhile
            found += path.read_text().split()
    return found


def _used_megabytes(process: str) -> float:
    """Megabytes that a process uses, with its part of shared memory; 0 for one that has ended."""
    with suppress(OSError):
        for line in Path("/proc", process, "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
