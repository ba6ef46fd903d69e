"""pictor forget: files that are gone."""

from __future__ import annotations

from pathlib import Path

import click

from ..run.missing_files import forget_missing
from ..upkeep.opening import open_existing
from .options import json_option, library_option, wait_option
from .output import print_json
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
@library_option
@wait_option
@json_option
def forget_command(days: float, library: Path, wait: bool, as_json: bool) -> None:
    """Forget files that were missing when their folder was last indexed, and images that lie nowhere else.

    Until then they are kept: a file that comes back need not be described again. With the setting
    forget_missing_days, every run of `pictor index` forgets files that have been missing for so many days.

    \b
    Examples:
      pictor forget --missing
      pictor forget --missing --days 30
    """
    with open_existing(library, busy_action(wait=wait)) as opened:
        before = opened.count_images()
        files = forget_missing(opened, days)
        images = before - opened.count_images()
        opened.publish()
    if as_json:
        print_json({"files": files, "images": images})
    else:
        click.echo(f"{files} missing files forgotten, and {images} images that lay nowhere else")
