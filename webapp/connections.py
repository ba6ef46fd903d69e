"""Connections that take too long, or that crowd out others, are closed; only waitress's own loop runs this.

Waitress closes a connection that is silent, but not one that sends a byte now and then, and it stops
accepting when there are too many. Here a client has a time for each step of a request. When there are too
many connections, from one address or together, the one that Pictor has waited for longest is closed, so a
new one is always answered.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from retrieval import RetrievalError

from .deadlines import DEADLINE
from .lanes import QUICK, find_lane
from .request_parser import StrictParser

MAX_CONNECTIONS: Final = 256  # together; a process may usually open 1,024 files
MAX_FROM_ADDRESS: Final = 64  # of one address that Pictor waits for; a browser opens six
MAX_SILENCE: Final = 30.0  # seconds between two requests
HEADER_SECONDS: Final = (
    10.0  # from the beginning of a request, or of the connection, to the end of its headers
)
BODY_SECONDS: Final = 20.0  # for the rest of a request, and for taking the answer; and one more for each RATE
RATE: Final = 20_000  # bytes

MAX_PIPELINED: Final = 8  # requests that wait in one connection; browsers send one after the other

FLUSH: Final = "pictor.flush"  # in the environment of a request: sends what of its answer was made so far

# What a connection does now.
IDLE, HEADERS, ANSWER, BODY, WORK = range(5)


class RequestTask(WSGITask):  # type: ignore[misc]  # waitress has no types
    """The answer to one request: that of the application, or a refusal."""

    def execute(self) -> None:
        refused = self.channel.refused
        if refused is None:
            super().execute()
        else:
            self._write_refusal(*refused)

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[DEADLINE], environ[FLUSH] = self.channel.deadline, self.channel.flush
        return environ

    def _write_refusal(self, error: RetrievalError, seconds: int) -> None:
        accept = self.request.headers.get("ACCEPT", "")
        refusal = self.channel.server.refusals.find(error, self.request.path, accept)
        body = b"" if self.request.command == "HEAD" else refusal.body
        self.status, self.content_length, self.complete = refusal.status, len(refusal.body), True
        self.response_headers = [*refusal.headers, ("Retry-After", str(seconds))]
        self.write(body)


class TimedChannel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """One connection, with limits for how long its client may take; a Task of the lanes.

    The loop of the server calls `watch_time` once a second or more often.
    """

    task_class, parser_class = RequestTask, StrictParser
    refused: tuple[RetrievalError, int] | None = None
    deadline = float("inf")

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        self._step, self._to_send = HEADERS, 0
        self._served = self._served_before = 0
        self._since = self.waits_since = time.monotonic()
        super().__init__(server, sock, addr, adj, map)
        self.network = network_of(addr[0])
        others = [other for other in map.values() if isinstance(other, TimedChannel) and other is not self]
        close_crowd(self, others)

    @property
    def lane(self) -> str:
        """The lane of the request that is next; one that waitress itself refuses costs nothing."""
        request = self.requests[0]
        return QUICK if request.error else find_lane(request.path)

    def answer(self, deadline: float) -> None:
        """Answer one request; a thread of its lane calls it."""
        self.deadline, self.refused = deadline, None
        self._serve()

    def refuse(self, error: RetrievalError, seconds: int) -> None:
        """Refuse one request."""
        self.refused = error, seconds
        self._serve()

    def _serve(self) -> None:
        self._served += 1
        try:
            self.service()
        except OSError as error:
            if error.errno != errno.EBADF:  # the server ended as the answer was sent, and closed its trigger
                raise

    def flush(self) -> None:
        """Send at once what of an answer was made so far; waitress would wait for more."""
        with self.outbuf_lock:
            self._flush_exception(self._flush_some, do_close=False)
        if self.total_outbufs_len:
            self.server.pull_trigger()

    @property
    def is_answering(self) -> bool:
        """Whether an answer is made, or on its way."""
        return not self.will_close and bool(self.requests or self.total_outbufs_len)

    @property
    def is_working(self) -> bool:
        """Whether Pictor works on a request of this connection."""
        return bool(self.requests)

    def watch_time(self) -> None:
        """Close the connection if its client has taken too long for what it does now."""
        if self._served != self._served_before:  # perhaps so fast that it was not seen at work
            self._served_before, self._step = self._served, WORK
        step, now = self._current_step(), time.monotonic()
        if step != self._step:
            if WORK in (step, self._step):
                self.waits_since = now
            self._step, self._since, self._to_send = step, now, self.total_outbufs_len
        elif len(self.requests) > MAX_PIPELINED or now - self._since > self._allowed_seconds():
            self.will_close = True

    def _current_step(self) -> int:
        if self.requests:
            return WORK
        if self.total_outbufs_len:
            return ANSWER
        if self.request is None:
            return IDLE if self._served else HEADERS
        return BODY if self.request.headers_finished else HEADERS

    def _allowed_seconds(self) -> float:
        if self._step == BODY:
            return BODY_SECONDS + float(self.request.body_bytes_received) / RATE
        seconds = {
            IDLE: MAX_SILENCE,
            HEADERS: HEADER_SECONDS,
            ANSWER: BODY_SECONDS + self._to_send / RATE,
        }
        return seconds.get(self._step, float("inf"))


def close_crowd(newcomer: TimedChannel, others: Iterable[TimedChannel]) -> None:
    """Close a connection where a new one makes too many: the new one if Pictor works on all others."""
    others = [other for other in others if not other.will_close]
    waiting = [other for other in others if not other.is_working]
    neighbours = [other for other in waiting if other.network == newcomer.network]
    if len(neighbours) >= MAX_FROM_ADDRESS:
        waiting = neighbours
    elif len(others) < MAX_CONNECTIONS:
        return
    # A long upload may be the one; but one that has just come and will be answered soon never is.
    min(waiting, key=lambda other: other.waits_since, default=newcomer).will_close = True


def network_of(address: str) -> str:
    """What counts as one address: for IPv6 the first 64 bits, since one customer has all the others."""
    try:
        number = ip_address(address.partition("%")[0])
    except ValueError:  # such as the name of a socket in the file system
        return address
    if not isinstance(number, IPv6Address):
        return str(number)
    return str(number.ipv4_mapped or ip_network((number, 64), strict=False))
