"""One writer at a time: a lock that the kernel gives back when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from retrieval import LibraryBusy, StorageFailed

FILE_NAME = "writer.lock"


OnBusy = Callable[[LibraryBusy], None]


def refuse(busy: LibraryBusy) -> None:
    """Do not wait for another writer."""
    raise busy


@contextmanager
def writer_lock(library: Path, on_busy: OnBusy = refuse) -> Iterator[None]:
    """Hold the library's writer lock. When another process does, `on_busy` is told with LibraryBusy, which
    names the holder; unless it raises that, the lock is waited for.

    The file stays: removing it would let two processes lock two files of the same name.
    """
    try:
        library.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(library / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageFailed(library, error.strerror) from error
    try:
        _take(descriptor, library, on_busy)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, library: Path, on_busy: OnBusy) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        on_busy(LibraryBusy(library, _holder(descriptor)))
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    text = json.dumps(facts).encode()
    try:
        # What is there is written over, and cut after: a disk that is full has no room for a new block.
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))
    except OSError as error:
        raise StorageFailed(library, error.strerror) from error


def _holder(descriptor: int) -> str:
    try:
        facts = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {facts['pid']} on {facts['host']} since {facts['since']}"
    except (ValueError, KeyError):
        return "it has not said who it is"
