"""pictor backup: copies a library."""

from __future__ import annotations

from pathlib import Path

import click

from ..upkeep.backup import create_backup
from .options import json_option, library_option
from .output import count_of, print_json


@click.command("backup")
@click.argument("target", metavar="DIR|FILE.tar", type=click.Path(path_type=Path))
@library_option
@json_option
def backup_command(target: Path, library: Path, as_json: bool) -> None:
    """Copy a library to a new folder, or to one file, even while it is indexed and searched.

    The copy holds one state of the catalog, the settings and the weights. It is opened and checked before
    the command ends. It does not hold the pictures themselves, nor the projections, which `pictor restore`
    makes again.

    \b
    Examples:
      pictor backup /mnt/safe/pictor-2026-11-21
      pictor backup archive.tar --library archive
    """
    images = create_backup(library, target)
    if as_json:
        print_json({"backup": str(target), "images": images})
    else:
        click.echo(
            f"{target}: {count_of(images, 'image')}, checked; `pictor restore` makes a library from it"
        )
