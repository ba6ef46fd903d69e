"""Starts a process that decodes pictures, and talks with it; see `decoder_protocol` for the messages.

The process is a new interpreter, never a fork: FAISS hangs after a fork.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from ..errors import DecodingImpossible, UnreadableImage
from ..paths import display_path
from . import decoder_protocol as protocol
from .decoder_protocol import MAX_MESSAGE_BYTES, DecodedPage, OpenedFile
from .files import Limits

DEFAULT_DECODER: Final = "retrieval.pictures.images:decode_image"  # module:function
MAX_FILES: Final = 500  # that one process decodes before a new one replaces it
MAX_IDLE_MEMORY: Final = 512 << 20  # bytes that a process may hold between two files
START_SECONDS: Final = 60.0  # to get ready, on a busy machine
# Only the kernel sends these signals: SIGKILL when memory runs out, SIGXCPU when processor time is used up.
_CODES: Final[Mapping[int, str]] = {-signal.SIGKILL: "out-of-memory", -signal.SIGXCPU: "timeout"}

_START: Final = "from retrieval.pictures.decoder_server import serve; serve()"
_ENVIRONMENT: Final = {
    # The decoder processes share the processors: one thread each.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # glibc keeps the memory of one picture for the next, instead of returning 2,000 pages and asking again.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}


class DecoderProcess:
    """One process that decodes one file at a time.

    For each file call `open_file` or `open_content`, then `decode_page` for its pages, then `close_file`.
    The first three raise UnreadableImage, which ends the file: with the code that the process gives, with
    timeout when it takes longer than the limits allow, with out-of-memory or decoder-crashed when it dies.
    """

    def __init__(self, limits: Limits, decoder: str = DEFAULT_DECODER) -> None:
        self._limits, self._file_count = limits, 0
        self._is_ready = self._is_open = self._has_ended = False
        self._name, self._deadline = "", 0.0
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _start_interpreter(theirs)
        _limit_stalls(ours, limits.seconds)
        self._connection = Connection(ours.detach())
        with suppress(OSError):  # the process has died already; _wait_until_ready will notice it
            self._connection.send_bytes(protocol.pack_start(limits, decoder))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def is_worn_out(self) -> bool:
        """Whether it has ended, or should be replaced by a new process."""
        return self._has_ended or self._file_count >= MAX_FILES or _resident_size(self.pid) > MAX_IDLE_MEMORY

    def open_file(self, path: bytes) -> OpenedFile:
        """Let the process read a file and hold it in memory."""
        return self._open(path, display_path(path))

    def open_content(self, data: bytes, name: str) -> OpenedFile:
        """The same for bytes that are in no file; error messages call them `name`."""
        return self._open(protocol.CONTENT + data, name)

    def _open(self, request: bytes, name: str) -> OpenedFile:
        self._wait_until_ready()
        self.close_file()
        self._file_count += 1
        self._name, self._deadline = name, time.monotonic() + self._limits.seconds
        with self._watch():
            self._connection.send_bytes(request)
            opened = protocol.unpack_opened_file(self._receive(), name)
            self._is_open = True
            return opened

    def close_file(self) -> None:
        """Let the process drop the file that it holds, if there is one."""
        if self._is_open and not self._has_ended:
            self._is_open = False
            with self._watch():
                self._connection.send_bytes(protocol.DONE)

    def decode_page(self, page: int = 1) -> DecodedPage:
        """A page of the open file, counted from 1. Each page after the first has the full time limit."""
        if page > 1:
            self._deadline = time.monotonic() + self._limits.seconds
        with self._watch():
            self._connection.send_bytes(protocol.pack_page_number(page))
            return protocol.unpack_page(self._receive, self._name)

    def end_process(self) -> None:
        """Kill the process. A thread that waits for its answer gets the error of a process that died."""
        self._has_ended = True
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # it can hang in the kernel, on a disk that does not answer
            self._process.wait(timeout=5)

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            self._deadline = time.monotonic() + START_SECONDS
            try:
                self._is_ready = self._receive() == protocol.READY
            except TimeoutError:
                self.end_process()
                raise DecodingImpossible(
                    f"a decoder process does not start (not ready after {START_SECONDS:g} seconds)"
                ) from None
            except (EOFError, OSError):
                exit_words = _describe_exit(self._exit_status(wait=1.0))
                self.end_process()
                raise DecodingImpossible(f"a decoder process does not start ({exit_words})") from None

    def _receive(self) -> bytes:
        if not self._connection.poll(max(0.0, self._deadline - time.monotonic())):
            raise TimeoutError
        return self._connection.recv_bytes(MAX_MESSAGE_BYTES)

    @contextmanager
    def _watch(self) -> Iterator[None]:
        """End a process that does not answer as it should, and turn that into an error about the file."""
        try:
            yield
        except UnreadableImage:
            self._is_open = False
            raise
        except (TimeoutError, BlockingIOError):
            self.end_process()
            raise self._make_error("timeout") from None
        except Exception as error:  # a hostile file may have taken the process over: it can answer anything
            status = self._exit_status(wait=1.0)
            self.end_process()
            code = _CODES.get(status or 0, "decoder-crashed")
            raise self._make_error(code, _describe_exit(status)) from error

    def _exit_status(self, wait: float) -> int | None:
        """As Popen.returncode; None when the process does not end within `wait` seconds."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(wait)
        return None

    def _make_error(self, code: str, exit_words: str = "") -> UnreadableImage:
        reason = {
            "timeout": f"not decoded within {self._limits.seconds:g} seconds (setting decode_seconds); "
            "allow more, or save it again",
            "out-of-memory": f"the process that decoded it was killed ({exit_words}), most likely because "
            "memory ran out; save it again with fewer pixels",
            "decoder-crashed": f"the process that decoded it failed ({exit_words}); "
            "repair it or save it again",
        }[code]
        return UnreadableImage(self._name, code, reason)


def _start_interpreter(standard_input: socket.socket) -> subprocess.Popen[bytes]:
    """A new interpreter in a process group of its own, so that Ctrl-C in a terminal does not reach it."""
    # With the import paths of this process, the new one finds the same package.
    import_paths = [str(Path(path).absolute()) for path in sys.path]
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _START],
        stdin=standard_input.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # libtiff writes warnings there
        cwd="/",
        env=os.environ | _ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(import_paths)},
        process_group=0,
    )


def _limit_stalls(connection: socket.socket, seconds: float) -> None:
    """Let a message that begins and does not go on raise BlockingIOError; `poll` notices that none begins."""
    timeout = struct.pack("@ll", int(seconds) + 1, 0)
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, option, timeout)


def _resident_size(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _describe_exit(status: int | None) -> str:
    if status is None:
        return "it sent an unexpected answer"
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name
