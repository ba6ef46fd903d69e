"""How much memory a run takes at its beginning and at its end, over many pictures: all processes together.

The pictures are tiny and all different, the library ranks by words and colour, so that what grows with the
number of pictures is not lost in a backbone's weights. Memory is the processes' proportional set size, looked
at every twentieth of a second while pictures are read and written; publishing, which holds all features at
once, is put off to the end and has a figure of its own. --size N: N pictures (default 100,000).
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from indexer.making import changing
from indexer.pipeline import index
from indexer.report import Event, Progress
from retrieval import images, path_bytes

from .crash import make_space

SIZE, FOLDER, STEP = 100_000, 1000, 0.05  # STEP in seconds
SIDE = 24  # pixels


@dataclass(slots=True)
class Watch:
    """What was seen: megabytes, by how many pictures were written then; after the last, of publishing."""

    done: int = 0
    seen: list[tuple[int, float]] = field(default_factory=list)

    def on_event(self, event: Event) -> None:
        """Follow a run."""
        if isinstance(event, Progress):
            self.done = event.done

    def peak(self, first: float, last: float) -> float:
        """The most between two numbers of pictures."""
        return max(amount for done, amount in self.seen if first <= done <= last)


def measure(size: int | None = None) -> dict[str, Any]:
    """The peaks of the first and of the last tenth of a run, and that of publishing it all."""
    count = size or SIZE
    os.environ["PICTOR_PUBLISH_SHARE"] = "1e9"
    with tempfile.TemporaryDirectory() as folder:
        _draw(Path(folder, "pictures"), count)
        library = make_space(Path(folder, "library"))
        watch = Watch()
        with changing(library) as opened, _watching(watch):
            index(opened, [path_bytes(Path(folder, "pictures"))], captions={}, on_event=watch.on_event)
    early, late = watch.peak(1, count / 10), watch.peak(0.9 * count, count - 1)
    figures = {
        "first tenth (MB)": early,
        "last tenth (MB)": late,
        "last / first (promised: 1.1)": late / early,
    }
    return {"figures": figures | {"publishing all (MB)": watch.peak(count, count)}, "beside": {}}


def _draw(folder: Path, count: int) -> None:
    random = np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{number // FOLDER:04}" / f"{number:07}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(images.encode_png(random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)))


@contextmanager
def _watching(watch: Watch) -> Iterator[None]:
    over = threading.Event()

    def look() -> None:
        while not over.wait(STEP):
            watch.seen.append((watch.done, sum(map(_held, _processes()))))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()


def _processes() -> list[str]:
    """This process and its children."""
    children = [path.read_text().split() for path in Path("/proc/self/task").glob("*/children")]
    return ["self", *(each for some in children for each in some)]


def _held(process: str) -> float:
    """Megabytes that a process holds, its share of what it shares included; 0 for one that is gone."""
    with suppress(OSError):
        for line in Path("/proc", process, "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
