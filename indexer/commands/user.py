"""pictor user: who may sign in on the page of a server that wants keys, by name and password."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from retrieval import SCOPES, SEARCH_SCOPE, Library, Person, answers, open_keeper

from .options import json_option, library_option
from .output import print_json, print_remark
from .restrictions import read_restriction, restriction_options


@click.group("user")
def user_command() -> None:
    """Let people sign in on the page of `pictor serve --keys`.

    Passwords are asked for, or read from the first line of stdin where that is no terminal.

    \b
    Examples:
      pictor user create ann --scope search --scope edit
      pictor user list
      pictor user password ann
      pictor user remove ann
    """


@user_command.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=(SEARCH_SCOPE,),
    show_default=True,
    help="What the person may do, as for `pictor key create`; repeatable.",
)
@restriction_options
@library_option
def create_user(
    name: str, scopes: tuple[str, ...], folder: Path | None, tag: str | None, library: Path
) -> None:
    """Let somebody sign in, with a password of ten characters or more.

    \b
    Examples:
      pictor user create ann --scope search --scope edit
      pictor user create grandma --folder ~/Pictures/family
    """
    with Library.open(library) as opened:
        restriction, password = read_restriction(opened, folder, tag), _read_password()
        with open_keeper(opened) as keeper:
            keeper.create_person(name, password, scopes, restriction)
    print_remark(f"{name} may sign in, and may " + " and ".join(sorted(set(scopes))))


@user_command.command("list")
@library_option
@json_option
def list_users(library: Path, as_json: bool) -> None:
    """List who may sign in, and for what.

    \b
    Examples:
      pictor user list
      pictor user list --json
    """
    with Library.open(library) as opened:
        people = opened.load_people()
    if as_json:
        presented = [answers.present_person(person) for person in people]
        print_json(answers.json_values(answers.People(people=presented)))
        return
    for person in people:
        click.echo(_describe_person(person))
    if not people:
        print_remark("nobody; let somebody sign in with `pictor user create NAME`")


def _describe_person(person: Person) -> str:
    seen = f", {person.restriction.text} alone" if person.restriction else ""
    used = f"last here on {person.last_used_at:%Y-%m-%d}" if person.last_used_at else "never here"
    return f"{person.name}: {', '.join(person.scopes)}{seen}; {used}"


@user_command.command("password")
@click.argument("name")
@library_option
def change_password(name: str, library: Path) -> None:
    """Give somebody another password; every browser has to sign in again.

    \b
    Examples:
      pictor user password ann
    """
    with Library.open(library) as opened:
        password = _read_password()
        with open_keeper(opened) as keeper:
            keeper.change_password(name, password)
    print_remark(f"{name} has a new password, and is signed out everywhere")


@user_command.command("remove")
@click.argument("name")
@library_option
def remove_user(name: str, library: Path) -> None:
    """Let somebody sign in no more, from the next request on.

    \b
    Examples:
      pictor user remove ann
    """
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        keeper.remove_person(name)
    print_remark(f"removed: {name}")


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password
