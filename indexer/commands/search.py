"""pictor search: a query to a list of hits."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import Library, Part, Picture, Query, Results, StoredPicture, parse

from .options import json_option, library_option
from .output import hit_json, print_json, remark


@click.command("search")
@click.argument("words", nargs=-1, metavar="[QUERY]")
@library_option
@click.option(
    "--image",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Find pictures like this file; may be given more than once.",
)
@click.option(
    "--like",
    "ids",
    multiple=True,
    type=int,
    metavar="ID",
    help="Find pictures like this stored image.",
)
@click.option("--limit", default=10, show_default=True, help="How many hits to print.")
@click.option("--offset", default=0, help="How many hits to pass over.")
@json_option
def command(
    words: tuple[str, ...],
    library: Path,
    files: tuple[Path, ...],
    ids: tuple[int, ...],
    limit: int,
    offset: int,
    as_json: bool,
) -> None:
    """Find pictures by words, by pictures, or by both.

    Words are looked for in titles, captions, tags, labels, file and folder names. "quotation marks"
    hold a phrase together, -word excludes, and folder: tag: label: after: before: filter. Put the
    whole query in single quotes, and -- before one that begins with a minus.

    \b
    Examples:
      pictor search red boat
      pictor search 'harbour "old town" -night tag:boat after:2020'
      pictor search --image beach.jpg 'label:sunsets'
      pictor search --like 17 --limit 5 --json
    """
    query = query_of(" ".join(words), files, ids, limit=limit, offset=offset)
    with Library.open(library) as opened:
        results = opened.search(query)
    if as_json:
        hits = [hit_json(hit) for hit in results.hits]
        print_json({"hits": hits, "total": results.total, "notes": list(results.notes)})
    else:
        _print(results)


def query_of(line: str, files: tuple[Path, ...], ids: tuple[int, ...], *, limit: int, offset: int) -> Query:
    """The query that the arguments stand for: words first, then stored pictures, then files."""
    parts: list[Part] = [StoredPicture(image_id) for image_id in ids]
    parts += [Picture(path) for path in files]
    return parse(line, parts=tuple(parts), limit=limit, offset=offset)


def _print(results: Results) -> None:
    for hit in results.hits:
        shares = " ".join(f"{each.signal} {each.amount:+.3f} (#{each.rank})" for each in hit.contributions)
        click.echo(f"{hit.rank:4d}  {hit.score:.4f}  {hit.id:6d}  {hit.image.path}")
        if shares:
            click.echo(click.style(f"                    {shares}", dim=True))
    for note in results.notes:
        remark(note)
    if not results.hits:
        remark("nothing found; try fewer or other words, or an example with --image")
