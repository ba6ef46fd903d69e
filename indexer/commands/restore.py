"""pictor restore: makes a library from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from ..upkeep.backup import restore_backup
from .options import json_option, library_option
from .output import count_of, print_json


@click.command("restore")
@click.argument("source", metavar="DIR|FILE.tar", type=click.Path(exists=True, path_type=Path))
@library_option
@json_option
def restore_command(source: Path, library: Path, as_json: bool) -> None:
    """Make a library from a backup, where none exists yet. It is built and checked before it is put in place.

    \b
    Examples:
      pictor restore /mnt/safe/pictor-2026-11-21 --library restored
      pictor restore archive.tar --library archive
    """
    images = restore_backup(source, library)
    if as_json:
        print_json({"library": str(library), "images": images})
    else:
        click.echo(f"{library}: {count_of(images, 'image')}, checked; `pictor index` brings it up to date")
