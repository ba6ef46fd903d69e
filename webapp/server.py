"""The embedded server: waitress, which listens on this machine alone unless another host is given.

One thread, that of `Server.run`, talks with all connections and does nothing else; the lanes answer.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event, get_ident
from typing import Any, Final, final

import waitress
from flask import Flask
from waitress import wasyncore
from waitress.server import BaseWSGIServer

from .connections import MAX_CONNECTIONS, MAX_SILENCE, TimedChannel
from .lanes import Lane, LaneQueues, lanes_of_settings
from .metrics import lane_meters
from .refusals import Refusals
from .services import services_of

# Waitress refuses larger requests itself, in plain text; below it our own page can name the limit of uploads.
MAX_REQUEST: Final = 200_000_000  # bytes
SLACK: Final = 16  # connections that are being closed, and waitress's own entries in its table
RECEIVED: Final = 1 << 17  # bytes at a time; each time costs a look at all connections
LOOKAHEAD: Final = 1  # requests read while one is answered, so that it is seen when its client has gone
WATCH_SECONDS: Final = 0.1  # between two looks at how long clients take
STOP_SECONDS: Final = 8.0  # for what is being answered when the server stops; containers get ten


class LaneDispatcher:
    """The lanes as waitress knows them: it brings them each request, and its connection is the task."""

    def __init__(self, queues: LaneQueues) -> None:
        self._queues = queues

    def add_task(self, channel: TimedChannel) -> None:
        """Waitress calls it while it holds the lock of the connection, so nothing may wait here."""
        self._queues.take(channel)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 0.0) -> bool:
        """End the threads of the lanes."""
        self._queues.close(timeout)
        return True


@final
class Server:
    """A server that holds its port, and answers requests while `run` runs."""

    def __init__(self, listeners: Sequence[Any], table: dict[int, Any], queues: LaneQueues) -> None:
        """`listeners`: one for each address; `table`: all sockets of waitress, later connections too."""
        self._listeners, self._table, self._queues = listeners, table, queues
        self._is_stopping = Event()
        self._watched = 0.0  # when it was last looked at how long clients take
        self._loop_thread = 0
        self._wake_loop = listeners[0].pull_trigger
        for listener in listeners:
            listener.pull_trigger = self._wake

    @property
    def effective_host(self) -> str:
        """The address that it listens on."""
        return str(self._listeners[0].effective_host)

    @property
    def effective_port(self) -> int:
        """The port that it listens on."""
        return int(self._listeners[0].effective_port)

    def run(self) -> None:
        """Answer until `stop` is called, and then what is being answered, for at most STOP_SECONDS."""
        self._loop_thread = get_ident()
        try:
            self._loop(lambda: not self._is_stopping.is_set())
            self._accept_waiting()
            self._stop_listening()
            end = time.monotonic() + STOP_SECONDS
            self._loop(lambda: self._has_work() and time.monotonic() < end)
        finally:
            self._queues.close()
            wasyncore.close_all(self._table, ignore_all=True)

    def stop(self) -> None:
        """Have `run` accept nothing more, finish and return; from any thread, or from a signal handler."""
        self._is_stopping.set()
        with suppress(OSError):  # it has stopped already
            self._wake_loop()

    def _wake(self) -> None:
        """Have the loop look at its connections; what it did itself it sees anyway."""
        if get_ident() != self._loop_thread:
            self._wake_loop()

    def _loop(self, goes_on: Callable[[], bool]) -> None:
        while goes_on():
            wasyncore.loop(timeout=1, map=self._table, use_poll=hasattr(select, "poll"), count=1)
            self._queues.refuse_rest()
            self._watch_clients()

    def _watch_clients(self) -> None:
        if time.monotonic() - self._watched > WATCH_SECONDS:
            for channel in self._channels():
                channel.watch_time()
            self._watched = time.monotonic()

    def _channels(self) -> list[TimedChannel]:
        return [one for one in self._table.values() if isinstance(one, TimedChannel)]

    def _accept_waiting(self) -> None:
        """Accept who has connected already, and would be reset otherwise, and read what they sent."""
        for listener in self._listeners:
            for _ in range(MAX_CONNECTIONS):
                known = len(self._table)
                listener.handle_accept()
                if len(self._table) == known:
                    break
        wasyncore.loop(timeout=0, map=self._table, use_poll=hasattr(select, "poll"), count=1)

    def _stop_listening(self) -> None:
        for listener in self._listeners:
            listener.accepting = False
            wasyncore.dispatcher.close(listener)  # its trigger stays, by which threads wake the loop

    def _has_work(self) -> bool:
        """Whether answers are made or on their way; connections without any are closed."""
        channels = self._channels()
        for channel in channels:
            if not channel.is_answering:
                channel.will_close = True
        return bool(channels)


def create_server(
    app: Flask, *, host: str = "127.0.0.1", port: int = 8000, lanes: Sequence[Lane] = ()
) -> Server:
    """Bind the address and return the server; port 0 takes any free one.

    `lanes`: other ones than the settings of the library ask for. Raises OSError where the address is taken.
    """
    settings, meters = services_of(app).library.settings, lane_meters(app)
    queues = LaneQueues(
        lanes or lanes_of_settings(settings),
        settings.answer_seconds,
        note_wait=meters.note_wait,
        note_refusal=meters.note_refusal,
    )
    meters.show_queues(queues.queues)
    table: dict[int, Any] = {}
    try:
        _listen(app, host, port, table, LaneDispatcher(queues))
    except OSError:
        queues.close()
        raise
    refusals = Refusals(app)
    listeners = [one for one in table.values() if isinstance(one, BaseWSGIServer)]
    for listener in listeners:
        listener.channel_class, listener.refusals = TimedChannel, refusals
    return Server(listeners, table, queues)


def _listen(app: Flask, host: str, port: int, table: dict[int, Any], dispatcher: LaneDispatcher) -> None:
    waitress.create_server(
        app,
        host=host,
        port=port,
        ident=None,
        max_request_body_size=MAX_REQUEST,
        channel_timeout=MAX_SILENCE,
        recv_bytes=RECEIVED,
        channel_request_lookahead=LOOKAHEAD,
        connection_limit=MAX_CONNECTIONS + SLACK,
        asyncore_use_poll=hasattr(select, "poll"),
        # A proxy on this machine may say that the visitor's connection is encrypted, and nothing else.
        trusted_proxy="127.0.0.1",
        trusted_proxy_headers={"x-forwarded-proto"},
        clear_untrusted_proxy_headers=True,
        map=table,
        _dispatcher=dispatcher,
    )
