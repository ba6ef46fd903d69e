"""pictor index: folders to a library."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import path_bytes

from ..captions import read_captions
from ..making import Recipe, writing
from ..pipeline import index
from ..report import Progress, Report
from ..sources import reachable
from .options import json_option, library_option, recipe_options
from .output import print_json, progress_bar, remark

SHOWN = 20  # problems that the report lists in full


@click.command("index")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…", type=click.Path(path_type=Path))
@library_option
@click.option(
    "--captions",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV with the columns path, title, caption, tags (parted by ;), label.",
)
@recipe_options
@json_option
def command(
    folders: tuple[Path, ...],
    library: Path,
    captions: Path | None,
    recipe: Recipe,
    as_json: bool,
) -> None:
    """Describe the pictures of folders (or single files), and search them from then on.

    Running it again reads only what is new or changed. Exit code 1 says that there were problems;
    every other picture is in the library all the same.

    \b
    Examples:
      pictor index ~/Pictures
      pictor index scans --captions scans/catalogue.csv --library archive
      pictor index photos --backbone mobilenetv2_100 --weights mobilenetv2.safetensors
    """
    facts = read_captions(captions) if captions else {}
    roots = [path_bytes(each) for each in folders]
    for root in roots:
        reachable(root)  # before a library is made for a folder that was mistyped
    with writing(library, recipe) as opened, progress_bar("Indexing") as move:

        def on_event(event: Progress) -> None:
            problems = f"{event.problems} problems, " if event.problems else ""
            move(event.done, event.total, f"{problems}{event.folder.rpartition('/')[2] or event.stage}")

        report = index(opened, roots, captions=facts, on_event=on_event)
    if as_json:
        print_json(report.as_json())
    else:
        _print(report, library)
    raise click.exceptions.Exit(1 if report.problems else 0)


def _print(report: Report, library: Path) -> None:
    counts = {
        "new": report.added,
        "changed": report.changed,
        "copies": report.copies,
        "moved": report.moved,
        "returned": report.returned,
        "missing": report.missing,
        "unchanged": report.unchanged,
    }
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing to do"
    click.echo(f"{report.files} pictures in {report.seconds:.1f} s: {said}. Library: {library}")
    if report.captions_without_picture:
        remark(f"{report.captions_without_picture} lines of the captions file name no picture that is here")
    if report.symbolic_links:
        remark(f"{report.symbolic_links} symbolic links were not followed")
    for problem in report.problems[:SHOWN]:
        remark(f"{problem.code}: {problem.display}: {problem.reason}")
    if len(report.problems) > SHOWN:
        remark(f"… and {len(report.problems) - SHOWN} more; `pictor status --json` lists all")
