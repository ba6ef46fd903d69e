"""Searching during indexing, for minutes: errors, delays until pictures are found, and growth of memory.

One process indexes pictures, a round of them in one transaction, publishes, and removes the oldest ones
again; others search meanwhile. Every answer must belong to one state: all pictures of a round, or none. What
was acknowledged must be found, readers must never go back to an older state, and neither their memory nor
their open files may grow. A delay runs from an acknowledgement to the end of a reader's first search for it,
whatever the reader was doing then. --size N: N minutes (default 10).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from indexer.run.pipeline import index
from indexer.run.report import Event, Progress
from indexer.upkeep.opening import open_existing
from retrieval import (
    Annotation,
    Library,
    LibraryWriter,
    Picture,
    Query,
    StoredPicture,
    Text,
    images,
    path_bytes,
)

from .crash import make_space

MINUTES, READERS, READY = 10, 4, "ready"
ROUND = 8  # pictures in one transaction
KEPT = 10  # rounds that a library holds
SIDE = 24  # pixels
BETWEEN = 20  # searches between two looks at memory

Said = tuple[Annotation, ...]


@dataclass(slots=True)
class ReaderReport:
    """What one reader measured: faults as sentences, delays in seconds, (seconds, megabytes, open files)."""

    searches: int = 0
    faults: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    held: list[tuple[float, float, int]] = field(default_factory=list)

    def largest_between(self, what: int, first: float, last: float) -> float:
        """The largest of megabytes (1) or files (2) between two moments."""
        return max(moment[what] for moment in self.held if first <= moment[0] <= last)


def measure(size: int | None = None) -> dict[str, Any]:
    """The results of all readers together, and how many rounds were indexed."""
    seconds = 60.0 * (size or MINUTES)
    with tempfile.TemporaryDirectory() as folder:
        rounds, seen = run_soak(Path(folder), seconds)
    for fault in sorted({fault for reader in seen for fault in reader.faults}):
        print(fault, file=sys.stderr)
    delays = np.concatenate([reader.delays for reader in seen])
    figures = {
        "rounds indexed": float(rounds),
        "searches": float(sum(reader.searches for reader in seen)),
        "faults": float(sum(len(reader.faults) for reader in seen)),
        "acknowledged to found, median (s)": float(np.median(delays)),
        "acknowledged to found, worst (s; promised: 1)": float(delays.max()),
    }
    for what, name in ((1, "memory of a reader (MB)"), (2, "open files of a reader")):
        for part, first in (("second fifth", 0.2), ("last fifth", 0.8)):
            end = (first + 0.2) * seconds
            figures[f"{name}, {part}"] = max(
                reader.largest_between(what, first * seconds, end) for reader in seen
            )
    return {"figures": figures, "beside": {}}


def run_soak(folder: Path, seconds: float, readers: int = READERS) -> tuple[int, list[ReaderReport]]:
    """Index and search for so many seconds; returns the number of rounds and the report of each reader."""
    library, log_path = make_space(folder / "library"), folder / "acknowledged.log"
    log_path.touch()
    context, pipes = get_context("spawn"), []
    for _ in range(readers):
        ours, theirs = context.Pipe()
        context.Process(target=_search_rounds, args=(library, log_path, theirs), daemon=True).start()
        theirs.close()
        pipes.append(ours)
    assert all(pipe.recv() == READY for pipe in pipes)
    ends = time.monotonic() + seconds
    for pipe in pipes:
        pipe.send(ends)
    rounds = _write_rounds(library, folder / "pictures", log_path, ends)
    return rounds, [pipe.recv() for pipe in pipes]


def _write_rounds(library: Path, pictures: Path, log_path: Path, ends: float) -> int:
    captions: dict[bytes, Said] = {}
    number = 0
    with open_existing(library) as opened, log_path.open("a", buffering=1) as log:

        def on_event(event: Event) -> None:
            if isinstance(event, Progress):
                log.write(f"{time.monotonic()} {_word_of_round(number)}\n")

        while time.monotonic() < ends:
            captions |= _draw_round(pictures / _word_of_round(number), number)
            index(opened, [path_bytes(pictures)], captions=captions, on_event=on_event)
            if number >= KEPT:
                old = _word_of_round(number - KEPT)
                log.write(f"leaving {old}\n")
                _remove_round(opened, pictures / old, captions)
                log.write(f"gone {old}\n")
            number += 1
    return number


def _word_of_round(number: int) -> str:
    return f"round{number}"


def _draw_round(folder: Path, number: int) -> Iterator[tuple[bytes, Said]]:
    """New pictures, each with a caption that names its round."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(number)
    for place in range(ROUND):
        path = folder / f"{place}.png"
        path.write_bytes(images.encode_png(random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)))
        yield path_bytes(path), (Annotation("caption", f"{_word_of_round(number)} in the soak", "captions"),)


def _remove_round(library: LibraryWriter, folder: Path, captions: dict[bytes, Said]) -> None:
    paths = [path_bytes(path) for path in folder.iterdir()]
    with library.catalog.writing() as writer:
        places = writer.load_locations()
        writer.remove_images([places[path][0] for path in paths])
    for path in paths:
        captions.pop(path)
    shutil.rmtree(folder)


# -- readers ----------------------------------------------------------------------------------------


def _search_rounds(path: Path, log_path: Path, parent: Any) -> None:
    seen, leaving, seq = ReaderReport(), set[str](), 0
    with Library.open(path) as library, log_path.open() as log:
        black = Picture(images.encode_png(np.zeros((8, 8, 3), np.uint8)))
        library.search(Query((black, Text("soak"))))  # so that everything is loaded
        parent.send(READY)
        ends, started = parent.recv(), time.monotonic()
        while time.monotonic() < ends:
            told = [line.split() for line in log]
            leaving |= {word for what, word in told if what == "leaving"}
            try:
                for when, word in told:
                    _search_word(library, when, word, word in leaving, seen)
                seq = _check_state(library, seq, seen)
            except Exception as error:  # any error means that a reader could not search
                seen.faults.append(f"{type(error).__name__}: {error}")
            if seen.searches % BETWEEN < 2 or not seen.held:
                seen.held.append((time.monotonic() - started, *_used_memory_and_files()))
    parent.send(seen)


def _search_word(library: Library, when: str, word: str, is_leaving: bool, seen: ReaderReport) -> None:
    """Check that a round is found while it is there, and no longer when it is gone."""
    found = library.search(Query((Text(word),), limit=1)).total
    seen.searches += 1
    if when not in ("leaving", "gone"):
        seen.delays.append(time.monotonic() - float(when))
    expected = (0,) if when == "gone" else (0, ROUND) if is_leaving else (ROUND,)
    if found not in expected:
        seen.faults.append(f"{found} pictures of {word} were found, and not {expected}")


def _check_state(library: Library, seq: int, seen: ReaderReport) -> int:
    """Check that words and colours show one state, which is not older than the last one."""
    snapshot = library.snapshot()
    found = library.rank_signals(Query((Text("soak"),)))
    seen.searches += 1
    if snapshot.seq < seq:
        seen.faults.append(f"back: from change {seq} to {snapshot.seq}")
    for signal, ranking in found.items():
        if len(ranking) % ROUND:
            seen.faults.append(f"torn: {len(ranking)} pictures by {signal}")
    if len(found["words"]):
        example = StoredPicture(int(found["words"].ids.max()))  # the newest, which is removed last
        by_colour = library.rank_signals(Query((example,), include_examples=True))["colour"]
        seen.searches += 1
        if len(by_colour) % ROUND:
            seen.faults.append(f"torn: {len(by_colour)} pictures by colour")
    return snapshot.seq


def _used_memory_and_files() -> tuple[float, int]:
    """Megabytes that this process uses, and the number of its open files."""
    status = Path("/proc/self/status").read_text()
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return kilobytes / 1024, sum(1 for _ in Path("/proc/self/fd").iterdir())
