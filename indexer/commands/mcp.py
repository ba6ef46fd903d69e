"""pictor mcp: the library as tools of an assistant."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import SEARCH_SCOPE, Library

from .options import library_option
from .output import print_remark


@click.command("mcp")
@library_option
@click.option(
    "--http", "port", type=int, metavar="PORT", help="Serve over HTTP on this machine, not over stdio."
)
@click.option(
    "--key", envvar="PICTOR_KEY", help="Show the assistant what this key sees; or the variable PICTOR_KEY."
)
def mcp_command(library: Path, port: int | None, key: str | None) -> None:
    """Let an assistant search the library, by the Model Context Protocol.

    It can search, look at pictures, and read all that is known about them; it cannot change anything. The
    assistant starts this command itself, and is told it as the command of a server. Needs pictor[mcp].

    \b
    Examples:
      pictor mcp --library ~/photos
      pictor mcp --http 8755
      PICTOR_KEY=pictor_… pictor mcp
    """
    try:
        from ..assistant import create_assistant
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"{error.name} is not installed; install it with `uv pip install 'pictor[mcp]'`"
        ) from error
    with Library.open(library) as opened:
        server = create_assistant(restrict_library(opened, key))
        if port is None:
            server.run("stdio")
        else:
            print_remark(f"MCP at http://127.0.0.1:{port}/mcp — stop with Ctrl-C")
            server.run("streamable-http", host="127.0.0.1", port=port)


def restrict_library(library: Library, key: str | None) -> Library:
    """What a key may search; the whole library without one."""
    if key is None:
        return library
    found = library.find_key(key)
    if found is None or SEARCH_SCOPE not in found.scopes:
        raise click.UsageError("--key: this key may not search the library; see `pictor key list`")
    return library.restrict(found.restriction) if found.restriction else library
