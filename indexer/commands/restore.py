"""pictor restore: makes a library from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from ..upkeep.backup import Restored, restore_backup
from ..upkeep.carried_settings import WIDENING, format_setting
from .options import json_option, library_option
from .output import count_of, print_json, print_remark


@click.command("restore")
@click.argument("source", metavar="DIR|FILE.tar", type=click.Path(exists=True, path_type=Path))
@library_option
@json_option
def restore_command(source: Path, library: Path, as_json: bool) -> None:
    """Make a library from a backup, where none exists yet. It is built and checked before it is put in place.

    A backup may come from somebody else: settings that would use another catalog, or that allow more than
    the defaults do, are left out and named. Only you can read the files.

    \b
    Examples:
      pictor restore /mnt/safe/pictor-2026-11-21 --library restored
      pictor restore archive.tar --library archive
    """
    restored = restore_backup(source, library)
    if as_json:
        print_json(
            {"library": str(library), "images": restored.images, "settings_left_out": dict(restored.left_out)}
        )
    else:
        images = count_of(restored.images, "image")
        click.echo(f"{library}: {images}, checked; `pictor index` brings it up to date")
    _print_left_out(library, restored)


def _print_left_out(library: Path, restored: Restored) -> None:
    for name, value in restored.left_out.items():
        print_remark(
            f"Left out of {library / 'library.toml'}: {format_setting(name, value)}, or {WIDENING[name]}; "
            "write it there yourself if you want that."
        )
