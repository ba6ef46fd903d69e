"""The embedded server: waitress, on this machine alone unless it is told otherwise."""

from __future__ import annotations

from typing import Any, Final

import waitress
from flask import Flask

MAX_THREADS: Final = 8  # requests answered at the same time; a search already uses several cores
# Beyond this waitress itself refuses, in plain text; up to it our own page can say what the limit is.
REFUSED_UNREAD: Final = 200_000_000  # bytes
SILENCE: Final = 30  # seconds after which a connection that says nothing is closed


def server(app: Flask, *, host: str = "127.0.0.1", port: int = 8000, threads: int = MAX_THREADS) -> Any:
    """Bind the address and give a server with `run` and `close`; port 0 takes any free one.

    Raises OSError where the address is taken.
    """
    return waitress.create_server(
        app,
        host=host,
        port=port,
        threads=threads,
        ident=None,
        max_request_body_size=REFUSED_UNREAD,
        channel_timeout=SILENCE,
    )
