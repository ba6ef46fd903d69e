"""pictor status: what a library holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from retrieval import Library, Problem, SearchRecord, Status, answers, read_status

from ..run.report import problem_json
from .options import json_option, library_option
from .output import count_of, print_json, print_remark


@click.command("status")
@library_option
@json_option
def status_command(library: Path, as_json: bool) -> None:
    """Show what a library holds, what could not be indexed, and whether its projections are sound.

    \b
    Examples:
      pictor status
      pictor status --library archive --json
    """
    with Library.open(library) as opened:
        status, signals = read_status(opened), opened.signal_names
        with opened.catalog.reading() as reader:
            problems = reader.load_problems()
    if as_json:
        print_json(_status_json(status, signals, problems))
    else:
        _print_status(status, opened.settings.target_recall)
    raise click.exceptions.Exit(1 if status.damages else 0)


def _status_json(status: Status, signals: Iterable[str], problems: Iterable[Problem]) -> dict[str, Any]:
    """The status as the API gives it, and the values that only the command prints."""
    values: dict[str, Any] = answers.json_values(answers.present_status(status, signals))
    for space, space_values in zip(status.spaces, values["spaces"], strict=True):
        space_values["configuration"] = dict(space.configuration)
    return values | {
        "library": status.path,
        "last_change": status.last_seq,
        "projections": [
            {
                "kind": projection.kind,
                "generation": projection.generation,
                "seq": projection.seq,
                "bytes": projection.bytes,
                "search": _search_json(status.searches.get(projection.generation)),
            }
            for projection in status.projections
        ],
        "remarks": list(status.remarks),
        "problem_list": [problem_json(problem) for problem in problems],
    }


def _search_json(search: SearchRecord | None) -> dict[str, Any] | None:
    """How a projection of features is searched, and the recall of several efforts; null for the others."""
    if search is None:
        return None
    names = ("method", "reason", "rows", "width", "lists")
    return {name: getattr(search, name) for name in names} | {
        "curve": [asdict(effort) for effort in search.curve]
    }


def _print_status(status: Status, target_recall: float) -> None:
    click.echo(f"{status.path}: {count_of(status.images, 'image')} at {count_of(status.locations, 'place')}")
    click.echo(f"{count_of(status.missing, 'place')} missing, {count_of(status.problems, 'problem')}")
    for space in status.spaces:
        size = f"{space.dimension} numbers" if space.dimension else "keypoints"
        facts = f"{size}, {space.state} {space.configuration.get('backbone', '')}"
        click.echo(f"space {space.descriptor} {space.fingerprint}: {facts.rstrip()}")
    for projection in status.projections:
        behind = status.last_seq - projection.seq
        state = (
            "up to date"
            if not behind
            else f"{count_of(behind, 'change')} behind; searches read them from the catalog"
        )
        click.echo(f"projection {projection.generation}: {state}")
        if search := status.searches.get(projection.generation):
            click.echo(f"  {search.describe(target_recall)}")
    if not status.projections:
        click.echo("nothing is published yet; searches read everything from the catalog, which takes longer")
    if status.meaning:
        click.echo(f"texts find pictures without words: {status.meaning}")
    for sentence in status.remarks:
        print_remark(sentence)
    for damage in status.damages:
        click.echo(f"damaged: {damage}")
