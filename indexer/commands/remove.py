"""pictor remove: forget images."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import ImageNotFound, LibraryWriter, path_bytes

from ..upkeep.opening import open_existing
from .options import json_option, library_option, wait_option
from .output import count_of, print_json
from .run_output import busy_action


@click.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="ID|PATH…")
@library_option
@wait_option
@json_option
def remove_command(names: tuple[str, ...], library: Path, wait: bool, as_json: bool) -> None:
    """Forget images by id, or all images at or below paths. Files are never touched.

    A forgotten path comes back when its folder is indexed again.

    \b
    Examples:
      pictor remove 17 18
      pictor remove ~/Pictures/private
    """
    with open_existing(library, busy_action(wait=wait)) as opened:
        removed = _remove_images(opened, names)
        opened.publish()
    if as_json:
        print_json({"removed": removed})
    else:
        click.echo(f"{count_of(removed, 'image')} forgotten; no file was touched")


def _remove_images(library: LibraryWriter, names: tuple[str, ...]) -> int:
    """Forget all of them in one transaction, or none if one is unknown; returns how many images."""
    with library.catalog.writing() as writer:
        before = writer.count_images()
        locations = writer.load_locations()
        for name in names:
            if name.isdecimal():
                if not writer.load_images([int(name)]):
                    raise ImageNotFound(name)
                writer.remove_images([int(name)])
                continue
            root = path_bytes(name)
            below = [path for path in locations if path == root or path.startswith(root.rstrip(b"/") + b"/")]
            if not below:
                raise ImageNotFound(name)
            writer.forget_locations(below)
        return before - writer.count_images()
