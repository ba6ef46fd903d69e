"""What an indexing run tells other processes: how far it is, and whether it was asked to stop.

The note lies in the library's folder. It is locked as long as its run lives, so that nobody believes the note
of a run that was killed; the kernel releases the lock. A note is no promise: it is written without a sync.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self, final

NOTE_FILE: Final = "run.note"
_SIZE: Final = 4096  # bytes of a note; it is written whole, so that readers see the old one or the new one
_STOP: Final = b"stop"  # written behind the note
_LONGEST_FOLDER: Final = 500  # characters, which JSON may write in six bytes each


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is: files done, of those that it has to read (0 while it looks for them).

    `stage`: looking, reading or publishing. `seconds_left` is None while it is unknown.
    """

    stage: str
    done: int = 0
    total: int = 0
    problems: int = 0
    folder: str = ""
    seconds_left: float | None = None


@final
class RunNote:
    """The note of one run, from the moment this object exists until `close`. Use it as a context manager.

    Where it cannot be written, as on a full disk, the run goes on without one.
    """

    def __init__(self, library: Path) -> None:
        self._descriptor = -1
        with suppress(OSError):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(library / NOTE_FILE, flags, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)  # readers hold it for an instant
            os.ftruncate(self._descriptor, 0)

    def write(self, progress: RunProgress) -> None:
        """Tell how far the run is."""
        facts = asdict(progress) | {"folder": progress.folder[-_LONGEST_FOLDER:]}
        with suppress(OSError):
            os.pwrite(self._descriptor, json.dumps(facts).encode().ljust(_SIZE), 0)

    def is_asked_to_stop(self) -> bool:
        """Whether another process asked this run to stop."""
        try:
            return os.pread(self._descriptor, len(_STOP), _SIZE) == _STOP
        except OSError:
            return False

    def close(self) -> None:
        """End the note; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_run(library: Path) -> RunProgress | None:
    """How far the run is that is at work on the library in this folder; None if there is none."""
    with _open_note(library, os.O_RDONLY) as descriptor:
        if descriptor is None:
            return None
        try:
            return RunProgress(**json.loads(os.pread(descriptor, _SIZE, 0)))
        except (OSError, ValueError, TypeError):  # it has just begun, or another version wrote it
            return RunProgress("looking")


def ask_to_stop(library: Path) -> bool:
    """Ask the run to stop after the pictures in hand; whether there is one to ask."""
    with _open_note(library, os.O_RDWR) as descriptor:
        if descriptor is None:
            return False
        os.pwrite(descriptor, _STOP, _SIZE)
        return True


@contextmanager
def _open_note(library: Path, access: int) -> Iterator[int | None]:
    """The note of a run that lives; None otherwise."""
    try:
        descriptor = os.open(library / NOTE_FILE, access | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        yield None
        return
    try:
        yield descriptor if _is_locked(descriptor) else None
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
