"""pictor check: finds what is not as it should be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import click

from retrieval import Library

from ..upkeep.check import Finding, check_library
from .options import json_option, library_option
from .output import count_of, print_json

MAX_LISTED = 10  # findings with one repair that are listed one by one


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
        _print_findings(findings)
        click.echo(count_of(len(findings), "finding") if findings else "everything is as it should be")
    raise click.exceptions.Exit(1 if findings else 0)


def _print_findings(findings: Iterable[Finding]) -> None:
    """Print the findings; those that follow each other and have one repair are listed up to MAX_LISTED."""
    for (code, repair), group in groupby(findings, key=lambda finding: (finding.code, finding.repair)):
        texts = [finding.text for finding in group]
        for text in texts[:MAX_LISTED]:
            click.echo(f"{code}: {text}")
        if len(texts) > MAX_LISTED:
            click.echo(f"    … and {len(texts) - MAX_LISTED} more; --json lists them all")
        click.echo(f"    repair: {repair}")
