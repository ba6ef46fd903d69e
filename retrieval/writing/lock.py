"""One writer at a time: a lock that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self, final

from ..errors import LibraryBusy, StorageFailed

LOCK_FILE = "writer.lock"

OnBusy = Callable[[LibraryBusy], None]


def refuse_busy(busy: LibraryBusy) -> None:
    """Do not wait for another writer."""
    raise busy


@final
class WriterLock:
    """The writer's lock of one library. It is held from the moment this object exists until `release`.

    When another process holds it, `on_busy` is called with LibraryBusy, which names the holder. Unless
    `on_busy` raises, the lock is waited for. Use it as a context manager.

    The lock file stays on the disk: if it were removed, two processes could lock two files of the same name.
    """

    def __init__(self, library: Path, on_busy: OnBusy = refuse_busy) -> None:
        self.library = library.absolute()
        try:
            library.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(library / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageFailed(library, error.strerror) from error
        self.is_held = True
        try:
            _take_lock(self._descriptor, library, on_busy)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        if self.is_held:
            self.is_held = False
            os.close(self._descriptor)

    def check_held(self) -> None:
        """Raise ValueError if the lock was released: another process may write since then."""
        if not self.is_held:
            raise ValueError(f"{self.library}: the writer's lock was released; take it again to write")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _take_lock(descriptor: int, library: Path, on_busy: OnBusy) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        on_busy(LibraryBusy(library, _read_holder(descriptor)))
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    text = json.dumps(facts).encode()
    try:
        # Written over what is there and cut afterwards: a full disk has no room for a new block.
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))
    except OSError as error:
        raise StorageFailed(library, error.strerror) from error


def _read_holder(descriptor: int) -> str:
    """The holder as the lock file names it."""
    try:
        facts = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {facts['pid']} on {facts['host']} since {facts['since']}"
    except (ValueError, KeyError):
        return "an unknown process"
