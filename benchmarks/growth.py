"""What publishing costs while a library grows: 10,000 images against 100,000, and 100 more of each.

Synthetic libraries (`benchmarks/synthetic.py`) are published for the first time, then four times 100 images
are added and published, as by `pictor index`; a process of its own measures each library, so that its memory
is its own. `+100`: the median of the seconds, and of the processor's seconds, by projection and whole.
`grows`: by how much the larger library takes longer for the same; for the first publication, an image.
`processor`: seconds of all threads. `peak`: the largest resident memory until then, which begins with what
the process had before (`before`). PICTOR_BENCH_KEEP names a folder in which the libraries are kept; they are
copied before they are written to.
--size N: N images in the larger one. --part published: the library in the kept folder is published already,
and only what is added is measured.
"""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

from indexer.upkeep.opening import open_or_create
from retrieval import LibraryWriter

from .synthetic import fill_library, make_library

FEW, MANY = 10_000, 100_000
ADDED, TIMES = 100, 4
MIB = 1024  # resident memory is counted in kibibytes
PROMISED: Final = 1.2

Figures: TypeAlias = dict[str, float]


def measure(size: int | None = None, part: str | None = None) -> dict[str, Any]:
    """Seconds, mebibytes and ratios."""
    if part not in (None, "published"):
        raise SystemExit(f"--part {part}: choose published, or leave it out")
    sizes = (FEW, size or MANY)
    few, many = (_measure_alone(count, part is not None) for count in sizes)
    beside = {f"{count} images": figures for count, figures in zip(sizes, (few, many), strict=True)}
    return {"figures": _compare(few, many, sizes[1] / FEW), "beside": beside}


def _compare(few: Figures, many: Figures, times: float) -> Figures:
    """By how much each figure of seconds is larger."""
    figures: Figures = {}
    for name in few:
        if few[name] and "MiB" not in name:
            scale = times if name.startswith("first") else 1
            figures[f"grows: {name}"] = many[name] / few[name] / scale
    whole = "+100: whole, processor (s)"
    return {f"+100 grows by (promised: {PROMISED})": many[whole] / few[whole], **figures}


def _measure_alone(count: int, is_published: bool) -> Figures:
    context = get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_measure_growth, args=(count, is_published, queue))
    process.start()
    figures: Figures = queue.get()
    process.join()
    return figures


def _measure_growth(count: int, is_published: bool, queue: Any) -> None:
    with (
        make_library(count, publish=is_published) as kept,
        tempfile.TemporaryDirectory(dir=kept.parent) as copy,
    ):
        library = shutil.copytree(kept, Path(copy, "library"))
        figures = {"before: peak (MiB)": _peak()}
        first = _publish(library)
        if not is_published:
            figures |= {f"first: {name}": value for name, value in first.items()}
        added: defaultdict[str, list[float]] = defaultdict(list)
        for number in range(TIMES):
            fill_library(library, ADDED, first=count + ADDED * number)
            for name, value in _publish(library).items():
                added[name].append(value)
        queue.put(figures | {f"+{ADDED}: {name}": median(values) for name, values in added.items()})


def _publish(path: Path) -> Figures:
    """Publish, and give what each projection took."""
    with open_or_create(path) as library:
        figures: Figures = {}
        with _timing(library, figures):
            start, processor = time.perf_counter(), time.process_time()
            library.publish()
            figures["whole, processor (s)"] = time.process_time() - processor
            figures["whole (s)"] = time.perf_counter() - start
            figures["peak (MiB)"] = _peak()
    return figures


@contextmanager
def _timing(library: LibraryWriter, figures: Figures) -> Iterator[None]:
    """Note what each projection of an opened library takes to write its generation."""
    for projection in library.projections:
        vars(projection)["write_generation"] = _timed(projection, figures)
    yield


def _timed(projection: Any, figures: Figures) -> Any:
    write = projection.write_generation

    def write_timed(*arguments: Any) -> Any:
        start = time.process_time()
        made = write(*arguments)
        figures[f"{projection.signal}, processor (s)"] = time.process_time() - start
        figures[f"{projection.signal}, peak (MiB)"] = _peak()
        return made

    return write_timed


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
