"""pictor search: prints the hits of a query."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click

from retrieval import (
    LOOKS_LIKE,
    Fetcher,
    Group,
    Hit,
    Image,
    InvalidQuery,
    Library,
    NewHits,
    Part,
    Picture,
    Query,
    Reading,
    Results,
    Settings,
    Sort,
    StoredPicture,
    Text,
    UrlFetcher,
    answers,
    display_path,
    limits_from_settings,
    parse_sort,
    query_from_json,
    resolve_references,
)

from .hit_formats import print_csv, print_paths
from .options import json_option, library_option, parse_key_values
from .output import count_of, print_json, print_remark
from .progress import print_json_line
from .watch_new import watch_new_hits

DEFAULT_LIMIT = 10  # hits
BY_RELEVANCE = Sort()
CAPTION_WIDTH = 100  # characters that the list shows of a title and caption


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
@click.option("--saved", "saved_name", metavar="NAME", help="Search by a saved search.")
@click.option(
    "--watch-new",
    "watched_name",
    metavar="NAME",
    help="Print the new hits of a saved search, now and after each indexing run, until stopped.",
)
@click.option("--once", is_flag=True, help="With --watch-new: print what is new, and end.")
@click.option("--limit", type=int, help=f"How many hits to print [default: {DEFAULT_LIMIT}].")
@click.option("--offset", type=int, help="How many hits to skip.")
@click.option(
    "--sort",
    metavar="ORDER",
    help="List the hits by date, added, name or size, each also with -up or -down, or by random:SEED; "
    "sort: in the query is the same.",
)
@click.option(
    "--cursor",
    metavar="TOKEN",
    help="Go on where an earlier answer to this query ended, whatever was indexed or removed since; "
    "--json prints the token.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "paths", "csv", "json"]),
    default="text",
    show_default=True,
    help="text for people; paths: the file of each hit on a line of its own, csv or json for programs.",
)
@click.option("-0", "--null", "ends_with_nul", is_flag=True, help="End each path with a NUL, for xargs -0.")
@json_option
def search_command(
    words: tuple[str, ...],
    library: Path,
    files: tuple[Path, ...],
    ids: tuple[int, ...],
    weights: tuple[str, ...],
    body: BinaryIO | None,
    saved_name: str | None,
    watched_name: str | None,
    once: bool,
    limit: int | None,
    offset: int | None,
    sort: str | None,
    cursor: str | None,
    output_format: str,
    ends_with_nul: bool,
    as_json: bool,
) -> None:
    """Find pictures by words, by pictures, by colours, or by all of these.

    Words are looked for in titles, captions, tags, labels, file and folder names. "quotation marks"
    hold a phrase together, -word excludes, 2:word counts twice; image:17, file:beach.jpg and url:https://…
    are pictures, colour:navy is a colour; tag: label: folder: after: and others filter. Plain sentences are
    understood, too. Put the whole query in single quotes, and -- before one that begins with a minus.

    \b
    Examples:
      pictor search red boat
      pictor search 'harbour "old town" -night tag:boat after:2020'
      pictor search harbours last summer, at least four stars, no people
      pictor search '2:"golden retriever" file:pool.jpg -fruit'
      pictor search 'image:17@0,0,0.5,1 colour:navy@3,white'
      pictor search beach --sort date-up
      pictor search --image beach.jpg 'label:sunsets'
      pictor search --like 17 --weight colour=0.5 --limit 5 --json
      pictor search --query query.json
      pictor search tag:boat --limit 1000 --format paths -0 | xargs -0 cp -t chosen
      pictor search --saved boats --limit 100
      pictor search --watch-new boats --json
    """
    output_format = "json" if as_json else output_format
    if ends_with_nul and output_format != "paths":
        raise click.UsageError("--null is for --format paths.")
    given = {"words": words, "--query": body, "--saved": saved_name, "--watch-new": watched_name}
    _check_query_options([name for name, value in given.items() if value], once=once)
    if watched_name:
        if files or ids or weights or limit is not None or offset is not None or output_format == "csv":
            raise click.UsageError("--watch-new prints all new hits of a saved search; it takes --format "
                                   "text, paths or json, and nothing that changes the search.")  # fmt: skip
        watch_new_hits(library, watched_name, partial(print_new_hits, output_format=output_format,
                                                      nul=ends_with_nul), once=once)  # fmt: skip
        return
    pictures: list[Part] = [StoredPicture(image_id) for image_id in ids]
    pictures += [Picture(path) for path in files]
    further_weights = _parse_weights(weights)
    with Library.open(library) as opened:
        line = opened.load_search(saved_name).line if saved_name else " ".join(words)
        query = read_query(opened, line, body, tuple(pictures))
        query = replace(
            query,
            weights={**query.weights, **further_weights},
            limit=query.limit if limit is None else limit,
            offset=query.offset if offset is None else offset,
            sort=query.sort if sort is None else parse_sort(sort),
            cursor=query.cursor if cursor is None else cursor,
        )
        results = opened.search(
            resolve_references(query, query_fetchers(opened.settings)), with_cursor=output_format == "json"
        )
        # With the query as it was asked: the resolved one holds the bytes of its pictures, not their names.
        shown = answers.present_results(results, query, write_line=opened.write_line)
    print_results(results, query, shown, output_format, nul=ends_with_nul)


def _check_query_options(given: Sequence[str], *, once: bool) -> None:
    if len(given) > 1:
        raise click.UsageError(f"Give the query in one way, not with {' and '.join(given)}.")
    if once and given != ["--watch-new"]:
        raise click.UsageError("--once is for --watch-new.")


def print_results(
    results: Results,
    query: Query,
    shown: answers.Results,
    output_format: str,
    *,
    nul: bool = False,
) -> None:
    """The hits on stdout, and what else is to be said of them as remarks."""
    if output_format == "json":
        print_json(answers.json_values(shown))
        return
    _print_list(results.hits, output_format, sort=query.sort, nul=nul)
    _remark_results(results, query, shown)


def _print_list(
    hits: Sequence[Hit], output_format: str, *, sort: Sort = BY_RELEVANCE, nul: bool = False
) -> None:
    if output_format == "paths":
        print_paths(hits, nul=nul)
    elif output_format == "csv":
        print_csv(hits)
    else:
        _print_hits(hits, sort)


def print_new_hits(news: NewHits, output_format: str, *, nul: bool = False) -> None:
    """New hits of a saved search on stdout; as JSON, a line for each."""
    if output_format == "json":
        for hit in news.hits:
            print_json_line(answers.json_values(answers.present_hit(hit)))
    else:
        _print_list(news.hits, output_format, nul=nul)


def remark_new_hits(news: NewHits, query: Query) -> None:
    """How many new hits there are, and how to see the others."""
    last = query.offset + len(news.hits)
    rest = f"; {news.total - last} more with --limit or --offset {last}" if last < news.total else ""
    print_remark(f"{news.total or 'no'} new {'hit' if news.total == 1 else 'hits'}{rest}")


def read_query(library: Library, line: str, body: BinaryIO | None, pictures: tuple[Part, ...]) -> Query:
    """The query in words, which the library reads, or in JSON; `pictures` come after its own parts."""
    if body is None:
        return library.read_line(line, parts=pictures, limit=DEFAULT_LIMIT)
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


def _print_hits(hits: Sequence[Hit], sort: Sort) -> None:
    bands = [hit.band for hit in hits]
    for number, hit in enumerate(hits):
        if sort == BY_RELEVANCE and hit.band == LOOKS_LIKE and bands.index(LOOKS_LIKE) == number:
            click.echo("Looks like (none of your words is written about these pictures):")
        day = f"{describe_day(hit.image):10}  " if sort.by == "date" else ""
        click.echo(
            f"{hit.rank:4d}  {hit.score:.4f}  {hit.id:6d}  {day}"
            f"{hit.image.display_with_page}{hit_remarks(hit)}"
        )
        if words := describe_words(hit.image):
            click.echo(f"                    {words}")
        if hit.contributions:
            shares = " ".join(
                f"{contribution.signal} {contribution.amount:+.3f} (#{contribution.rank})"
                for contribution in hit.contributions
            )
            click.echo(click.style(f"                    {shares}", dim=True))


def describe_day(image: Image) -> str:
    """The day on which a picture was taken."""
    return image.taken_at.date().isoformat() if image.taken_at else "no date"


def describe_words(image: Image) -> str:
    """The title and the caption of an image in one line, cut where it gets long; empty without them."""
    texts = [text for text in dict.fromkeys((image.title, image.caption)) if text.strip()]
    # No line breaks and control characters: these texts come from files of strangers.
    line = display_path(" ".join(" – ".join(texts).split()).encode())
    return line if len(line) <= CAPTION_WIDTH else f"{line[: CAPTION_WIDTH - 2].rstrip()} …"


def _remark_results(results: Results, query: Query, shown: answers.Results) -> None:
    """How the line was read, how many of how many hits these are, and what else is to be said of them."""
    if query.reading:
        for remark in describe_reading(query.reading):
            print_remark(remark)
    for note in results.notes:
        print_remark(note)
    _remark_meant(shown.did_you_mean)
    if results.hits:
        first, last = results.hits[0].rank, results.hits[-1].rank
        following = f"--cursor {results.next_cursor}" if results.next_cursor else f"--offset {last}"
        is_cut = results.next_cursor is not None or (last < results.total and query.cursor is None)
        counted = f"hits {first} to {last} of {results.total}"
        if is_cut:
            print_remark(f"{counted}; the next with {following}")
        else:
            print_remark(counted if first > 1 else count_of(results.total, "hit"))
    if results.weaker:
        print_remark(f"{results.weaker} weaker not shown; add weaker:yes to see them")
    if not results.total:
        has_words = any(isinstance(part, Text) for part in query.single_parts)
        advice = (
            "fewer or other words, or an example with --image" if has_words else "another picture, or words"
        )
        print_remark(f"nothing found; try {advice}" if query.parts else "nothing found")
    for remainder in shown.remainders:
        kept = f"{remainder.piece} alone" if remainder.is_alone else f"without {remainder.piece}"
        print_remark(f"  {kept}: {count_of(remainder.total, 'hit')}{_show_search(remainder)}")


def _show_search(remainder: answers.Remainder) -> str:
    """The command that finds what remains; empty where nothing does, or no line can say it."""
    if not (remainder.line and remainder.total):
        return ""
    return f": pictor search {'-- ' if remainder.line.startswith('-') else ''}{shlex.quote(remainder.line)}"


def _remark_meant(meant: Sequence[answers.Rewording]) -> None:
    """What was probably meant by misspelt words, as commands to run."""
    lines = [shlex.quote(rewording.line or " ".join(rewording.words.values())) for rewording in meant]
    if meant and meant[0].is_used:
        literal = shlex.quote(meant[0].literal or " ".join(meant[0].words))
        print_remark(f"nothing found as typed; these are the hits for {lines[0]}, not for {literal}")
    elif meant:
        print_remark(f"did you mean {' or '.join(lines)}?")


def describe_reading(reading: Reading) -> Iterator[str]:
    """A line for all that became conditions, one for what says nothing, and one for each other reading."""
    terms = [f"“{phrase.text}” is {phrase.term}" for phrase in reading.understood if phrase.term]
    silent = [f"“{phrase.text}”" for phrase in reading.understood if not phrase.term]
    if terms:
        yield f"understood: {'; '.join(terms)}" + (f"; {', '.join(silent)} says nothing" if silent else "")
    for phrase in reading.ambiguous:
        first, *others = phrase.terms
        yield f"“{phrase.text}” was searched as {first}; it may mean {' or '.join(others)}"


def hit_remarks(hit: Hit) -> str:
    """How far the hit stands out, what group it stands for, and whether its file is gone."""
    missing = "missing" if hit.image.is_missing else ""
    return "".join(f"  {text}" for text in (hit.band, _describe_group(hit.group), missing) if text)


def _describe_group(group: Group | None) -> str:
    """Such as “2020-06-17: 12 images”; empty for an image that is alone and whose group has no name."""
    if group is None or not (group.name or group.members):
        return ""
    return f"{group.name}: {count_of(group.count, 'image')}".removeprefix(": ")
