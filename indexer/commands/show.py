"""pictor show: all that is known about one image."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import Image, ImageNotFound, Library, answers, path_bytes

from .options import json_option, library_option
from .output import print_json


@click.command("show")
@click.argument("name", metavar="ID|PATH")
@library_option
@json_option
def show_command(name: str, library: Path, as_json: bool) -> None:
    """Show all that is known about an image, by its id or its path.

    \b
    Examples:
      pictor show 17
      pictor show ~/Pictures/boat.jpg --json
    """
    with Library.open(library) as opened:
        image = opened.load_image(find_image_id(opened, name))
    if as_json:
        print_json(answers.json_values(answers.present_image(image)))
    else:
        _print_image(image)


def find_image_id(library: Library, name: str) -> int:
    """The id that a number or a path names; raises ImageNotFound."""
    if name.isdecimal():
        return int(name)
    with library.catalog.reading() as reader:
        locations = reader.load_locations()
    try:
        return locations[path_bytes(name)][0]
    except KeyError as error:
        raise ImageNotFound(name) from error


def _print_image(image: Image) -> None:
    click.echo(f"image {image.id}: {image.width} × {image.height} {image.format}, {image.bytes} bytes")
    if image.taken_at:
        click.echo(f"taken at {image.taken_with_zone}")
    for location in image.locations:
        click.echo(location.display_with_page + (" (missing)" if location.missing_since else ""))
    for annotation in image.without_predictions().annotations:
        click.echo(f"{annotation.field}: {annotation.value} ({annotation.source})")
    for label in image.predictions:
        meaning = image.label_definition(label)
        click.echo(f"predicted, {label.confidence:.0%}: {label.value}" + (f" ({meaning})" if meaning else ""))
