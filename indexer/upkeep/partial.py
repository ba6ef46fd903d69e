"""Folders and files that get their names only when they are whole, each made by one process at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retrieval import LibraryBusy, StorageFailed, sync_to_disk

from ..errors import BackupImpossible


@contextmanager
def partial_folder(target: Path) -> Iterator[Path]:
    """A new private folder beside the target; it is removed at the end, unless it became the target.

    Until then no other process gets such a folder for this target. Raises BackupImpossible if there is
    something at the target, LibraryBusy if another process is making it, and StorageFailed.
    """
    target = target.absolute()
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _lock_target(target):
            refuse_taken(target)
            shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
            part.mkdir(mode=0o700)
            try:
                yield part
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise StorageFailed(target, error.strerror or error) from error


def refuse_taken(target: Path) -> None:
    """Raise BackupImpossible if there is something at the target other than an empty folder."""
    is_free = not os.path.lexists(target) or (
        target.is_dir() and not target.is_symlink() and not any(target.iterdir())
    )
    if not is_free:
        raise BackupImpossible(f"{target}: something is there already; name a path where there is nothing")


def put_in_place(made: Path, target: Path) -> None:
    """Give what was made in a partial folder, or the folder itself, its name; nothing is overwritten."""
    if made.is_dir():
        made.replace(target)  # the kernel refuses this unless the target is an empty folder
    else:
        refuse_taken(target)
        made.replace(target)
    sync_to_disk(target.parent)


def make_private(folder: Path) -> None:
    """Close a folder, and all that is in it, to everybody but its owner, and make it durable."""
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o700 if path.is_dir() else 0o600)
        sync_to_disk(path)


@contextmanager
def _lock_target(target: Path) -> Iterator[None]:
    """Hold the lock file of a target, which is removed at the end; the kernel frees it with its process."""
    path = target.with_name(f".{target.name}.lock")
    descriptor = _take_lock(path, target)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while the lock is held: see `_has_name`
        os.close(descriptor)


def _take_lock(path: Path, target: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _has_name(descriptor, path):
                return descriptor
        except BlockingIOError as error:
            os.close(descriptor)
            raise LibraryBusy(target, "`pictor backup` or `pictor restore`") from error
        os.close(descriptor)


def _has_name(descriptor: int, path: Path) -> bool:
    """Whether an open lock file still has its name: its last holder may just have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
