"""pictor show: all that is known about one image."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import Image, ImageNotFound, Library, path_bytes

from .options import json_option, library_option
from .output import image_json, print_json


@click.command("show")
@click.argument("which", metavar="ID|PATH")
@library_option
@json_option
def command(which: str, library: Path, as_json: bool) -> None:
    """Tell all that is known about an image, by its id or its path.

    \b
    Examples:
      pictor show 17
      pictor show ~/Pictures/boat.jpg --json
    """
    with Library.open(library) as opened:
        image = opened.image(image_id(opened, which))
    if as_json:
        print_json(image_json(image))
    else:
        _print(image)


def image_id(library: Library, which: str) -> int:
    """The id that a number or a path stands for; raises ImageNotFound."""
    if which.isdecimal():
        return int(which)
    with library.catalog.reading() as reader:
        places = reader.locations()
    try:
        return places[path_bytes(which)][0]
    except KeyError as error:
        raise ImageNotFound(which) from error


def _print(image: Image) -> None:
    click.echo(f"image {image.id}: {image.width} × {image.height} {image.format}, {image.bytes} bytes")
    if image.taken_at:
        click.echo(f"taken at {image.taken_at}")
    for place in image.locations:
        click.echo(place.shown + (" (missing)" if place.missing_since else ""))
    for fact in image.without_predictions().annotations:
        click.echo(f"{fact.field}: {fact.value} ({fact.source})")
    for label in image.predicted:
        meaning = image.definition(label)
        click.echo(f"predicted, {label.confidence:.0%}: {label.value}" + (f" ({meaning})" if meaning else ""))
