"""Turns: of all processes, one at a time writes to a catalog; a SQLite file is checkpointed in the same turn.

Whoever adds images holds the writer's lock of the library besides, for as long as a run takes. What users
save by name is written without that lock, in a turn between two transactions of the run. SQLite itself lets
one connection write at a time; a turn holds until the log is checkpointed as well, because of the fault that
`retrieval.catalog.log` describes. The kernel ends the turn of a process that dies.

On a PostgreSQL server, a turn is a lock on the table of changes (`retrieval.catalog.engine`). Two who save
the same name at the same moment are answered one after the other, and changes are committed in the order of
their numbers, so that no reader who follows them misses one.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import LibraryBusy, StorageFailed

ENDING = "-turn"  # of the file that is locked, beside the catalog
LONGEST_WAIT = 10.0  # seconds: a run commits after every batch of pictures
PAUSE = 0.01  # seconds between two tries


@contextmanager
def write_turn(catalog: Path) -> Iterator[None]:
    """Wait for the turn to write to this SQLite file, and hold it until the block ends.

    Raises LibraryBusy where another process holds it for longer than LONGEST_WAIT.
    """
    descriptor = _open_file(catalog.with_name(catalog.name + ENDING))
    try:
        _wait_for_lock(descriptor, catalog)
        yield
    finally:
        os.close(descriptor)


def _open_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageFailed(path, error.strerror) from error


def _wait_for_lock(descriptor: int, catalog: Path) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = f"one transaction has taken more than {LONGEST_WAIT:g} seconds"
                raise LibraryBusy(catalog, holder) from None
        time.sleep(PAUSE)
