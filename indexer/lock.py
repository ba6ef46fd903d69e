"""One writer at a time: a lock that the kernel gives back when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from retrieval import LibraryBusy, StorageFailed

FILE_NAME = "writer.lock"


@contextmanager
def writer_lock(library: Path) -> Iterator[None]:
    """Hold the library's writer lock; raises LibraryBusy, naming the holder, when another process does.

    The file stays: removing it would let two processes lock two files of the same name.
    """
    try:
        library.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(library / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageFailed(library, error.strerror) from error
    try:
        _take(descriptor, library)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, library: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LibraryBusy(library, _holder(descriptor)) from error
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(facts).encode(), 0)


def _holder(descriptor: int) -> str:
    try:
        facts = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {facts['pid']} on {facts['host']} since {facts['since']}"
    except (ValueError, KeyError):
        return "it has not said who it is"
