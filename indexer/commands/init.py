"""pictor init: an empty library."""

from __future__ import annotations

from pathlib import Path

import click

from ..upkeep.opening import Recipe, writing
from .options import json_option, library_option, recipe_options
from .output import print_json


@click.command("init")
@library_option
@recipe_options
@json_option
def init_command(library: Path, recipe: Recipe, as_json: bool) -> None:
    """Make an empty library; `pictor index` makes one by itself.

    \b
    Examples:
      pictor init --library holiday
      pictor init --library scans --backbone resnet50.a1_in1k --weights resnet50.safetensors
      pictor init --library shared --catalog-url postgresql+psycopg://db.example/pictor
    """
    with writing(library, recipe) as opened:
        signals = list(opened.signals)
    if as_json:
        print_json({"library": str(opened.path), "signals": signals})
    else:
        click.echo(f"{opened.path}: a library that ranks by {', '.join(signals)}")
