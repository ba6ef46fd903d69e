"""What the commands that let somebody in say of the part of the library that these see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from retrieval import Library, Restriction

from .output import print_remark

_OPTIONS: Final = (
    click.option(
        "--folder", type=click.Path(path_type=Path), help="Only what lies in this folder and below is seen."
    ),
    click.option("--tag", help="Only what has this tag is seen."),
)


def restriction_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --folder and --tag."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_restriction(library: Library, folder: Path | None, tag: str | None) -> Restriction | None:
    """What the options say; a remark tells where nothing is there to be seen now."""
    if folder is not None and tag is not None:
        raise click.UsageError("--folder and --tag: give one of them")
    restriction = None
    if folder is not None:
        restriction = Restriction("folder", str(folder.expanduser().absolute()))
    elif tag is not None:
        restriction = Restriction("tag", tag)
    if restriction is not None:
        with library.restrict(restriction) as part:
            if not part.count_images():
                print_remark(f"the library has no picture of the {restriction.text} now")
    return restriction
