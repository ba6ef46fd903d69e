"""pictor key: who may ask a server that wants keys, and for what."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from retrieval import SCOPES, SEARCH_SCOPE, ApiKey, Library, answers, open_keeper

from .options import json_option, library_option
from .output import print_json, print_remark
from .restrictions import read_restriction, restriction_options


@click.group("key")
def key_command() -> None:
    """Make and revoke keys for `pictor serve --keys`.

    \b
    Examples:
      pictor key create "tablet in the kitchen"
      pictor key create archive-bot --scope search --scope edit
      pictor key list
      pictor key revoke 1f0c2ab9
    """


@key_command.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=(SEARCH_SCOPE,),
    show_default=True,
    help="What the key allows; repeatable.",
)
@restriction_options
@library_option
@json_option
def create_key(
    name: str, scopes: tuple[str, ...], folder: Path | None, tag: str | None, library: Path, as_json: bool
) -> None:
    """Make a key and print it; it is shown this once alone.

    search: search and see pictures and all that is known about them. originals: get their files as they are.
    edit: save searches and concepts, and state facts. index: start and stop indexing runs. status: what the
    library holds, and its problems. metrics: figures of the server. backup: a copy of the whole library.

    A key may be restricted to a folder or a tag: for it, there is nothing else in the library.

    \b
    Examples:
      pictor key create phone
      pictor key create grandma --folder ~/Pictures/family
      pictor key create club --tag club --scope search --scope originals
      pictor key create monitor --scope metrics --json
    """
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        key = keeper.create_key(name, scopes, read_restriction(opened, folder, tag))
    if as_json:
        print_json({"name": name, "scopes": sorted(scopes), "key": key})
        return
    click.echo(key)
    print_remark("keep it safe: it is shown this once alone. Who has it may " + " and ".join(sorted(scopes)))


@key_command.command("list")
@library_option
@json_option
def list_keys(library: Path, as_json: bool) -> None:
    """List the keys by name, never the keys themselves.

    \b
    Examples:
      pictor key list
      pictor key list --json
    """
    with Library.open(library) as opened:
        listed = opened.load_keys()
    if as_json:
        print_json(answers.json_values(answers.ApiKeys(keys=[answers.present_key(key) for key in listed])))
        return
    for key in listed:
        seen = f", {key.restriction.text} alone" if key.restriction else ""
        click.echo(f"{key.prefix}  {key.name}: {', '.join(key.scopes)}{seen}; {_describe_use(key)}")
    if not listed:
        print_remark("no keys; make one with `pictor key create NAME`")


def _describe_use(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked on {_write_day(key.revoked_at)}"
    used = f"last used on {_write_day(key.last_used_at)}" if key.last_used_at else "never used"
    return f"made on {_write_day(key.created_at)}, {used}"


def _write_day(moment: datetime) -> str:
    return moment.date().isoformat()


@key_command.command("revoke")
@click.argument("key")
@library_option
def revoke_key(key: str, library: Path) -> None:
    """Revoke the key of this name or prefix; it is refused from the next request on.

    \b
    Examples:
      pictor key revoke phone
      pictor key revoke 1f0c2ab9
    """
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        revoked = keeper.revoke_key(key)
    print_remark(f"revoked: {revoked.prefix}  {revoked.name}")
