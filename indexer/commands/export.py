"""pictor export: what people said in Pictor, for other programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from retrieval import Library

from ..upkeep.sidecar_export import SidecarExport, export_sidecars
from .options import json_option, library_option
from .output import count_of, print_json, print_remark


@click.group("export")
def export_command() -> None:
    """Give what people said in Pictor to other programs.

    \b
    Examples:
      pictor export sidecars --dry-run
      pictor search tag:boat --format csv     # hits for a table
    """


@export_command.command("sidecars")
@click.option("--matching", metavar="QUERY", help="Only of the hits of a query.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@library_option
@json_option
def sidecars_command(matching: str | None, dry_run: bool, library: Path, as_json: bool) -> None:
    """Write what was said of images to XMP files beside their pictures, which are never touched.

    Files of other programs are merged: what else they say stays as it is. What cannot be merged without loss
    is refused, and listed; exit code 1.

    \b
    Examples:
      pictor export sidecars
      pictor export sidecars --matching 'folder:2019/oslo' --dry-run
    """
    with Library.open(library) as opened:
        ids = None if matching is None else opened.find_ids(matching)
        done = export_sidecars(opened, ids, dry_run=dry_run)
    if as_json:
        print_json(asdict(done) | {"refused": [{"path": path, "reason": why} for path, why in done.refused]})
    else:
        _print_export(done, dry_run)
    if done.refused:
        raise click.exceptions.Exit(1)


def _print_export(done: SidecarExport, dry_run: bool) -> None:
    for path in done.written:
        click.echo(path)
    for path, reason in done.refused:
        print_remark(f"{path}: refused: {reason}")
    verb = "would be written" if dry_run else "written"
    print_remark(f"{count_of(len(done.written), 'sidecar')} {verb}, {done.unchanged} said it all already")
    if done.unplaced:
        print_remark(f"{count_of(done.unplaced, 'image')} left out: no file of their own to write beside")
