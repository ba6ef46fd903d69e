"""pictor status: what a library holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from retrieval import Library, Status

from ..run.report import problem_json
from .options import json_option, library_option
from .output import print_json, remark


@click.command("status")
@library_option
@json_option
def command(library: Path, as_json: bool) -> None:
    """Tell what a library holds, what could not be indexed, and whether its projections are sound.

    \b
    Examples:
      pictor status
      pictor status --library archive --json
    """
    with Library.open(library) as opened:
        status = opened.status()
        with opened.catalog.reading() as reader:
            problems = reader.problems()
    if as_json:
        listed = [problem_json(each) for each in problems]
        print_json(_as_json(status) | {"problem_list": listed})
    else:
        _print(status)
    raise click.exceptions.Exit(1 if status.damages else 0)


def _as_json(status: Status) -> dict[str, Any]:
    return {
        "library": status.path,
        "images": status.images,
        "locations": status.locations,
        "missing": status.missing,
        "problems": status.problems,
        "last_change": status.last_seq,
        "spaces": [
            {
                "descriptor": space.descriptor,
                "fingerprint": space.fingerprint,
                "dimension": space.dimension,
                "state": space.state,
                "configuration": dict(space.configuration),
            }
            for space in status.spaces
        ],
        "projections": [
            {"kind": each.kind, "generation": each.generation, "seq": each.seq, "bytes": each.bytes}
            for each in status.projections
        ],
        "meaning": status.meaning,
        "damages": list(status.damages),
        "remarks": list(status.remarks),
    }


def _print(status: Status) -> None:
    click.echo(f"{status.path}: {status.images} images at {status.locations} places")
    click.echo(f"{status.missing} places missing, {status.problems} problems")
    for space in status.spaces:
        size = f"{space.dimension} numbers" if space.dimension else "keypoints"
        facts = f"{size}, {space.state} {space.configuration.get('backbone', '')}"
        click.echo(f"space {space.descriptor} {space.fingerprint}: {facts.rstrip()}")
    for each in status.projections:
        behind = status.last_seq - each.seq
        state = "up to date" if not behind else f"{behind} changes are searched beside it"
        click.echo(f"projection {each.generation}: {state}")
    if not status.projections:
        click.echo("nothing is published yet; everything is searched all the same, only slower")
    if status.meaning:
        click.echo(f"texts find pictures without words: {status.meaning}")
    for sentence in status.remarks:
        remark(sentence)
    for damage in status.damages:
        click.echo(f"damaged: {damage}")
