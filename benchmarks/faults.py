"""Spoils the calls that a process makes to its files, one at a time; see faults.c."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_suffix(".c")
WRITE, SYNC, RENAME, UNLINK, MAKE, OPEN = 1, 2, 4, 8, 16, 32
CHANGES: Final = WRITE | SYNC | RENAME | UNLINK | MAKE
COUNT, KILL, FAIL_ONCE, FAIL_ON, POWER_OFF = range(5)
LONGEST: Final = 120.0  # seconds that a child may take before it counts as hung


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at the `at`-th call of some kinds; `lies`: what is synced is not."""

    what: int = COUNT
    kinds: int = CHANGES
    at: int = 0
    error: int = 0
    disk: Path | None = None  # any folder of the file system that loses its power
    lies: bool = False

    def before(self, at: int) -> Fault:
        """The same fault at another call."""
        return replace(self, at=at)


# The errors that are tried, each at every call of its kinds: once, and from then on.
ERRORS: Final = {
    "ENOSPC": Fault(FAIL_ON, WRITE | MAKE, error=errno.ENOSPC),
    "EIO": Fault(FAIL_ONCE, WRITE | SYNC | RENAME, error=errno.EIO),
    "EMFILE": Fault(FAIL_ONCE, OPEN, error=errno.EMFILE),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: what it said, a line each, its exit code (negative: by that signal), its calls."""

    lines: tuple[str, ...]
    code: int
    calls: int


def missing() -> str | None:
    """Why no call can be spoilt here, or None."""
    if not sys.platform.startswith("linux"):
        return "calls can be spoilt on Linux only"
    return None if shutil.which("cc") else "there is no C compiler (cc)"


def compiled(folder: Path) -> Path:
    """The shim as a library in this folder, to be named by LD_PRELOAD."""
    library = folder / "faults.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def is_loaded() -> bool:
    """Whether this process was started with the shim."""
    return hasattr(ctypes.CDLL(None), "faults_arm")


def run(work: Callable[[Callable[[str], None]], None], fault: Fault = Fault()) -> Ended:
    """Do the work in a fork of this process that meets the fault; it is given a function to say things with.

    The process must not have used FAISS before: a fork of one that has hangs. Raises TimeoutError for a
    child that does not end.
    """
    ours, theirs = socket.socketpair()
    child = os.fork()
    if not child:
        ours.close()
        _work(work, fault, theirs)
    theirs.close()
    lines = _heard(ours, child)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    calls = [int(each.removeprefix("calls ")) for each in lines if each.startswith("calls ")]
    said = tuple(each for each in lines if not each.startswith("calls "))
    return Ended(said, status, calls[0] if calls else 0)


def _work(work: Callable[[Callable[[str], None]], None], fault: Fault, parent: socket.socket) -> None:
    shim = ctypes.CDLL(None)

    def say(line: str) -> None:
        # Not written but sent, which no fault spoils; and at once: nothing of it waits in this process.
        parent.sendall(line.replace("\n", " ").encode() + b"\n")

    code = 0
    disk = os.open(fault.disk, os.O_RDONLY) if fault.disk else -1
    shim.faults_arm(fault.kinds, ctypes.c_long(fault.at), fault.what, fault.error, disk, int(fault.lies))
    try:
        work(say)
    except BaseException as error:
        shim.faults_disarm()
        say(f"{type(error).__module__}.{type(error).__name__}: {error}")
        code = 1
    calls = shim.faults_disarm()
    say(f"calls {calls}")
    os._exit(code)  # nothing of the parent's is cleaned up twice


def _heard(said: socket.socket, child: int) -> list[str]:
    heard = b""
    said.settimeout(LONGEST)
    with said:
        try:
            while some := said.recv(65536):
                heard += some
        except TimeoutError as error:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise TimeoutError(f"nothing heard for {LONGEST:g} seconds after {heard[-200:]!r}") from error
    return heard.decode().splitlines()
