"""One writer at a time, whatever happens to the other."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retrieval import LOCK_FILE, LibraryBusy, StorageFailed, WriterLock
from tests.indexer.command import ROOT

HOLD = """
import sys
from pathlib import Path
from retrieval import WriterLock
with WriterLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(library: Path) -> Iterator[subprocess.Popen[str]]:
    """A second process that holds the library's lock until its stdin is closed."""
    command = [sys.executable, "-c", HOLD, str(library)]
    with subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            if process.poll() is None:
                process.stdin.close()


def test_a_second_writer_is_refused_and_told_who_is_at_work(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        with pytest.raises(LibraryBusy) as caught, WriterLock(tmp_path):
            pass
        assert f"process {process.pid} on {socket.gethostname()} since " in str(caught.value)


def test_a_second_writer_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with WriterLock(tmp_path), pytest.raises(LibraryBusy, match=f"process {os.getpid()} "):  # noqa: SIM117
        with WriterLock(tmp_path):
            pass


def test_the_lock_is_free_when_its_holder_has_finished(tmp_path: Path) -> None:
    with holder(tmp_path):
        pass
    with WriterLock(tmp_path):
        assert (tmp_path / LOCK_FILE).is_file()


def test_the_lock_is_free_when_its_holder_was_killed(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with WriterLock(tmp_path), pytest.raises(LibraryBusy, match=f"process {os.getpid()} "):  # noqa: SIM117
            with WriterLock(tmp_path):
                pass


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), WriterLock(tmp_path):
        raise RuntimeError
    with WriterLock(tmp_path):
        pass


def test_the_lock_file_stays_the_same_file(tmp_path: Path) -> None:
    with WriterLock(tmp_path):
        first = (tmp_path / LOCK_FILE).stat().st_ino
    with WriterLock(tmp_path):
        pass
    assert (tmp_path / LOCK_FILE).stat().st_ino == first


@pytest.mark.parametrize("text", [b"", b"not json", b'{"pid": 1}'])
def test_a_lock_file_that_says_nothing_useful_is_no_obstacle(tmp_path: Path, text: bytes) -> None:
    with WriterLock(tmp_path):
        (tmp_path / LOCK_FILE).write_bytes(text)
        with pytest.raises(LibraryBusy, match="an unknown process"), WriterLock(tmp_path):
            pass
    with WriterLock(tmp_path):
        assert b'"pid"' in (tmp_path / LOCK_FILE).read_bytes()


def test_a_library_that_cannot_be_made_is_a_storage_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed, match="file/library"), WriterLock(tmp_path / "file" / "library"):
        pass


def test_the_library_is_for_its_owner_only(tmp_path: Path) -> None:
    with WriterLock(tmp_path / "library"):
        assert (tmp_path / "library").stat().st_mode & 0o077 == 0
        assert (tmp_path / "library" / LOCK_FILE).stat().st_mode & 0o077 == 0
