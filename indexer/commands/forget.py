"""pictor forget: files that are gone."""

from __future__ import annotations

from pathlib import Path

import click

from ..run.pipeline import forget_missing
from ..upkeep.opening import changing
from .options import json_option, library_option, wait_option
from .output import print_json
from .run_output import waiting


@click.command("forget")
@click.option(
    "--missing", is_flag=True, required=True, expose_value=False, help="Say that missing files are meant."
)
@click.option(
    "--days", default=0.0, show_default=True, type=click.FloatRange(0), help="Only those missing for so long."
)
@library_option
@wait_option
@json_option
def command(days: float, library: Path, wait: bool, as_json: bool) -> None:
    """Forget files that were gone when their folder was indexed, and images that lie nowhere else.

    Until then they are kept: a file that comes back is not described anew. The setting forget_missing_days
    has every run of `pictor index` forget what has been missing for so long.

    \b
    Examples:
      pictor forget --missing
      pictor forget --missing --days 30
    """
    with changing(library, waiting(wait=wait)) as opened:
        before = opened.count()
        files = forget_missing(opened, days)
        images = before - opened.count()
        opened.publish()
    if as_json:
        print_json({"files": files, "images": images})
    else:
        click.echo(f"{files} missing files forgotten, and {images} images that lay nowhere else")
