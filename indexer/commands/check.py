"""pictor check: finds what is not as it should be."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from retrieval import Library

from ..upkeep.check import check_library
from .options import json_option, library_option
from .output import count_of, print_json


@click.command("check")
@library_option
@json_option
def check_command(library: Path, as_json: bool) -> None:
    """Compare files, catalog and projections, and name the repair of every finding.

    Nothing is changed. Exit code 1 means that there are findings.

    \b
    Examples:
      pictor check
      pictor check --library archive --json
    """
    with Library.open(library) as opened:
        findings = list(check_library(opened))
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{finding.code}: {finding.text}\n    repair: {finding.repair}")
        click.echo(count_of(len(findings), "finding") if findings else "everything is as it should be")
    raise click.exceptions.Exit(1 if findings else 0)
