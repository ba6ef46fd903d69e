"""The embedded server: waitress, which listens on this machine alone unless another host is given."""

from __future__ import annotations

from typing import Final, Protocol

import waitress
from flask import Flask

MAX_THREADS: Final = 8  # requests answered at the same time; a search already uses several cores
# Waitress refuses larger requests itself, in plain text; below it our own page can name the limit of uploads.
MAX_REQUEST: Final = 200_000_000  # bytes
MAX_SILENCE: Final = 30  # seconds after which a silent connection is closed


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
    server: Server = waitress.create_server(
        app,
        host=host,
        port=port,
        threads=threads,
        ident=None,
        max_request_body_size=MAX_REQUEST,
        channel_timeout=MAX_SILENCE,
    )
    return server
