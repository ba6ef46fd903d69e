"""Attacks on a real server, and how long others wait meanwhile; over loopback, each bounded in time.

A library of drawn pictures is served by a process of its own, as by `pictor serve`. Each attack opens
connections that send nothing, their headers or a body byte by byte, or take an answer slowly; or it sends
pictures that are dear to decode. Meanwhile another client asks for the status, once a second.
Figures: the longest wait of that client in seconds (WAIT where it got no answer), and what the attack got.
--size N: the connections of an attack (default 200).
"""

from __future__ import annotations

import http.client
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import MSG_PEEK, SHUT_RDWR, create_connection, socket
from threading import Event, Thread
from typing import Any, TypeAlias

import numpy as np

from retrieval import images

from .crash import make_space
from .limits import draw_pictures

WAIT = 60.0  # seconds that the other client waits for an answer, and that an attack lasts at most
LASTS = 30.0  # seconds that connections are held
PICTURES = 17  # in one request, one more than a query may have
SIDE = 5000  # pixels; a picture of one colour has few bytes
_HOST = "127.0.0.1"
_HEAD = b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n"
_POST = b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

Figures: TypeAlias = dict[str, float]


def measure(size: int | None = None) -> dict[str, Any]:
    """The longest wait of somebody else during each attack, and the answer to the dear pictures."""
    count = size or 200
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder)) as port:
        for name, start, drip in CONNECTION_ATTACKS:
            figures[f"{name}: longest wait of another client, s"] = hold_connections(port, count, start, drip)
        figures |= send_dear_pictures(port, PICTURES, "one picture too many")
        figures |= send_dear_pictures(port, PICTURES - 1, "as many pictures as allowed")
    return {"figures": figures, "beside": {}}


# What each connection sends at once, and then twice a second.
CONNECTION_ATTACKS = (
    ("silent connections", b"", b""),
    ("headers byte by byte", _HEAD + b"X: ", b"x"),
    ("a body byte by byte", _POST + b"Content-Length: 100000\r\n\r\n", b" "),
    ("a body in chunks", _POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ("answers that nobody takes", (_HEAD + b"\r\n") * 50, b""),
)


@dataclass(frozen=True, slots=True)
class Served:
    """A process that serves a library: its port and its number."""

    port: int
    pid: int

    def resident_mib(self) -> float:
        """The memory that it uses, in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


@contextmanager
def run_server(folder: Path) -> Iterator[int]:
    """A process that serves a small library; gives its port."""
    library = folder / "library"
    make_space(library)
    draw_pictures(folder / "pictures", 0, 8)
    command = [sys.executable, "-m", "indexer.cli"]
    subprocess.run(
        [*command, "index", folder / "pictures", "--library", library], check=True, capture_output=True
    )
    with serve(library) as served:
        yield served.port


@contextmanager
def serve(library: Path) -> Iterator[Served]:
    """A process that serves a library, as by `pictor serve`."""
    command = [
        sys.executable,
        "-m",
        "indexer.cli",
        "serve",
        "--library",
        str(library),
        "--port",
        "0",
        "--json",
    ]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout
            printed = "".join(iter(process.stdout.readline, "}\n")) + "}"
            yield Served(int(json.loads(printed)["address"].rstrip("/").rpartition(":")[2]), process.pid)
        finally:
            process.kill()


def hold_connections(
    port: int, count: int, start: bytes, drip: bytes, seconds: float = LASTS, path: str = "/api/v1/status"
) -> float:
    """Hold connections for a while, opening those again that are closed; gives another's longest wait."""
    ended = Event()
    threads = [
        Thread(target=_attack, args=[port, number, start, drip, ended], daemon=True)
        for number in _portions(count)
    ]
    for thread in threads:
        thread.start()
    time.sleep(2)  # until all of them stand
    end, longest = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        longest = max(longest, waiting_time(port, path))
        time.sleep(1)
    ended.set()
    for thread in threads:
        thread.join()
    _wait_until_free(port)
    return longest


def waiting_time(port: int, path: str = "/api/v1/status") -> float:
    """Seconds until an answer comes, or WAIT if it does not come."""
    began = time.monotonic()
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(_HOST, port, timeout=WAIT)
        connection.request("GET", path)
        connection.getresponse().read()
        connection.close()
        return time.monotonic() - began
    return WAIT


def send_dear_pictures(port: int, count: int, name: str) -> Figures:
    """What a request with pictures of many pixels and few bytes gets, and how long others wait for it."""
    picture = images.encode_png(np.zeros((SIDE, SIDE, 3), np.uint8))
    body, kind = form_of_pictures(picture, count)
    status: list[int] = []
    took = _Timer()

    def send() -> None:
        connection = http.client.HTTPConnection(_HOST, port, timeout=10 * WAIT)
        connection.request("POST", "/api/v1/search", body, {"Content-Type": kind})
        status.append(connection.getresponse().status)

    sender = Thread(target=took.measure, args=[send], daemon=True)
    sender.start()
    sender.join(10 * WAIT)
    return {
        f"{name}: kB sent": len(body) / 1000,
        f"{name}: s until the answer": took.seconds,
        f"{name}: HTTP status": status[0],
    }


class _Timer:
    seconds = 10 * WAIT

    def measure(self, act: Callable[[], None]) -> None:
        began = time.monotonic()
        act()
        self.seconds = time.monotonic() - began


def form_of_pictures(picture: bytes, count: int) -> tuple[bytes, str]:
    body = io.BytesIO()
    for _ in range(count):
        body.write(b'--x\r\nContent-Disposition: form-data; name="picture_file"; filename="a.png"\r\n\r\n')
        body.write(picture + b"\r\n")
    body.write(b"--x--\r\n")
    return body.getvalue(), "multipart/form-data; boundary=x"


def _portions(count: int, each_thread: int = 50) -> list[int]:
    return [min(each_thread, count - first) for first in range(0, count, each_thread)]


def _attack(port: int, count: int, start: bytes, drip: bytes, ended: Event) -> None:
    connections: list[socket | None] = [None] * count
    while not ended.wait(0.5):
        connections = [_keep_up(connection, port, start, drip) for connection in connections]
    for connection in connections:
        if connection:
            connection.close()


def _keep_up(connection: socket | None, port: int, start: bytes, drip: bytes) -> socket | None:
    """The connection after one more byte; a new one in the place of one that was closed."""
    try:
        if connection is None:
            connection = create_connection((_HOST, port), timeout=0.2)
            connection.sendall(start)
            connection.setblocking(False)
        elif drip:
            connection.sendall(drip)
        elif not connection.recv(1, MSG_PEEK):
            raise ConnectionResetError
    except BlockingIOError:  # there is nothing to read, or the server reads no more
        return connection
    except OSError:
        if connection:
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)
            connection.close()
        return None
    return connection


def _wait_until_free(port: int) -> None:
    """Until the server has noticed that the attack is over."""
    end = time.monotonic() + 2 * WAIT
    while time.monotonic() < end and waiting_time(port) > 1:
        time.sleep(1)
