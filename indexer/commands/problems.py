"""pictor problems: what could not be indexed."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import Library

from ..run.report import problem_json
from ..upkeep.problems import by_code, chosen, in_words
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
        found, others = chosen(opened, code), chosen(opened, None) if code else []
    if as_json:
        listed = [problem_json(each) | {"tries": each.tries} for each in found]
        print_json({"counts": by_code(found), "problems": listed})
        return
    for each in found:
        click.echo(f"{each.code}: {each.display}: {each.reason}")
    if found:
        remark(f"{len(found)} problems: {in_words(by_code(found))}; `pictor retry` reads them again")
    else:
        remark(f"none is {code}; there are {in_words(by_code(others))}" if others else "no problems")
