"""pictor problems: what could not be indexed."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import Library

from ..run.report import problem_json
from ..upkeep.problems import count_by_code, format_counts, select_problems
from .options import code_option, json_option, library_option
from .output import count_of, print_json, print_remark


@click.command("problems")
@code_option
@library_option
@json_option
def problems_command(code: str | None, library: Path, as_json: bool) -> None:
    """List what could not be indexed, how many problems of each kind there are, and why.

    \b
    Examples:
      pictor problems
      pictor problems --code truncated --json
    """
    with Library.open(library) as opened:
        problems, all_problems = select_problems(opened, code), select_problems(opened, None) if code else []
    if as_json:
        listed = [problem_json(problem) | {"tries": problem.tries} for problem in problems]
        print_json({"counts": count_by_code(problems), "problems": listed})
        return
    for problem in problems:
        click.echo(f"{problem.code}: {problem.display}: {problem.reason}")
    counts = format_counts(count_by_code(problems or all_problems))
    if problems:
        print_remark(f"{count_of(len(problems), 'problem')}: {counts}; `pictor retry` reads them again")
    else:
        print_remark(
            f"no problem has the code {code}; there {'is' if len(all_problems) == 1 else 'are'} {counts}"
            if all_problems
            else "no problems"
        )
