"""pictor forget: files that are gone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from retrieval import Library, display_path

from ..run.missing_files import count_unlocated, find_missing, forget_missing
from ..upkeep.opening import open_existing
from .options import json_option, library_option, wait_option
from .output import count_of, print_json, print_remark
from .run_output import busy_action


@click.command("forget")
@click.option(
    "--missing",
    is_flag=True,
    required=True,
    expose_value=False,
    help="Confirm that missing files are to be forgotten.",
)
@click.option(
    "--days",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Only files that have been missing for at least so many days.",
)
@click.option("--dry-run", is_flag=True, help="List the files that would be forgotten, and write nothing.")
@library_option
@wait_option
@json_option
def forget_command(days: float, dry_run: bool, library: Path, wait: bool, as_json: bool) -> None:
    """Forget files that were missing when their folder was last indexed, and images that lie nowhere else.

    Until then they are kept: a file that comes back need not be described again. With the setting
    forget_missing_days, every run of `pictor index` forgets files that have been missing for so many days.

    \b
    Examples:
      pictor forget --missing
      pictor forget --missing --days 30 --dry-run
    """
    if dry_run:
        _preview_forgetting(library, days, as_json=as_json)
        return
    with open_existing(library, busy_action(wait=wait)) as opened:
        before = opened.count_images()
        files = forget_missing(opened, days)
        images = before - opened.count_images()
        opened.publish()
    if as_json:
        print_json({"files": files, "images": images})
    else:
        lone = count_of(images, "image")
        click.echo(f"{count_of(files, 'missing file')} forgotten, and {lone} that lay nowhere else")


def _preview_forgetting(library: Path, days: float, *, as_json: bool) -> None:
    with Library.open(library) as opened:
        paths = find_missing(opened, days, datetime.now(UTC).replace(tzinfo=None))
        images = count_unlocated(opened, paths)
    if as_json:
        shown = [display_path(path) for path in paths]
        print_json({"files": len(paths), "images": images, "dry_run": True, "paths": shown})
        return
    for path in paths:
        click.echo(display_path(path))
    files, lone = count_of(len(paths), "missing file"), count_of(images, "image")
    print_remark(
        f"{files} would be forgotten, and {lone} that {'lies' if images == 1 else 'lie'} nowhere else; "
        "nothing was written"
    )
