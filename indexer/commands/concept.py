"""pictor concept: sets of examples by name."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from retrieval import Concept, Examples, Library, Query, format_query, open_keeper

from .options import json_option, library_option
from .output import print_json, print_remark


@click.group("concept")
def concept_command() -> None:
    """Keep sets of examples by name, to search with concept:NAME and to filter with in-concept:NAME.

    \b
    Examples:
      pictor concept save sunsets --good 17 --good 21 --bad 40
      pictor search concept:sunsets
    """


@concept_command.command("save")
@click.argument("name")
@click.option(
    "--good", multiple=True, type=int, required=True, metavar="ID", help="An image that belongs to it."
)
@click.option("--bad", multiple=True, type=int, metavar="ID", help="An image that does not.")
@library_option
def save_concept(name: str, good: tuple[int, ...], bad: tuple[int, ...], library: Path) -> None:
    """Keep a concept; it replaces one of the same name.

    \b
    Examples:
      pictor concept save sunsets --good 17 --good 21 --bad 40
    """
    # Before anything is written: it refuses a name that no query could say.
    search_term = format_query(Query((Concept(name),)))
    examples = Examples(good, bad)
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        keeper.keep_concept(name, examples)
    print_remark(f"saved; search with {shlex.quote(search_term)}")


@concept_command.command("list")
@library_option
@json_option
def list_concepts(library: Path, as_json: bool) -> None:
    """List every concept with its examples.

    \b
    Examples:
      pictor concept list --json
    """
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        concepts = reader.load_concepts()
    if as_json:
        print_json(
            {name: {"good": examples.good, "bad": examples.bad} for name, examples in concepts.items()}
        )
        return
    for name, examples in concepts.items():
        click.echo(f"{name}: {len(examples.good)} good, {len(examples.bad)} bad examples")
    if not concepts:
        print_remark("no concepts; keep one with `pictor concept save NAME --good ID`")


@concept_command.command("rename")
@click.argument("name")
@click.argument("new_name")
@library_option
def rename_concept(name: str, new_name: str, library: Path) -> None:
    """Give a concept another name, also in saved searches.

    \b
    Examples:
      pictor concept rename sunsets evenings
    """
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        keeper.rename_concept(name, new_name)


@concept_command.command("remove")
@click.argument("name")
@library_option
def remove_concept(name: str, library: Path) -> None:
    """Forget a concept; its images stay.

    \b
    Examples:
      pictor concept remove sunsets
    """
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        keeper.remove_concept(name)


_FORMER = click.Command(
    "forget", callback=remove_concept.callback, params=remove_concept.params, hidden=True
)  # what `remove` was called before
concept_command.add_command(_FORMER)
