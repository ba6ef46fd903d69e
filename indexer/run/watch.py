"""Follows folders: tells when something below them has changed and settled. The only home of watchfiles."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from watchfiles import Change, watch

from retrieval import display_path

from ..errors import SourceUnreachable
from .paths import is_below
from .report import Report
from .sidecar_names import SIDECAR_ENDINGS
from .sources import ENDINGS

SETTLE_SECONDS = 2.0  # seconds without a change, after which a file is taken to be written to its end
LOOK_SECONDS = 1.0  # seconds after which roots are looked for again: a drive that goes says nothing
SWEEP_SECONDS = (
    600.0  # seconds after which all is looked at, for what a network drive does not tell, and published
)
MAX_REST_SECONDS = 30.0  # seconds at most; a rest takes as long as the run before, which looked at every file


@dataclass(frozen=True, slots=True)
class Due:
    """Roots to be looked at now, and files and folders that are still changing.

    A sweep looks at them whether something changed or not.
    """

    roots: tuple[bytes, ...]
    unsettled: frozenset[bytes]
    is_sweep: bool = False


@dataclass(slots=True)
class Settling:
    """Paths that changed, until they have been still for so many seconds."""

    seconds: float
    _changed: dict[bytes, float] = field(default_factory=dict)

    def touch_paths(self, paths: Iterable[bytes], now: float) -> None:
        """These paths changed now."""
        self._changed.update(dict.fromkeys(paths, now))

    def is_due(self, now: float) -> bool:
        """Whether a path has settled that was not taken yet."""
        return any(now - then >= self.seconds for then in self._changed.values())

    def take_settled(self, now: float) -> frozenset[bytes]:
        """Let the settled paths go; those that are left."""
        self._changed = {path: then for path, then in self._changed.items() if now - then < self.seconds}
        return frozenset(self._changed)


@dataclass(slots=True)
class RootFolders:
    """Which roots are there. One that was a mount point, and is an ordinary folder now, is not."""

    roots: Sequence[bytes]
    _mounts: set[bytes] = field(default_factory=set)

    def present_roots(self) -> dict[bytes, tuple[int, int]]:
        """Those that can be followed, each with what tells it from another folder at the same place."""
        return {root: facts for root in self.roots if (facts := self._root_identity(root))}

    def _root_identity(self, root: bytes) -> tuple[int, int] | None:
        try:
            facts = os.stat(root)  # noqa: PTH116 - Path cannot hold bytes
        except OSError:
            return None
        if stat.S_ISDIR(facts.st_mode) and os.path.ismount(root):
            self._mounts.add(root)
        elif root in self._mounts:
            return None
        return facts.st_dev, facts.st_ino


class IndexRun(Protocol):
    """One indexing run of these roots, but for what is still changing."""

    def __call__(self, roots: list[bytes], unsettled: frozenset[bytes], *, publishes: bool) -> Report: ...


def run_when_due(run: IndexRun, due: Iterable[Due], *, on_unreadable: Callable[[str, bytes], None]) -> None:
    """Run whatever is due, each root by itself; one that cannot be read now says nothing about the others.

    Sweeps publish. Between them projections follow only a tail that has grown long: what costs a minute
    where there are 100,000 images is not done for every new one, which can be found without it.
    `say` is told why a root cannot be read, once until it is read again. Ends only by an exception.
    """
    failed: set[bytes] = set()
    for each in due:
        for root in each.roots:
            try:
                run([root], each.unsettled, publishes=each.is_sweep)
                failed.discard(root)
            except SourceUnreachable as error:
                if root not in failed:
                    on_unreadable(str(error), root)
                failed.add(root)


def follow_folders(
    roots: Sequence[bytes],
    *,
    library_folder: bytes,
    on_root_change: Callable[[str, bytes], None],
    settle: float = SETTLE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Due]:
    """A sweep of all roots at first and every ten minutes, and whenever something below them has settled.

    What lies below `apart_from`, the library itself, does not count. `say` is told of roots that are "gone"
    or "back"; while they are gone nothing is due for them. Ends only by an exception.
    """
    drives, settling = RootFolders(roots), Settling(settle)
    before: set[bytes] = set(roots)
    while True:
        there = drives.present_roots()
        for root in before ^ there.keys():
            on_root_change("back" if root in there else "gone", root)
        before = set(there)
        yield from _due_while_present(there, drives, settling, library_folder, clock)


def _due_while_present(
    there: dict[bytes, tuple[int, int]],
    drives: RootFolders,
    settling: Settling,
    apart_from: bytes,
    clock: Callable[[], float],
) -> Iterator[Due]:
    """What is due until a root goes or comes."""
    sweep = rest = clock()
    for changed in _watch_changes(tuple(there), settling.seconds):
        if drives.present_roots() != there:
            return
        settling.touch_paths((each for each in changed if is_relevant(each, apart_from)), clock())
        now = clock()
        is_sweep = now >= sweep
        if there and now >= rest and (settling.is_due(now) or is_sweep):
            yield Due(tuple(there), settling.take_settled(now), is_sweep)
            after = clock()
            sweep, rest = (
                after + SWEEP_SECONDS if is_sweep else sweep,
                after + min(MAX_REST_SECONDS, after - now),
            )


def _watch_changes(roots: Sequence[bytes], settle: float) -> Iterator[set[bytes]]:
    """What changed since the last time; often nothing, so that the caller can look around.

    Raises SourceUnreachable where the system does not let so many folders be followed.
    """
    step = int(1000 * min(LOOK_SECONDS, settle))
    while True:
        try:
            for changes in _watch_folders(roots, step) if roots else _no_changes(step):
                yield {os.fsencode(path) for _, path in changes}
        except FileNotFoundError:
            yield from islice(_no_changes(step), 1)  # a root went this very moment
        except RuntimeError:
            yield set(roots)  # a name that is no UTF-8 cannot be told: anything may have changed
        except OSError as error:
            names = ", ".join(display_path(root) for root in roots)
            raise SourceUnreachable(names, f"it cannot be followed: {error}") from error


def _watch_folders(roots: Iterable[bytes], step: int) -> Iterator[set[tuple[Change, str]]]:
    return watch(
        *(os.fsdecode(root) for root in roots),
        watch_filter=None,
        debounce=step,
        rust_timeout=step,
        yield_on_timeout=True,
        raise_interrupt=True,
        ignore_permission_denied=True,
    )


def _no_changes(step: int) -> Iterator[set[tuple[Change, str]]]:
    while True:
        time.sleep(step / 1000)
        yield set()


def is_relevant(path: bytes, apart_from: bytes) -> bool:
    """Whether a change may mean pictures: by its name, or as a folder; what is gone may have been one."""
    if is_below(path, [apart_from]):
        return False
    if path.lower().endswith(ENDINGS + SIDECAR_ENDINGS):
        return True
    return os.path.isdir(path) or not os.path.exists(path)  # noqa: PTH110, PTH112 - Path cannot hold bytes
