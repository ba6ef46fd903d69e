"""pictor rebuild: makes the projections again from the catalog."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import BackboneUnavailable, LibraryWriter, read_status

from ..upkeep.opening import open_existing
from .options import json_option, library_option
from .output import count_of, print_json


@click.command("rebuild")
@library_option
@json_option
def rebuild_command(library: Path, as_json: bool) -> None:
    """Make the projections again from the catalog. No picture is read, and searches still work meanwhile.

    What pictures show a kind of (dog, vehicle) is predicted again first, from stored features and labels.

    \b
    Examples:
      pictor rebuild
      pictor rebuild --library archive
    """
    with open_existing(library) as opened:
        categorized = _categorize_images(opened)
        opened.publish(anew=True)
        status = read_status(opened)
    if as_json:
        print_json(
            {
                "images": status.images,
                "categorized": categorized,
                "generations": [projection.generation for projection in status.projections],
            }
        )
    else:
        projections = count_of(len(status.projections), "projection")
        click.echo(f"{projections} of {count_of(status.images, 'image')} made again")
        if categorized:
            click.echo(f"{count_of(categorized, 'image')} got other categories")


def _categorize_images(library: LibraryWriter) -> int:
    """The number of images with other categories; none where the classifier cannot be loaded."""
    try:
        return library.categorize_images()
    except BackboneUnavailable as error:
        click.echo(f"Predicted categories stay as they are: {error}", err=True)
        return 0
