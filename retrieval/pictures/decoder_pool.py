"""Processes that decode pictures, each one file at a time, so that no file can take the run down.

What such a process does is told in `decoder_process`. It is a new interpreter, never a fork: FAISS hangs
after one. It is ended when a file takes too long, and replaced by a new one after a number of files.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import DecodingImpossible, UnreadableImage
from ..paths import display_path
from . import images
from .decoder_process import DONE, PAGE
from .files import Limits
from .metadata import Metadata

DEFAULT_DECODER: Final = "retrieval.pictures.images:decode_image"
MAX_FILES: Final = 500  # after which a worker is replaced by a new one
MEMORY: Final = 512 << 20  # bytes that a worker may hold between two files
START_SECONDS: Final = 60.0  # on a machine that does much else
# What a worker's end by a signal says. Only the kernel sends these: the one for want of memory, the other
# for processor time spent.
_CODES: Final[Mapping[int, str]] = {-signal.SIGKILL: "out-of-memory", -signal.SIGXCPU: "timeout"}
LONGEST_MESSAGE: Final = 16 << 20  # bytes; pixels are 3 MB at most

# The paths of this process lead the other one to the same package.
_START: Final = "from retrieval.pictures.decoder_process import serve; serve()"
_ENVIRONMENT: Final = {
    # The workers share the processors.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # glibc keeps what one picture took for the next one, instead of giving back 2,000 pages and asking again.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """What is known of a file before it is decoded: SHA-256 (hexadecimal), size in bytes, number of pages."""

    sha256: str
    size: int
    pages: int


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPage:
    """What a worker made of a file: the decoded picture, its perceptual hash, its thumbnail (WebP), and what
    the file says about it.
    """

    image: images.DecodedImage
    perceptual_hash: int
    thumbnail: bytes
    metadata: Metadata


class DecoderPool:
    """As many workers as are asked for at the same time; threads may share it.

    `decoder` is what workers decode with: module:function, which takes what `images.decode_image` takes.
    """

    def __init__(self, limits: Limits, decoder: str = DEFAULT_DECODER) -> None:
        self._limits, self._decoder = limits, decoder
        self._idle: list[DecoderProcess] = []
        self._all: set[DecoderProcess] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def __enter__(self) -> DecoderPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every worker, whatever it does just then."""
        with self._lock:
            self._is_closed = True
            for worker in self._all:
                worker.end_process()

    @contextmanager
    def borrow_process(self) -> Iterator[DecoderProcess]:
        """A worker of one's own, used again later unless it has ended or is worn out."""
        worker = self._take_process()
        try:
            yield worker
            worker.close_file()
        except UnreadableImage:
            raise
        except BaseException:
            worker.end_process()  # in the midst of a file
            raise
        finally:
            self._return_process(worker)

    def _take_process(self) -> DecoderProcess:
        with self._lock:
            if self._is_closed:
                raise DecodingImpossible("it was stopped")
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive:
                    return worker
                self._all.discard(worker)  # short of memory, the system ends idle ones first
            worker = DecoderProcess(self._limits, self._decoder)
            self._all.add(worker)
            return worker

    def _return_process(self, worker: DecoderProcess) -> None:
        with self._lock:
            if worker.is_worn_out:
                worker.end_process()
                self._all.discard(worker)
            else:
                self._idle.append(worker)


class DecoderProcess:
    """One process. For each file `open` or `take` comes first, then `decode` for its pages.

    They raise UnreadableImage, which ends the file: with the code that the worker gives, with timeout when
    it takes longer than the limits allow, with out-of-memory or decoder-crashed when it dies.
    """

    def __init__(self, limits: Limits, decoder: str) -> None:
        self._limits, self._files, self._has_ended, self._is_ready = limits, 0, False, False
        self._name, self._deadline, self._is_open = "", 0.0, False
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _started(theirs)
        # A message that begins and does not go on; that none begins is what poll finds out.
        stalled = struct.pack("@ll", int(limits.seconds) + 1, 0)
        for each in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            ours.setsockopt(socket.SOL_SOCKET, each, stalled)
        self._connection = Connection(ours.detach())
        with suppress(OSError):  # it has died already: found out when it should be ready
            self._connection.send_bytes(json.dumps({"limits": asdict(limits), "decoder": decoder}).encode())

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def is_worn_out(self) -> bool:
        return self._has_ended or self._files >= MAX_FILES or _resident(self.pid) > MEMORY

    def open_file(self, path: bytes) -> OpenedFile:
        """Make the worker read a file and hold it."""
        return self._opened(path, display_path(path))

    def open_content(self, data: bytes, name: str) -> OpenedFile:
        """The same of content that is in no file; `name` is what messages call it."""
        return self._opened(b"\0" + data, name)

    def _opened(self, message: bytes, name: str) -> OpenedFile:
        self._get_ready()
        self.close_file()
        self._files += 1
        self._name, self._deadline = name, time.monotonic() + self._limits.seconds
        with self._watched():
            self._connection.send_bytes(message)
            said = self._said()
            self._is_open = True
            return OpenedFile(str(said["sha256"]), int(said["size"]), int(said["pages"]))

    def close_file(self) -> None:
        """Let the file go that was opened, if one is."""
        if self._is_open and not self._has_ended:
            self._is_open = False
            with self._watched():
                self._connection.send_bytes(DONE)

    def decode_page(self, page: int = 1) -> DecodedPage:
        """A page, counted from 1, of the file that was opened; every further one has a time of its own."""
        if page > 1:
            self._deadline = time.monotonic() + self._limits.seconds
        with self._watched():
            self._connection.send_bytes(PAGE + b"%d" % page)
            said = self._said()
            thumbnail = self._received()
            decoded = _decoded(self._received(), said)
            metadata = Metadata.from_json(said["metadata"])
            return DecodedPage(decoded, int(said["perceptual_hash"]), thumbnail, metadata)

    def end_process(self) -> None:
        """Kill the process; whoever waits for an answer of it learns that it died."""
        self._has_ended = True
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # a disk that does not answer holds it
            self._process.wait(timeout=5)

    def _get_ready(self) -> None:
        if not self._is_ready:
            self._deadline = time.monotonic() + START_SECONDS
            try:
                self._is_ready = self._received() == b"ready"
            except (EOFError, OSError):
                fate = _fate(self._status(wait=1.0))
                self.end_process()
                raise DecodingImpossible(f"a process for it does not start ({fate})") from None

    def _received(self) -> bytes:
        if not self._connection.poll(max(0.0, self._deadline - time.monotonic())):
            raise TimeoutError
        return self._connection.recv_bytes(LONGEST_MESSAGE)

    def _said(self) -> Mapping[str, Any]:
        said: Mapping[str, Any] = json.loads(self._received())
        if "code" in said:
            self._is_open = False
            raise UnreadableImage(self._name, str(said["code"]), str(said["reason"]))
        return said

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """End a worker that does not answer as it should, and say what the file did to it."""
        try:
            yield
        except UnreadableImage:
            raise
        except (TimeoutError, BlockingIOError):
            self.end_process()
            raise self._refusal("timeout") from None
        except Exception as error:  # one that a file has taken over may answer anything
            died = self._status(wait=1.0)
            self.end_process()
            raise self._refusal(_CODES.get(died or 0, "decoder-crashed"), _fate(died)) from error

    def _status(self, wait: float) -> int | None:
        """What the process ended with, as Popen.returncode; None when it does not within so many seconds."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(wait)
        return None

    def _refusal(self, code: str, fate: str = "") -> UnreadableImage:
        reason = {
            "timeout": f"not decoded within {self._limits.seconds:g} seconds (setting decode_seconds); "
            "allow more, or save it again",
            "out-of-memory": f"the process that decoded it was ended ({fate}), most likely for want of "
            "memory; save it again with fewer pixels",
            "decoder-crashed": f"the process that decoded it died ({fate}); repair it or save it again",
        }[code]
        return UnreadableImage(self._name, code, reason)


def _started(theirs: socket.socket) -> subprocess.Popen[bytes]:
    """A new interpreter, in a process group of its own: no Ctrl-C of a terminal reaches it."""
    paths = [str(Path(each).absolute()) for each in sys.path]
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _START],
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # where libtiff complains
        cwd="/",
        env=os.environ | _ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(paths)},
        process_group=0,
    )


def _resident(process: int) -> int:
    """Bytes of memory that a process holds; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _fate(status: int | None) -> str:
    if status is None:
        return "it answered what nobody asked"
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name


def _decoded(pixels: bytes, said: Mapping[str, Any]) -> images.DecodedImage:
    height, width = (int(each) for each in said["shape"])
    facts = said["facts"]
    return images.DecodedImage(
        np.frombuffer(pixels, np.uint8).reshape(height, width, 3).copy(),  # what is received is read-only
        int(facts["width"]),
        int(facts["height"]),
        str(facts["format"]),
        facts["taken_at"] and datetime.fromisoformat(facts["taken_at"]),
        str(facts["camera"]),
    )
