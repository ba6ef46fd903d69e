"""pictor problems: what could not be indexed."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import Library

from ..run.report import problem_json
from ..upkeep.problems import by_code, chosen, in_words
from .options import code_option, json_option, library_option
from .output import print_json, print_remark


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
        problems, all_problems = chosen(opened, code), chosen(opened, None) if code else []
    if as_json:
        listed = [problem_json(problem) | {"tries": problem.tries} for problem in problems]
        print_json({"counts": by_code(problems), "problems": listed})
        return
    for problem in problems:
        click.echo(f"{problem.code}: {problem.display}: {problem.reason}")
    if problems:
        print_remark(
            f"{len(problems)} problems: {in_words(by_code(problems))}; `pictor retry` reads them again"
        )
    else:
        counts = in_words(by_code(all_problems))
        print_remark(f"none is {code}; there are {counts}" if all_problems else "no problems")
