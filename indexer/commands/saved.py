"""pictor saved: searches by name."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from retrieval import (
    Filters,
    Library,
    Query,
    SavedNews,
    answers,
    format_query,
    open_keeper,
)

from .options import json_option, library_option
from .output import print_json, print_remark
from .search import print_new_hits, print_results, remark_new_hits


@click.group("saved")
def saved_command() -> None:
    """Keep searches by name: to run again, to see what is new, and as saved:NAME in other searches.

    \b
    Examples:
      pictor saved add boats 'tag:boat after:2020'
      pictor saved list
      pictor search saved:boats -tag:private
    """


@saved_command.command("add")
@click.argument("name")
@click.argument("words", nargs=-1, metavar="[QUERY]")
@click.option("--replace", "replaces", is_flag=True, help="Give a saved search of this name the new line.")
@library_option
def add_search(name: str, words: tuple[str, ...], replaces: bool, library: Path) -> None:
    """Save a search by name; without a query it finds every image.

    \b
    Examples:
      pictor saved add boats 'tag:boat after:2020'
      pictor saved add boats --replace 'tag:boat OR tag:ship'
      pictor saved add private -- -folder:public
    """
    line = " ".join(words)
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        if replaces:
            keeper.change_search(name, line)
        else:
            keeper.add_search(name, line)
    term = format_query(Query(filters=Filters(saved=(name,))))
    print_remark(
        f"saved; run it with `pictor saved run {shlex.quote(name)}`, or search with {shlex.quote(term)}"
    )


@saved_command.command("list")
@click.option("--no-count", "counts", flag_value=False, default=True, help="Do not count what is new.")
@library_option
@json_option
def list_searches(counts: bool, library: Path, as_json: bool) -> None:
    """List the saved searches, and how many hits of each are new since the last look.

    \b
    Examples:
      pictor saved list
      pictor saved list --json
    """
    with Library.open(library) as opened:
        news = opened.count_news() if counts else list(map(SavedNews, opened.load_searches().values()))
    listed = [answers.present_saved_search(single) for single in news]
    if as_json:
        print_json(answers.json_values(answers.SavedSearches(searches=listed)))
        return
    for search in listed:
        click.echo(f"{search.name}: {search.line or 'every image'}{_describe_news(search)}")
    if not listed:
        print_remark("no saved searches; keep one with `pictor saved add NAME QUERY`")


def _describe_news(search: answers.SavedSearch) -> str:
    if search.problem:
        return f"  ({search.problem})"
    return f"  {search.new} new" if search.new else ""


@saved_command.command("run")
@click.argument("name")
@click.option("--new", "only_new", is_flag=True, help="Only what is new since the last look.")
@click.option("--limit", type=int, default=10, show_default=True, help="How many hits to print.")
@click.option("--offset", type=int, default=0, help="How many hits to skip.")
@library_option
@json_option
def run_search(name: str, only_new: bool, limit: int, offset: int, library: Path, as_json: bool) -> None:
    """Search by a saved search, and note that this was a look: what comes later counts as new.

    `pictor search --saved NAME` finds the same, and notes nothing.

    \b
    Examples:
      pictor saved run boats
      pictor saved run boats --new --limit 100
    """
    with Library.open(library) as opened:
        saved, newest = opened.load_search(name), opened.newest_image()
        query = opened.read_line(saved.line, limit=limit, offset=offset)
        output_format = "json" if as_json else "text"
        if only_new:
            news = opened.find_new(query, saved.seen_image)
            print_new_hits(news, output_format)
            remark_new_hits(news, query)
        else:
            results = opened.search(query)
            shown = answers.present_results(results, query, write_line=opened.write_line)
            print_results(results, query, shown, output_format)
        with open_keeper(opened) as keeper:
            keeper.note_look(name, news.newest if only_new else newest)


@saved_command.command("rename")
@click.argument("name")
@click.argument("new_name")
@library_option
def rename_search(name: str, new_name: str, library: Path) -> None:
    """Give a saved search another name, also where others say saved:NAME.

    \b
    Examples:
      pictor saved rename boats ships
    """
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        keeper.rename_search(name, new_name)


@saved_command.command("remove")
@click.argument("name")
@library_option
def remove_search(name: str, library: Path) -> None:
    """Forget a saved search; no image is touched.

    \b
    Examples:
      pictor saved remove boats
    """
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        keeper.remove_search(name)
