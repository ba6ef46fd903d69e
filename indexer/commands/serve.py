"""pictor serve: the search page and the API; no other module of the indexer knows the web application."""

from __future__ import annotations

import gc
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from threading import Event, Thread, Timer
from typing import TypeAlias

import click

from retrieval import Library, RetrievalError
from webapp import LOOPBACK, Server, create_app, create_server, tell_news, warm_up

from .options import json_option, library_option
from .output import print_json, print_remark

_WarmUp: TypeAlias = Callable[[Callable[[], bool]], None]  # ends early once what it is given says no


@click.command("serve")
@library_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8754, show_default=True, help="Port to listen on; 0: any free one.")
@click.option("--open/--no-open", "show", default=False, help="Open the page in the browser.")
@click.option("--public", is_flag=True, help="Let other machines in, through the address of --host.")
@click.option("--keys", is_flag=True, help="Answer those alone who have a key or sign in; see `pictor key`.")
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name or address of this machine that others use; repeatable.",
)
@json_option
def serve_command(
    library: Path,
    host: str,
    port: int,
    show: bool,
    public: bool,
    keys: bool,
    names: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve the search page and the API, to this machine only.

    Other machines are served with the --host to listen on, and either --keys, for those who have a key, or
    --public, for everybody there, who then sees all pictures.

    \b
    Examples:
      pictor serve --open
      pictor serve --library archive --port 9000
      pictor serve --host 0.0.0.0 --keys --allow-host pictures.example.org
      pictor serve --host 0.0.0.0 --public
    """
    if public and keys:
        raise click.UsageError("--public lets everybody in, and --keys only those who have a key; choose one")
    if not (public or keys or is_loopback(host)):
        raise click.UsageError(
            f"--host {host}: everybody who reaches this machine could see and search all pictures of the "
            "library. Add --keys to let in only those who have a key (`pictor key create NAME`), or --public "
            "if you want that."
        )
    with Library.open(library) as opened:
        has_key = any(key.revoked_at is None for key in opened.load_keys())
        if keys and not (has_key or opened.load_people()):
            raise click.UsageError(
                "--keys: nobody could be let in yet; make a key with `pictor key create NAME`, or let "
                "somebody sign in with `pictor user create NAME`"
            )
        serve_library(
            opened, host=host, port=port, show=show, public=public, keys=keys, names=names, as_json=as_json
        )


def is_loopback(host: str) -> bool:
    """Whether a server that listens on this address is reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve_library(
    library: Library,
    *,
    host: str,
    port: int,
    show: bool,
    as_json: bool,
    public: bool = False,
    keys: bool = False,
    names: tuple[str, ...] = (),
) -> None:
    """Serve until a signal comes. Another thread loads the backbone, so that the page is there at once."""
    hosts = allowed_hosts(host, names)
    library.prepare_serving()
    try:
        command = (sys.executable, "-m", "indexer.cli")
        app = create_app(library, hosts=hosts, public=public, keys=keys, command=command)
        server = create_server(app, host=host, port=port)
    except OSError as error:
        raise click.ClickException(f"{host}:{port}: {error.strerror}; choose another with --port") from error
    address = f"http://{bracket_address(host)}:{server.effective_port}/"
    _announce_address(address, library, show=show, as_json=as_json)
    if public:
        print_remark(describe_publicity(library, hosts))
    tell_news(app)
    _stop_on_signals(server)
    with _loading_early(partial(warm_up, app)):
        server.run()


@contextmanager
def _loading_early(warm_up: _WarmUp) -> Iterator[None]:
    """Load what queries need in another thread, which has ended behind the block.

    Python would abort the process if it ended while a thread is inside a compiled library.
    """
    is_over = Event()
    thread = Thread(target=_load, args=[warm_up, is_over], daemon=True, name="warm-up")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        gc.unfreeze()  # or compiled libraries report as leaked what `warm_up` froze


def _stop_on_signals(server: Server) -> None:
    """Finish what is being answered at the first signal; a second one ends the process."""

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def allowed_hosts(host: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names that the server answers to; another site could point a name of its own to this machine.

    A server that listens on all addresses answers to the name and the main addresses of this machine.
    """
    listens_everywhere = host in ("", "0.0.0.0", "::")
    own_names = (socket.gethostname(), *_own_addresses()) if listens_everywhere else (host,)
    return tuple(dict.fromkeys(bracket_address(name) for name in (*names, *own_names, *LOOPBACK)))


def bracket_address(name: str) -> str:
    """A name as the Host header has it, without a port; an IPv6 address stands in brackets."""
    try:
        return f"[{IPv6Address(name.strip('[]'))}]"
    except ValueError:
        return name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]


def _own_addresses() -> list[str]:
    """The addresses that this machine would send from."""
    addresses: list[str] = []
    # Nothing is sent: connecting a datagram socket only chooses the way. The targets are documentation's.
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))
            addresses.append(probe.getsockname()[0])
    return addresses


def describe_publicity(library: Library, hosts: tuple[str, ...]) -> str:
    """What strangers can do at a public server, in some sentences."""
    images = library.count_images()
    pictures = "the picture" if images == 1 else f"all {images:,} pictures"
    return (
        f"Everybody who reaches this address can search and see {pictures}, with names of files and folders, "
        "words, people and places; nobody can change or remove anything. "
        f"It answers to {', '.join(hosts)}; allow another name with --allow-host NAME."
    )


def _announce_address(address: str, library: Library, *, show: bool, as_json: bool) -> None:
    if as_json:
        print_json({"address": address, "library": str(library.path)})
    print_remark(f"Search at {address} — stop with Ctrl-C")
    if show:
        Timer(1.0, webbrowser.open, [address]).start()


def _load(warm_up: _WarmUp, is_over: Event) -> None:
    try:
        warm_up(lambda: not is_over.is_set())
    except RetrievalError as error:
        print_remark(f"{error}")  # the page shows it as well, wherever it matters
