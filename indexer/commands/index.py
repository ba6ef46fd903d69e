"""pictor index: folders to a library."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from retrieval import display_path, path_bytes

from ..run.captions import read_captions
from ..run.patterns import Choice
from ..run.pipeline import index, preview
from ..run.plan import Plan
from ..run.report import Report, counts, problem_json
from ..run.sidecars import Followed
from ..run.sources import FoundFile, Walk, stat_root
from ..run.stop_signals import handle_stop_signals
from ..run.watch import Run, following, keep_up
from ..upkeep.opening import Recipe, writing
from .options import json_option, library_option, recipe_options, wait_option
from .output import remark
from .progress import print_line
from .run_output import print_report, remark_passed_over, remark_sidecars, say_stopping, told, waiting


@click.command("index")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…", type=click.Path(path_type=Path))
@library_option
@click.option(
    "--captions",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV with the columns path, title, caption, tags (parted by ;), label.",
)
@click.option(
    "--include", multiple=True, metavar="PATTERN", help="Take only what fits, such as '*.jpg' or 2024/."
)
@click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Pass over what fits, such as thumbs/ or '*_small.*'."
)
@click.option("--hidden", is_flag=True, help="Take files and folders whose names begin with a dot, too.")
@click.option(
    "--checksum", "compares", is_flag=True, help="Read every file, even where size and time are as they were."
)
@click.option("--again", "anew", is_flag=True, help="Read every file, and describe its picture again.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@click.option("--watch", "watches", is_flag=True, help="Go on: take in whatever changes, until stopped.")
@wait_option
@recipe_options
@json_option
def command(
    folders: tuple[Path, ...],
    library: Path,
    captions: Path | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    hidden: bool,
    compares: bool,
    anew: bool,
    dry_run: bool,
    watches: bool,
    wait: bool,
    recipe: Recipe,
    as_json: bool,
) -> None:
    """Describe the pictures of folders (or single files), and search them from then on.

    Running it again reads only what is new or changed. Ctrl-C ends it between two batches. Exit code 1 says
    that there were problems; every other picture is in the library all the same. With --json every event is
    a line; the last one is the report.

    \b
    Examples:
      pictor index ~/Pictures
      pictor index ~/Pictures --exclude thumbs/ --exclude '*_small.*' --dry-run
      pictor index /mnt/photos ~/Pictures --watch
      pictor index /mnt/photos --checksum
      pictor index ~/Pictures/damaged.jpg --again
      pictor index scans --captions scans/catalogue.csv --library archive
      pictor index photos --backbone mobilenetv2_100 --weights mobilenetv2.safetensors
    """
    for option, is_given in {"--dry-run": dry_run, "--checksum": compares, "--again": anew}.items():
        if watches and is_given:
            raise click.UsageError(f"--watch does not go with {option}")
    facts = read_captions(captions) if captions else {}
    choice = Choice(include, exclude, hidden)
    roots = [path_bytes(each) for each in folders]
    for root in roots:
        stat_root(root)  # before a library is made for a folder that was mistyped
    if dry_run:
        walked, planned, beside = preview(library, roots, choice, compares=compares or anew)
        if as_json:
            print_line(_preview_json(walked, planned, beside))
        else:
            _print_preview(walked, planned, beside)
        return
    with handle_stop_signals(say_stopping) as stopping:

        def run(
            roots: list[bytes], unsettled: frozenset[bytes] = frozenset(), *, publishes: bool = True
        ) -> Report:
            with writing(library, recipe, waiting(wait=wait or watches)) as opened:
                once = partial(index, opened, roots, captions=facts, choice=choice, compares=compares,
                               anew=anew, unsettled=unsettled, shield=stopping.shield,
                               publishes=publishes)  # fmt: skip
                report = told(lambda on_event: once(on_event=on_event), "Indexing", as_json=as_json)
            if not as_json and (report.has_news or not watches):
                print_report(report, library)
            return report

        if watches:
            _watch(run, roots, library)
        elif run(roots).problems:
            raise click.exceptions.Exit(1)


def _watch(run: Run, roots: list[bytes], library: Path) -> None:
    """Keep up with the folders until a signal comes; one that comes between two runs ends it in order."""
    broken_off = False

    def watched(roots: list[bytes], unsettled: frozenset[bytes], *, publishes: bool) -> Report:
        nonlocal broken_off
        try:
            return run(roots, unsettled, publishes=publishes)
        except KeyboardInterrupt:
            broken_off = True
            raise

    due = following(roots, apart_from=path_bytes(library), say=_say_root)
    remark("following; Ctrl-C ends it")
    try:
        keep_up(watched, due, say=lambda reason, _: remark(reason))
    except KeyboardInterrupt:
        if broken_off:
            raise
        remark("no longer following")


def _say_root(what: str, root: bytes) -> None:
    rest = "; nothing is taken to be missing" if what == "gone" else ""
    remark(f"{display_path(root)} is {what}{rest}")


def _print_preview(walked: Walk, planned: Plan, beside: Followed) -> None:
    said = counts(planned)
    parts = ", ".join(f"{said[name]} {name}" for name in planned.__slots__ if said[name]) or "nothing to do"
    click.echo(f"{said['files']} pictures: {parts}. {said['to_read']} would be read; nothing was written")
    remark_sidecars(beside.read, beside.gone)
    remark_passed_over(walked.archives, walked.symbolic_links, walked.excluded)
    for problem in walked.problems:
        remark(f"{problem.code}: {problem.display}: {problem.reason}")


def _preview_json(walked: Walk, planned: Plan, beside: Followed) -> dict[str, Any]:
    lists = {name: [_shown(each) for each in getattr(planned, name)] for name in planned.__slots__}
    passed_over = {
        "excluded": walked.excluded,
        "archives": walked.archives,
        "other_files": walked.other_files,
    }
    problems = [problem_json(each) for each in walked.problems]
    followed = {"sidecars_read": beside.read, "sidecars_gone": beside.gone}
    return (
        {"event": "planned"}
        | counts(planned)
        | followed
        | passed_over
        | {"lists": lists, "problems": problems}
    )


def _shown(each: FoundFile | bytes) -> str:
    return display_path(each.path if isinstance(each, FoundFile) else each)
