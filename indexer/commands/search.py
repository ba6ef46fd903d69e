"""pictor search: prints the hits of a query."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import click

from retrieval import (
    Fetcher,
    Hit,
    InvalidQuery,
    Library,
    Part,
    Picture,
    Query,
    Results,
    Settings,
    StoredPicture,
    UrlFetcher,
    answers,
    limits_from_settings,
    parse_query,
    query_from_json,
    resolve_references,
)

from .options import json_option, library_option, parse_key_values
from .output import print_json, print_remark

DEFAULT_LIMIT = 10  # hits


@click.command("search")
@click.argument("words", nargs=-1, metavar="[QUERY]")
@library_option
@click.option(
    "--image",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Find pictures like this file; can be repeated.",
)
@click.option(
    "--like",
    "ids",
    multiple=True,
    type=int,
    metavar="ID",
    help="Find pictures like this stored image; image:ID in the query is the same.",
)
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="SIGNAL=NUMBER",
    help="How much a signal counts; can be repeated.",
)
@click.option(
    "--query", "body", type=click.File("rb"), metavar="FILE", help="Read the query as JSON; - reads stdin."
)
@click.option("--limit", type=int, help=f"How many hits to print [default: {DEFAULT_LIMIT}].")
@click.option("--offset", type=int, help="How many hits to skip.")
@json_option
def search_command(
    words: tuple[str, ...],
    library: Path,
    files: tuple[Path, ...],
    ids: tuple[int, ...],
    weights: tuple[str, ...],
    body: BinaryIO | None,
    limit: int | None,
    offset: int | None,
    as_json: bool,
) -> None:
    """Find pictures by words, by pictures, by colours, or by all of these.

    Words are looked for in titles, captions, tags, labels, file and folder names. "quotation marks"
    hold a phrase together, -word excludes, 2:word counts twice; image:17, file:beach.jpg and url:https://…
    are pictures, colour:navy is a colour; tag: label: folder: after: and others filter. Put the whole query
    in single quotes, and -- before a query that begins with a minus.

    \b
    Examples:
      pictor search red boat
      pictor search 'harbour "old town" -night tag:boat after:2020'
      pictor search '2:"golden retriever" file:pool.jpg -fruit'
      pictor search 'image:17@0,0,0.5,1 colour:navy@3,white'
      pictor search --image beach.jpg 'label:sunsets'
      pictor search --like 17 --weight colour=0.5 --limit 5 --json
      pictor search --query query.json
    """
    if body and words:
        raise click.UsageError("Give the query in words or with --query, not both.")
    pictures: list[Part] = [StoredPicture(image_id) for image_id in ids]
    pictures += [Picture(path) for path in files]
    query = read_query(" ".join(words), body, tuple(pictures))
    query = replace(
        query,
        weights={**query.weights, **_parse_weights(weights)},
        limit=query.limit if limit is None else limit,
        offset=query.offset if offset is None else offset,
    )
    with Library.open(library) as opened:
        results = opened.search(resolve_references(query, query_fetchers(opened.settings)))
    if as_json:
        # With the query as it was asked: the resolved one holds the bytes of its pictures, not their names.
        print_json(answers.json_values(answers.present_results(results, query)))
    else:
        _print_results(results)


def read_query(line: str, body: BinaryIO | None, pictures: tuple[Part, ...]) -> Query:
    """The query in words or in JSON; `pictures` come after its own parts."""
    if body is None:
        return parse_query(line, parts=pictures, limit=DEFAULT_LIMIT)
    query = query_from_json(_read_json(body))
    return replace(query, parts=(*query.parts, *pictures))


def _parse_weights(pairs: tuple[str, ...]) -> dict[str, float]:
    try:
        return {signal: float(number) for signal, number in parse_key_values(pairs).items()}
    except (ValueError, click.BadParameter) as error:
        raise click.BadParameter("write SIGNAL=NUMBER, as in colour=0.5", param_hint="--weight") from error


def _read_json(body: BinaryIO) -> Any:
    try:
        return json.load(body)
    except (ValueError, RecursionError) as error:
        raise InvalidQuery(f"{body.name}: not a query in JSON ({error})") from error


def query_fetchers(settings: Settings) -> dict[str, Fetcher]:
    """How pictures of the query are read: as files, which the user may read anyway, and by address."""
    by_url = (
        {}
        if settings.url_queries == "never"
        else {"url": UrlFetcher(limits_from_settings(settings).max_bytes)}
    )
    return {"file": Path, **by_url}


def _print_results(results: Results) -> None:
    for hit in results.hits:
        click.echo(
            f"{hit.rank:4d}  {hit.score:.4f}  {hit.id:6d}  {hit.image.display_with_page}{hit_remarks(hit)}"
        )
        if hit.contributions:
            shares = " ".join(
                f"{contribution.signal} {contribution.amount:+.3f} (#{contribution.rank})"
                for contribution in hit.contributions
            )
            click.echo(click.style(f"                    {shares}", dim=True))
    for note in results.notes:
        print_remark(note)
    if results.weaker:
        print_remark(f"{results.weaker} weaker not shown; add weaker:yes to see them")
    if not results.hits:
        print_remark("nothing found; try fewer or other words, or an example with --image")


def hit_remarks(hit: Hit) -> str:
    """How far the hit stands out, and how many copies were collapsed into it."""
    count = len(hit.copies)
    copies = f"+{count} {'copy' if count == 1 else 'copies'}" if count else ""
    return "".join(f"  {text}" for text in (hit.band, copies) if text)
