"""What the commands that index share: how a run is stopped, how it waits, and how it is summed up."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from retrieval import LibraryBusy, OnBusy, Problem, refuse_busy

from ..run.report import Event, OnEvent, Progress, Report
from ..run.stop_signals import Stopped
from ..upkeep.problems import count_by_code, format_counts
from .output import count_of, print_remark
from .progress import print_json_line, show_progress

MAX_PROBLEMS = 20  # that the report lists one by one
MAX_KINDS = 8  # of files, that the report names


def run_with_progress(work: Callable[[OnEvent], Report], title: str, *, as_json: bool) -> Report:
    """Run `work` and show its progress; if it is stopped, print how far it was."""
    last: Progress | None = None
    with show_progress(title, as_json=as_json) as show_event:

        def on_event(event: Event) -> None:
            nonlocal last
            last = event if isinstance(event, Progress) else last
            show_event(event)

        try:
            return work(on_event)
        except Stopped as error:
            _remark_stopped(error, last, as_json=as_json)
            raise


def _remark_stopped(error: Stopped, last: Progress | None, *, as_json: bool) -> None:
    done, total = (last.done, last.total) if last else (0, 0)
    if as_json:
        facts = {"signal": signal.Signals(error.number).name, "done": done, "total": total}
        print_json_line({"event": "stopped"} | facts)
    elif last:
        print_remark(f"{done} of {total} files were read, and what they hold is in the library")


def remark_stopping() -> None:
    """Print that the run stops after the batch that is being written."""
    print_remark("stopping after the current batch of pictures; interrupt once more to stop at once")


def busy_action(*, wait: bool) -> OnBusy:
    """What to do while another process writes to the library."""
    return _remark_waiting if wait else refuse_busy


def _remark_waiting(busy: LibraryBusy) -> None:
    print_remark(f"{busy}; waiting")


def print_report(report: Report, library: Path, *, lists_known: bool = False) -> None:
    """Print the counts on stdout; new problems, and what was skipped, as remarks.

    Problems that the run before had as well are summed up, or listed too with `lists_known`.
    """
    counts = {
        "new": report.added,
        "described again": report.described_again,
        "changed": report.changed,
        "copies": report.copies,
        "moved": report.moved,
        "returned": report.returned,
        "missing": report.missing,
        "forgotten": report.forgotten,
        "unchanged": report.unchanged,
    }
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    parts += [count_of(len(report.problems), "problem")] if report.problems else []
    files, parts_text = count_of(report.files, "file"), ", ".join(parts) or "nothing to do"
    click.echo(f"{files} in {report.seconds:.1f} s: {parts_text}. Library: {library}")
    if report.captions_without_picture:
        lines = count_of(report.captions_without_picture, "line")
        print_remark(f"{lines} of the captions file name no indexed picture")
    remark_sidecars(report.sidecars_read, report.sidecars_gone)
    remark_skipped(report.archives, report.symbolic_links, report.excluded, report.other_kinds)
    remark_system_folders(report.system_folders)
    _remark_problems(report.problems if lists_known else report.new_problems)
    if report.known_problems and not lists_known:
        sums = format_counts(count_by_code(report.known_problems))
        known = count_of(len(report.known_problems), "problem")
        print_remark(f"{known} of earlier runs left: {sums}; `pictor problems` lists them")


def _remark_problems(problems: Sequence[Problem]) -> None:
    for problem in problems[:MAX_PROBLEMS]:
        print_remark(f"{problem.code}: {problem.display}: {problem.reason}")
    if len(problems) > MAX_PROBLEMS:
        sums = format_counts(count_by_code(problems))
        print_remark(
            f"… and {len(problems) - MAX_PROBLEMS} more, in all {sums}; `pictor problems` lists them"
        )


def remark_sidecars(read: int, gone: int) -> None:
    """Print how many sidecar files changed, if any did."""
    if read or gone:
        print_remark(f"sidecar files: {read} new or changed, {gone} gone")


def remark_skipped(archives: int, links: int, excluded: int, kinds: Sequence[tuple[str, int]] = ()) -> None:
    """Print what a walk skipped, if anything."""
    for count, noun, reason in (
        (archives, "archive", "not opened; unpack those that hold pictures"),
        (links, "symbolic link", "not followed"),
        (excluded, "picture", "skipped because of --include or --exclude"),
    ):
        if count:
            print_remark(f"{count_of(count, noun)} {'was' if count == 1 else 'were'} {reason}")
    if kinds:
        print_remark(describe_kinds(kinds))


def describe_kinds(kinds: Sequence[tuple[str, int]]) -> str:
    """Such as “12 files of kinds that Pictor does not read: 9 .srw, 3 .3fr”."""
    shown = ", ".join(f"{count} {ending}" for ending, count in kinds[:MAX_KINDS])
    rest = sum(count for _, count in kinds[MAX_KINDS:])
    files = count_of(sum(count for _, count in kinds), "file")
    which = "a kind" if len(kinds) == 1 else "kinds"
    return f"{files} of {which} that Pictor does not read: {shown}{f', {rest} others' if rest else ''}"


def remark_system_folders(count: int) -> None:
    """Print how many folders of thumbnails and bins a walk left out, if any."""
    if count:
        print_remark(
            f"{count_of(count, 'folder')} of thumbnails or removed files (such as @eaDir and #recycle) "
            "left out; --system-folders includes them"
        )
