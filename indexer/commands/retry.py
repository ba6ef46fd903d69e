"""pictor retry: reads again what could not be indexed."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import LibraryWriter

from ..run.report import OnEvent, Report
from ..run.stop_signals import StopRequest, handle_stop_signals
from ..upkeep.opening import open_existing
from ..upkeep.problems import retry_problems
from .options import code_option, json_option, library_option, wait_option
from .output import count_of, print_remark
from .run_output import busy_action, print_report, remark_stopping, run_with_progress


@click.command("retry")
@code_option
@library_option
@wait_option
@json_option
def retry_command(code: str | None, library: Path, wait: bool, as_json: bool) -> None:
    """Read again the files that had problems, and no others.

    Problems of files that no longer exist are forgotten. Exit code 1 means that problems are left. With
    --json every event is one line, as `pictor index` prints them.

    \b
    Examples:
      pictor retry
      pictor retry --code permission-denied
    """
    with (
        handle_stop_signals(remark_stopping) as stopping,
        open_existing(library, busy_action(wait=wait)) as opened,
    ):
        report = _retry_problems(opened, code, stopping, as_json=as_json)
    if not as_json:
        print_report(report, library, lists_known=True)
    raise click.exceptions.Exit(1 if report.problems else 0)


def _retry_problems(
    library: LibraryWriter, code: str | None, stopping: StopRequest, *, as_json: bool
) -> Report:
    def read_problem_files(on_event: OnEvent) -> Report:
        report, folders = retry_problems(library, code, on_event=on_event, shield=stopping.shield)
        if folders:
            print_remark(
                f"{count_of(folders, 'folder')} with problems left out; `pictor index` reads folders again"
            )
        return report

    return run_with_progress(read_problem_files, "Reading again", as_json=as_json)
