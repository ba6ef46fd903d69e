"""pictor index: takes the pictures of folders into a library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from retrieval import display_path, path_bytes

from ..run.captions import read_captions
from ..run.patterns import Choice
from ..run.pipeline import Preview, index, preview_index
from ..run.report import OnEvent, Report, plan_counts, problem_json
from ..run.sources import FoundFile, stat_root
from ..run.stop_signals import handle_stop_signals
from ..run.watch import IndexRun, follow_folders, run_when_due
from ..upkeep.opening import LibrarySpec, open_or_create
from .options import json_option, library_option, new_library_options, wait_option
from .output import count_of, print_remark
from .progress import print_json_line
from .run_output import (
    busy_action,
    print_report,
    remark_sidecars,
    remark_skipped,
    remark_stopping,
    remark_system_folders,
    run_with_progress,
)


@click.command("index")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…", type=click.Path(path_type=Path))
@library_option
@click.option(
    "--captions",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV with the columns path, title, caption, tags (separated by ;), label.",
)
@click.option(
    "--include",
    multiple=True,
    metavar="PATTERN",
    help="Take only files that match, such as '*.jpg' or 2024/.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Skip files that match, such as thumbs/ or '*_small.*'.",
)
@click.option("--hidden", is_flag=True, help="Include files and folders whose names begin with a dot.")
@click.option(
    "--system-folders",
    is_flag=True,
    help="Include folders of thumbnails and removed files, such as @eaDir, #recycle and $RECYCLE.BIN.",
)
@click.option(
    "--checksum",
    "compares",
    is_flag=True,
    help="Compare the contents of every file, even where size and time have not changed.",
)
@click.option("--again", "anew", is_flag=True, help="Read every file, and describe its picture again.")
@click.option("--strict", is_flag=True, help="Exit code 1 for problems of earlier runs as well.")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and write nothing.")
@click.option(
    "--watch", "watches", is_flag=True, help="Keep running, and index whatever changes, until stopped."
)
@wait_option
@new_library_options
@json_option
def index_command(
    folders: tuple[Path, ...],
    library: Path,
    captions: Path | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    hidden: bool,
    system_folders: bool,
    compares: bool,
    anew: bool,
    strict: bool,
    dry_run: bool,
    watches: bool,
    wait: bool,
    spec: LibrarySpec,
    as_json: bool,
) -> None:
    """Describe the pictures of folders (or single files), and search them from then on.

    Another run reads only what is new or changed. Ctrl-C ends it between two batches. Exit code 1 means that
    files have problems that they did not have in the run before (with --strict: that any have problems); all
    other pictures are in the library. With --json every event is one line; the last one is the report.

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
    _check_watch_options({"--dry-run": dry_run, "--checksum": compares, "--again": anew} if watches else {})
    facts = read_captions(captions) if captions else {}
    choice = Choice(include, exclude, hidden, system_folders)
    roots = [path_bytes(folder) for folder in folders]
    for root in roots:
        stat_root(root)  # first, or a mistyped folder would leave an empty library
    _check_apart(folders, library)
    if dry_run:
        _show_preview(preview_index(library, roots, choice, compares=compares, anew=anew), as_json=as_json)
        return
    with handle_stop_signals(remark_stopping) as stop_request:
        index_roots = partial(index, captions=facts, choice=choice, compares=compares, anew=anew,
                              shield=stop_request.shield)  # fmt: skip
        indexing = _Indexing(library, spec, index_roots, waits=wait, watches=watches, as_json=as_json)
        if watches:
            _watch_folders(indexing, roots, library)
        elif (report := indexing(roots)).new_problems or (strict and report.problems):
            raise click.exceptions.Exit(1)


def _check_watch_options(options: dict[str, bool]) -> None:
    for option, is_set in options.items():
        if is_set:
            raise click.UsageError(f"--watch cannot be combined with {option}")


def _check_apart(folders: tuple[Path, ...], library: Path) -> None:
    """Refuse a library in the very folder of the pictures: its files would lie among them."""
    for folder in folders:
        if library.exists() and library.samefile(folder):
            raise click.UsageError(
                f"{folder}: a library needs a folder of its own, without pictures; "
                f"name another one with --library, such as {folder / 'pictor-library'}"
            )


@dataclass(frozen=True, slots=True)
class _Indexing:
    """An indexing run with the options of the command; with --watch there are many."""

    library: Path
    spec: LibrarySpec
    index_roots: Callable[..., Report]
    waits: bool
    watches: bool
    as_json: bool

    def __call__(
        self, roots: list[bytes], unsettled: frozenset[bytes] = frozenset(), *, publishes: bool = True
    ) -> Report:
        with open_or_create(self.library, self.spec, busy_action(wait=self.waits or self.watches)) as opened:

            def work(on_event: OnEvent) -> Report:
                return self.index_roots(
                    opened, roots, unsettled=unsettled, publishes=publishes, on_event=on_event
                )

            report = run_with_progress(work, "Indexing", as_json=self.as_json)
        if not self.as_json and (report.has_news or not self.watches):
            print_report(report, self.library)
        return report


def _watch_folders(run: IndexRun, roots: list[bytes], library: Path) -> None:
    """Index what changes until a signal comes; one that comes between two runs ends the command normally."""
    was_interrupted = False

    def run_noting_interrupt(roots: list[bytes], unsettled: frozenset[bytes], *, publishes: bool) -> Report:
        nonlocal was_interrupted
        try:
            return run(roots, unsettled, publishes=publishes)
        except KeyboardInterrupt:
            was_interrupted = True
            raise

    due = follow_folders(roots, library_folder=path_bytes(library), on_root_change=_remark_root)
    print_remark("watching the folders; Ctrl-C stops")
    try:
        run_when_due(run_noting_interrupt, due, on_unreadable=lambda reason, _: print_remark(reason))
    except KeyboardInterrupt:
        if was_interrupted:
            raise
        print_remark("no longer watching")


def _remark_root(state: str, root: bytes) -> None:
    rest = "; its files are not counted as missing" if state == "gone" else ""
    print_remark(f"{display_path(root)} is {state}{rest}")


def _show_preview(preview: Preview, *, as_json: bool) -> None:
    if as_json:
        print_json_line(_preview_json(preview))
    else:
        _print_preview(preview)


def _print_preview(preview: Preview) -> None:
    walk, sidecars, counts = preview.walk, preview.sidecars, plan_counts(preview.plan)
    parts = (
        ", ".join(f"{counts[name]} {name}" for name in preview.plan.__slots__ if counts[name])
        or "nothing to do"
    )
    click.echo(
        f"{count_of(counts['files'], 'picture')}: {parts}. "
        f"{counts['to_read']} would be read; nothing was written"
    )
    remark_sidecars(sidecars.read, sidecars.gone)
    remark_skipped(walk.archives, walk.symbolic_links, walk.excluded, walk.other_kinds)
    remark_system_folders(walk.system_folders)
    for problem in walk.problems:
        print_remark(f"{problem.code}: {problem.display}: {problem.reason}")


def _preview_json(preview: Preview) -> dict[str, Any]:
    walk, plan, sidecars = preview.walk, preview.plan, preview.sidecars
    lists = {name: [_display_file(file) for file in getattr(plan, name)] for name in plan.__slots__}
    return {
        "event": "planned",
        **plan_counts(plan),
        "sidecars_read": sidecars.read,
        "sidecars_gone": sidecars.gone,
        "excluded": walk.excluded,
        "system_folders": walk.system_folders,
        "archives": walk.archives,
        "other_files": walk.other_files,
        "other_kinds": dict(walk.other_kinds),
        "lists": lists,
        "problems": [problem_json(problem) for problem in walk.problems],
    }


def _display_file(file: FoundFile | bytes) -> str:
    return display_path(file.path if isinstance(file, FoundFile) else file)
