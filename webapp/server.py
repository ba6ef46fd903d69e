"""The embedded server: waitress, which listens on this machine alone unless another host is given."""

from __future__ import annotations

import select
from typing import Any, Final, Protocol

import waitress
from flask import Flask
from waitress.server import BaseWSGIServer

from .connections import MAX_CONNECTIONS, MAX_SILENCE, TimedChannel

MAX_THREADS: Final = 8  # requests answered at the same time; a search already uses several cores
# Waitress refuses larger requests itself, in plain text; below it our own page can name the limit of uploads.
MAX_REQUEST: Final = 200_000_000  # bytes
SLACK: Final = 16  # connections that are being closed, and waitress's own entries in its table


class Server(Protocol):
    """A server that holds its port, and answers requests while `run` runs."""

    effective_port: int

    def run(self) -> None: ...

    def close(self) -> None: ...


def create_server(
    app: Flask, *, host: str = "127.0.0.1", port: int = 8000, threads: int = MAX_THREADS
) -> Server:
    """Bind the address and return the server; port 0 takes any free one.

    Raises OSError where the address is taken.
    """
    table: dict[int, Any] = {}  # waitress's table of sockets: it holds what listens, later connections too
    server: Server = waitress.create_server(
        app,
        host=host,
        port=port,
        threads=threads,
        ident=None,
        max_request_body_size=MAX_REQUEST,
        channel_timeout=MAX_SILENCE,
        connection_limit=MAX_CONNECTIONS + SLACK,
        asyncore_use_poll=hasattr(select, "poll"),
        # A proxy on this machine may say that the visitor's connection is encrypted, and nothing else.
        trusted_proxy="127.0.0.1",
        trusted_proxy_headers={"x-forwarded-proto"},
        clear_untrusted_proxy_headers=True,
        map=table,
    )
    for listener in table.values():
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = TimedChannel
    return server
