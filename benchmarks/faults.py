"""Injects faults into the file calls of a process, one at a time; see faults.c."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn

SOURCE: Final = Path(__file__).with_suffix(".c")
WRITE, SYNC, RENAME, UNLINK, MAKE, OPEN, LINK = (1 << place for place in range(7))
CHANGES: Final = WRITE | SYNC | RENAME | UNLINK | MAKE | LINK
TURNS: Final = SYNC | RENAME | UNLINK | LINK  # where what was written becomes what counts
COUNT, KILL, FAIL_ONCE, FAIL_ON, POWER_OFF = range(5)
LONGEST: Final = 120.0  # seconds that a child may take before it counts as hung


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at the `at`-th call of some kinds, or `later` (seconds) for a power loss.

    `lies`: what is synced is not. `disk`: any folder of the file system that loses its power, and `mounted`
    with which options it is.
    """

    what: int = COUNT
    kinds: int = CHANGES
    at: int = 0
    error: int = 0
    later: float = 0.0
    lies: bool = False
    mounted: str = "defaults"
    disk: Path | None = None

    def at_call(self, at: int) -> Fault:
        """The same fault at another call."""
        return replace(self, at=at)


# What is tried, each at every call of its kinds; of the errors some once, and some from then on.
FAULTS: Final = {
    "kill": Fault(KILL),
    "ENOSPC": Fault(FAIL_ON, WRITE | MAKE | LINK, error=errno.ENOSPC),
    "EDQUOT": Fault(FAIL_ON, WRITE | MAKE | LINK, error=errno.EDQUOT),
    "EIO": Fault(FAIL_ONCE, error=errno.EIO),
    "EMFILE": Fault(FAIL_ONCE, OPEN, error=errno.EMFILE),
    "no hard links": Fault(FAIL_ON, LINK, error=errno.EPERM),
}
# By then ext4, which commits its journal every second, has written the names of files, and not their content;
# `noauto_da_alloc` switches off its protection of files that are renamed over others.
SECONDS_LATER: Final = Fault(POWER_OFF, TURNS, later=2.5, mounted="commit=1")
POWER_LOSSES: Final = {
    "power": Fault(POWER_OFF),
    "power, 2.5 s later": SECONDS_LATER,
    "power, 2.5 s later, noauto_da_alloc": replace(SECONDS_LATER, mounted="commit=1,noauto_da_alloc"),
}


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a child ended: its lines of output, its exit code (negative: the signal), and how many calls."""

    lines: tuple[str, ...]
    code: int
    calls: int


def why_unavailable() -> str | None:
    """Why no call can be spoilt here, or None."""
    if not sys.platform.startswith("linux"):
        return "calls can be spoilt on Linux only"
    return None if shutil.which("cc") else "there is no C compiler (cc)"


def start_again_with_shim() -> NoReturn:
    """Start this benchmark again in this process, with the shim between it and libc."""
    with tempfile.NamedTemporaryFile(suffix=".so", delete=False) as library:
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library.name, SOURCE, "-ldl"], check=True)
    # FAISS with one thread can be forked after it was used.
    environment = os.environ | {"LD_PRELOAD": library.name, "OMP_NUM_THREADS": "1"}
    os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]], environment)


def is_loaded() -> bool:
    """Whether this process was started with the shim; the processes that it starts will not have it."""
    if not hasattr(ctypes.CDLL(None), "faults_arm"):
        return False
    Path(os.environ.pop("LD_PRELOAD")).unlink()
    return True


def run_with_fault(work: Callable[[Callable[[str], None]], None], fault: Fault = Fault()) -> ChildEnd:
    """Run `work` in a fork of this process, with the fault; it gets a function that sends lines back.

    The process must not have used FAISS with several threads before: a fork of one that has hangs. Raises
    TimeoutError for a child that does not end.
    """
    ours, theirs = socket.socketpair()
    child = os.fork()
    if not child:
        ours.close()
        _run_child(work, fault, theirs)
    theirs.close()
    try:
        lines = _receive_lines(ours)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    calls = [int(line.removeprefix("calls ")) for line in lines if line.startswith("calls ")]
    messages = tuple(line for line in lines if not line.startswith("calls "))
    return ChildEnd(messages, status, calls[0] if calls else 0)


def _run_child(work: Callable[[Callable[[str], None]], None], fault: Fault, parent: socket.socket) -> None:
    shim = ctypes.CDLL(None)

    def say(line: str) -> None:
        # Sent and not written, since no fault hits sending; at once, so that no buffer is lost at the end.
        parent.sendall(line.replace("\n", " ").encode() + b"\n")

    code = 0
    disk = os.open(fault.disk, os.O_RDONLY) if fault.disk else -1
    later = round(fault.later * 1000)
    shim.faults_arm(
        fault.kinds, ctypes.c_long(fault.at), fault.what, fault.error, disk, later, int(fault.lies)
    )
    try:
        work(say)
    except BaseException as error:
        shim.faults_disarm()
        say(f"{type(error).__module__}.{type(error).__name__}: {error}")
        code = 1
    calls = shim.faults_disarm()
    say(f"calls {calls}")
    os._exit(code)  # so that nothing of the parent is cleaned up twice


def _receive_lines(connection: socket.socket) -> list[str]:
    heard = b""
    connection.settimeout(LONGEST)
    with connection:
        try:
            while some := connection.recv(65536):
                heard += some
        except TimeoutError as error:
            raise TimeoutError(f"nothing heard for {LONGEST:g} seconds after {heard[-200:]!r}") from error
    return heard.decode().splitlines()
