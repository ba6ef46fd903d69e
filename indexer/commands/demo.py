"""pictor demo: a sample collection, drawn, indexed and opened in the browser."""

from __future__ import annotations

from pathlib import Path

import click
from platformdirs import user_data_path

from data.sample import COUNT, draw_collection
from retrieval import Library, path_bytes

from ..demo import write_collection
from ..run.captions import read_captions
from ..run.pipeline import index
from ..upkeep.opening import open_or_create
from .options import json_option
from .output import count_of, print_json, print_remark, progress_bar
from .progress import show_progress
from .serve import is_loopback, serve_library


@click.command("demo")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=user_data_path("pictor") / "demo",
    metavar="DIR",
    help="Folder for the pictures and the library [default: pictor/demo in your data folder].",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8754, show_default=True, help="Port to listen on; 0: any free one.")
@click.option("--open/--no-open", "show", default=True, help="Open the page in the browser.")
@click.option("--draw-only", is_flag=True, help="Draw the pictures into DIR and stop.")
@json_option
def demo_command(directory: Path, host: str, port: int, show: bool, draw_only: bool, as_json: bool) -> None:
    """Draw a sample collection, index it and open the search page.

    \b
    Examples:
      pictor demo
      pictor demo --port 9000 --no-open
      pictor demo --directory data/sample --draw-only
    """
    pictures = directory if draw_only else directory / "pictures"
    with progress_bar("Drawing") as move_bar:
        captions = write_collection(draw_collection(), pictures, lambda count: move_bar(count, COUNT, ""))
    if draw_only:
        if as_json:
            print_json({"pictures": COUNT, "captions": str(captions)})
        return
    _index_pictures(directory / "library", pictures, captions)
    with Library.open(directory / "library") as library:
        # The pictures are drawn by code, so strangers may see them.
        public = not is_loopback(host)
        serve_library(library, host=host, port=port, show=show, public=public, as_json=as_json)


def _index_pictures(library: Path, pictures: Path, captions: Path) -> None:
    with open_or_create(library) as opened, show_progress("Indexing", as_json=False) as on_event:
        report = index(opened, [path_bytes(pictures)], captions=read_captions(captions), on_event=on_event)
    print_remark(f"{count_of(report.files, 'picture')} indexed in {report.seconds:.1f} s")
