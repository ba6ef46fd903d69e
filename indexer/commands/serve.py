"""pictor serve: the search page and the API; no other module of the indexer knows the web application."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from threading import Thread, Timer

import click

from retrieval import Library, RetrievalError
from webapp import create_app, create_server

from .options import json_option, library_option
from .output import print_json, print_remark


@click.command("serve")
@library_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8754, show_default=True, help="Port to listen on; 0: any free one.")
@click.option("--open/--no-open", "show", default=False, help="Open the page in the browser.")
@json_option
def serve_command(library: Path, host: str, port: int, show: bool, as_json: bool) -> None:
    """Serve the search page and the API, to this machine only unless --host names another address.

    \b
    Examples:
      pictor serve --open
      pictor serve --library archive --port 9000
    """
    with Library.open(library) as opened:
        serve_library(opened, host=host, port=port, show=show, as_json=as_json)


def serve_library(library: Library, *, host: str, port: int, show: bool, as_json: bool) -> None:
    """Serve until interrupted. The backbone is loaded by another thread, so the page is available at once."""
    # Only these host names are answered: another site could point a name of its own to this address.
    hosts = None if host in ("0.0.0.0", "::") else (host, "localhost", "127.0.0.1", "[::1]")
    try:
        server = create_server(create_app(library, hosts=hosts), host=host, port=port)
    except OSError as error:
        raise click.ClickException(f"{host}:{port}: {error.strerror}; choose another with --port") from error
    _announce_address(f"http://{host}:{server.effective_port}/", library, show=show, as_json=as_json)
    Thread(target=_warm_up_library, args=[library], daemon=True, name="warm-up").start()
    server.run()


def _announce_address(address: str, library: Library, *, show: bool, as_json: bool) -> None:
    if as_json:
        print_json({"address": address, "library": str(library.path)})
    print_remark(f"Search at {address} — stop with Ctrl-C")
    if show:
        Timer(1.0, webbrowser.open, [address]).start()


def _warm_up_library(library: Library) -> None:
    try:
        library.warm_up()
    except RetrievalError as error:
        print_remark(f"{error}")  # the page shows it as well, wherever it matters
