"""pictor problems: what could not be indexed."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import Library

from ..problems import by_code, chosen
from ..report import problem_json
from .options import code_option, json_option, library_option
from .output import print_json, remark


@click.command("problems")
@code_option
@library_option
@json_option
def command(code: str | None, library: Path, as_json: bool) -> None:
    """List what could not be indexed, how many problems of each kind there are, and why.

    \b
    Examples:
      pictor problems
      pictor problems --code truncated --json
    """
    with Library.open(library) as opened:
        found = chosen(opened, code)
    if as_json:
        listed = [problem_json(each) | {"tries": each.tries} for each in found]
        print_json({"counts": by_code(found), "problems": listed})
        return
    for each in found:
        click.echo(f"{each.code}: {each.display}: {each.reason}")
    sums = ", ".join(f"{count} {name}" for name, count in by_code(found).items())
    remark(f"{len(found)} problems: {sums}; `pictor retry` reads them again" if found else "no problems")
