"""pictor init: an empty library."""

from __future__ import annotations

from pathlib import Path

import click

from ..upkeep.opening import LibrarySpec, open_or_create
from .options import json_option, library_option, new_library_options
from .output import print_json


@click.command("init")
@library_option
@new_library_options
@json_option
def init_command(library: Path, spec: LibrarySpec, as_json: bool) -> None:
    """Make an empty library; `pictor index` makes one by itself.

    \b
    Examples:
      pictor init --library holiday
      pictor init --library scans --backbone resnet50.a1_in1k --weights resnet50.safetensors
      pictor init --library shared --catalog-url postgresql+psycopg://db.example/pictor
    """
    with open_or_create(library, spec) as opened:
        signals = list(opened.signal_names)
    if as_json:
        print_json({"library": str(opened.path), "signals": signals})
    else:
        click.echo(f"{opened.path}: a library that ranks by {', '.join(signals)}")
