"""Watches folders for changes that have settled. The only home of watchfiles."""

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

SETTLE_SECONDS = 2.0  # without a change, after which a file counts as completely written
LOOK_SECONDS = 1.0  # between two looks whether the roots are there: a drive that is unmounted tells nothing
# A sweep looks at everything, for a network drive does not tell of all changes, and publishes.
SWEEP_SECONDS = 600.0  # between two sweeps
# After a run comes a rest of the same length, at most this: the run has looked at every file.
MAX_REST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Due:
    """Roots to be indexed now, and the files and folders that are still changing.

    A sweep indexes them whether something has changed or not.
    """

    roots: tuple[bytes, ...]
    unsettled: frozenset[bytes]
    is_sweep: bool = False


@dataclass(slots=True)
class Settling:
    """Paths that have changed, kept until they do not change for so many seconds."""

    seconds: float
    _changed: dict[bytes, float] = field(default_factory=dict)

    def touch_paths(self, paths: Iterable[bytes], now: float) -> None:
        """Note that these paths change now."""
        self._changed.update(dict.fromkeys(paths, now))

    def is_due(self, now: float) -> bool:
        """Whether a path has settled and was not taken yet."""
        return any(now - changed >= self.seconds for changed in self._changed.values())

    def take_settled(self, now: float) -> frozenset[bytes]:
        """Remove the settled paths; returns the others."""
        self._changed = {path: then for path, then in self._changed.items() if now - then < self.seconds}
        return frozenset(self._changed)


@dataclass(slots=True)
class RootFolders:
    """Which roots are present. One that was a mount point and is an ordinary folder now is not present."""

    roots: Sequence[bytes]
    _mounts: set[bytes] = field(default_factory=set)

    def present_roots(self) -> dict[bytes, tuple[int, int]]:
        """Roots that can be watched, each with the numbers that tell it from another folder at its path."""
        return {root: identity for root in self.roots if (identity := self._root_identity(root))}

    def _root_identity(self, root: bytes) -> tuple[int, int] | None:
        try:
            status = os.stat(root)  # noqa: PTH116 - Path cannot hold bytes
        except OSError:
            return None
        if stat.S_ISDIR(status.st_mode) and os.path.ismount(root):
            self._mounts.add(root)
        elif root in self._mounts:
            return None
        return status.st_dev, status.st_ino


class IndexRun(Protocol):
    """One indexing run of these roots, without what is still changing."""

    def __call__(self, roots: list[bytes], unsettled: frozenset[bytes], *, publishes: bool) -> Report: ...


def run_when_due(run: IndexRun, due: Iterable[Due], *, on_unreadable: Callable[[str, bytes], None]) -> None:
    """Run whenever something is due, for each root alone, so that one that cannot be read stops no other.

    Only sweeps publish. Between them the projections follow only when the tail is long: publishing takes a
    minute for 100,000 images, and new images are found without it.
    `on_unreadable` gets the reason why a root cannot be read, once until it can be read again.
    Returns only when `due` ends or an exception is raised.
    """
    unreadable: set[bytes] = set()
    for task in due:
        for root in task.roots:
            try:
                run([root], task.unsettled, publishes=task.is_sweep)
                unreadable.discard(root)
            except SourceUnreachable as error:
                if root not in unreadable:
                    on_unreadable(str(error), root)
                unreadable.add(root)


def follow_folders(
    roots: Sequence[bytes],
    *,
    library_folder: bytes,
    on_root_change: Callable[[str, bytes], None],
    settle: float = SETTLE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Due]:
    """A sweep of all roots at first and every ten minutes, and what is due when changes have settled.

    Changes below `library_folder` do not count. `on_root_change` is called with "gone" or "back"; a root that
    is gone is never due. Ends only by an exception.
    """
    folders, settling = RootFolders(roots), Settling(settle)
    earlier: set[bytes] = set(roots)
    while True:
        present = folders.present_roots()
        for root in earlier ^ present.keys():
            on_root_change("back" if root in present else "gone", root)
        earlier = set(present)
        yield from _due_while_present(present, folders, settling, library_folder, clock)


def _due_while_present(
    present: dict[bytes, tuple[int, int]],
    folders: RootFolders,
    settling: Settling,
    library_folder: bytes,
    clock: Callable[[], float],
) -> Iterator[Due]:
    """What is due until a root goes or comes back."""
    next_sweep = next_run = clock()
    for changes in _watch_changes(tuple(present), settling.seconds):
        if folders.present_roots() != present:
            return
        settling.touch_paths((path for path in changes if is_relevant(path, library_folder)), clock())
        now = clock()
        is_sweep = now >= next_sweep
        if present and now >= next_run and (settling.is_due(now) or is_sweep):
            yield Due(tuple(present), settling.take_settled(now), is_sweep)
            after = clock()
            next_sweep = after + SWEEP_SECONDS if is_sweep else next_sweep
            next_run = after + min(MAX_REST_SECONDS, after - now)


def _watch_changes(roots: Sequence[bytes], settle: float) -> Iterator[set[bytes]]:
    """Paths that have changed since the last step; often none, so that the caller can do other things.

    Raises SourceUnreachable when the system does not allow so many folders to be watched.
    """
    step = int(1000 * min(LOOK_SECONDS, settle))
    while True:
        try:
            for changes in _watch_folders(roots, step) if roots else _no_changes(step):
                yield {os.fsencode(path) for _, path in changes}
        except FileNotFoundError:
            yield from islice(_no_changes(step), 1)  # a root has just gone
        except RuntimeError:
            yield set(roots)  # watchfiles cannot give a name that is not UTF-8: anything may have changed
        except OSError as error:
            names = ", ".join(display_path(root) for root in roots)
            raise SourceUnreachable(names, f"it cannot be watched: {error}") from error


def _watch_folders(roots: Iterable[bytes], step: int) -> Iterator[set[tuple[Change, str]]]:
    """Changes in every step of so many milliseconds."""
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


def is_relevant(path: bytes, library_folder: bytes) -> bool:
    """Whether a changed path may be about pictures: by its ending, as a folder, or because it is gone."""
    if is_below(path, [library_folder]):
        return False
    if path.lower().endswith(ENDINGS + SIDECAR_ENDINGS):
        return True
    return os.path.isdir(path) or not os.path.exists(path)  # noqa: PTH110, PTH112 - Path cannot hold bytes
