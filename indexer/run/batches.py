"""Files to be read, in batches: each is decoded, described, written and reported before the next one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from retrieval import LibraryWriter, Problem, display_path

from .captions import Captions
from .decode import FilePage, IsKnown, Outcome, decode_files
from .report import OnEvent, ProblemMet, Progress
from .retrying import retry_after_loss
from .sources import FoundFile
from .stop_signals import Shield
from .write import INCOMPLETE, BatchResult, write_batch


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all steps of a run need. `anew`: pictures that the library has already are described again."""

    library: LibraryWriter
    captions: Captions
    on_event: OnEvent
    shield: Shield
    anew: bool = False


@dataclass(slots=True)
class _Count:
    """How far a run is: files that are done, and problems."""

    total: int
    started: float
    done: int = 0
    problems: int = 0

    def add_batch(self, batch: Sequence[Outcome], result: BatchResult) -> Progress:
        finished = {
            _path(outcome) for outcome in batch if not isinstance(outcome, FilePage) or outcome.is_first
        }
        self.done = min(self.done + len(finished), self.total)
        self.problems += len(result.problems)
        folder = display_path(os.path.dirname(_path(batch[-1])))  # noqa: PTH120 - Path cannot hold bytes
        return Progress(self.done, self.total, self.problems, folder, time.monotonic() - self.started)


def write_batches(
    run: RunContext, files: Sequence[FoundFile], is_walked: Callable[[bytes], bool]
) -> Iterator[BatchResult]:
    """Read, describe and write the files in batches, and publish whenever the tail has grown long.

    `is_walked`: as in `write_batch`.
    """
    if not files:
        return
    library, settings = run.library, run.library.settings
    outcomes = decode_files(
        files, is_known=_is_known(run), limits=library.reading_limits, threads=settings.decode_threads
    )
    count = _Count(len(files), time.monotonic())
    for batch in _split_batches(outcomes, settings.batch_size):
        with run.shield():
            result = write_batch(library, batch, run.captions, is_walked=is_walked, anew=run.anew)
            for problem in result.problems:
                run.on_event(ProblemMet(problem))
            run.on_event(count.add_batch(batch, result))
        if count.done < count.total and has_long_tail(library):
            retry_after_loss(library.publish)
        yield result


def _is_known(run: RunContext) -> IsKnown:
    """Whether a content need not be decoded. Incomplete ones are, so that every path has its problem."""

    def load_incomplete() -> frozenset[str]:
        with run.library.catalog.reading() as reader:
            return reader.digests_with_problem(INCOMPLETE)

    incomplete = retry_after_loss(load_incomplete)

    def is_known(sha256: str) -> bool:
        if run.anew or sha256 in incomplete:
            return False
        return retry_after_loss(lambda: run.library.catalog.has_content(sha256))

    return is_known


def has_long_tail(library: LibraryWriter) -> bool:
    """Whether what was added since the last publication exceeds the setting publish_share."""
    return retry_after_loss(library.tail_share) > library.settings.publish_share


def _split_batches(outcomes: Iterable[Outcome], size: int) -> Iterator[list[Outcome]]:
    stream = iter(outcomes)
    while batch := list(islice(stream, size)):
        yield batch


def _path(outcome: Outcome) -> bytes:
    return outcome.path if isinstance(outcome, Problem) else outcome.file.path
