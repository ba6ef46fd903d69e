"""pictor edit: tags, titles, ratings and more that a person says of images."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from retrieval import (
    Edit,
    Editor,
    InvalidEdit,
    KeptEdit,
    Library,
    LibraryBusy,
    answers,
    open_editor,
    write_library,
)

from .options import json_option, library_option
from .output import count_of, print_json, print_remark
from .show import find_image_id

LATEST = "latest"
MANY = 500  # images: indexing them in memory takes more than a second
FIELDS = ("title", "caption", "rating", "tag", "label", "person")


@click.command("edit")
@click.argument("names", nargs=-1, metavar="[ID|PATH]...")
@click.option("--matching", metavar="QUERY", help="Edit all hits of a query.")
@click.option("--title", help="The title, in the place of those of files; '' for none.")
@click.option("--caption", help="The caption, in the place of those of files; '' for none.")
@click.option("--rating", type=click.IntRange(0, 5), help="Stars, 1 to 5; 0 for none.")
@click.option("--tag", "tags", multiple=True, help="Add a tag; can be repeated.")
@click.option("--untag", "untags", metavar="TAG", multiple=True, help="Not this tag; '' for none at all.")
@click.option("--label", "labels", multiple=True, help="Add a label; can be repeated.")
@click.option(
    "--unlabel", "unlabels", metavar="LABEL", multiple=True, help="Not this label, predicted or not."
)
@click.option("--person", "persons", metavar="NAME", multiple=True, help="Somebody is in the picture.")
@click.option("--unperson", "unpersons", metavar="NAME", multiple=True, help="Somebody is not in it.")
@click.option(
    "--unsay",
    "unsaid",
    multiple=True,
    type=click.Choice(FIELDS),
    help="Take back all that was said about this field, so that what files state counts again.",
)
@click.option(
    "--undo",
    "undone",
    is_flag=False,
    flag_value=LATEST,
    metavar="[EDIT]",
    help="Take an edit back from all of its images: the latest, or the one of this number.",
)
@click.option("--list", "lists", is_flag=True, help="List the edits that can be taken back.")
@library_option
@json_option
def edit_command(
    names: tuple[str, ...],
    matching: str | None,
    title: str | None,
    caption: str | None,
    rating: int | None,
    tags: tuple[str, ...],
    untags: tuple[str, ...],
    labels: tuple[str, ...],
    unlabels: tuple[str, ...],
    persons: tuple[str, ...],
    unpersons: tuple[str, ...],
    unsaid: tuple[str, ...],
    undone: str | None,
    lists: bool,
    library: Path,
    as_json: bool,
) -> None:
    """Say something of images: tags, labels, people, a title, a caption, a rating. Files are never touched.

    It is found at once, also while a run is at work, and stays whatever files state.

    \b
    Examples:
      pictor edit 17 21 --tag boat --untag night
      pictor edit ~/Pictures/boat.jpg --title 'At the harbour' --rating 4
      pictor edit --matching 'folder:2019/oslo' --tag Oslo
      pictor edit --undo
    """
    single = {"title": title, "caption": caption, "rating": None if rating is None else str(rating or "")}
    added = {"tag": tags, "label": labels, "person": persons}
    removed = {"tag": untags, "label": unlabels, "person": unpersons}
    edit = Edit(
        add=(*((field, text) for field, text in single.items() if text), *_pairs(added)),
        remove=(*((field, "") for field, text in single.items() if text == ""), *_pairs(removed)),
        unsay=tuple((field, "") for field in unsaid),
    )
    with Library.open(library) as opened, open_editor(opened) as editor:
        if lists:
            _print_edits(editor.load_edits(), as_json)
        elif undone is not None:
            taken = _undo(editor, undone, as_json)
            _publish_many(library, taken.images)
        else:
            ids = _find_images(opened, names, matching)
            kept = editor.edit_images(ids, edit)
            _print_done(kept, len(ids), as_json)
            _publish_many(library, kept.images if kept else 0)


def _publish_many(library: Path, images: int) -> None:
    """Publish an edit of many images, which each process would otherwise index in memory first.

    A run that is at work does so itself.
    """
    if images >= MANY:
        with suppress(LibraryBusy), write_library(library) as writer:
            writer.publish()


def _pairs(values: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(field, text) for field, texts in values.items() for text in texts]


def _find_images(library: Library, names: Sequence[str], matching: str | None) -> list[int]:
    """The ids that were named, or those of all hits; never all images by a slip."""
    if bool(names) == (matching is not None):
        raise click.UsageError("name images by id or path, or all hits of a query with --matching")
    if matching is None:
        return [find_image_id(library, name) for name in names]
    return library.find_ids(matching)


def _undo(editor: Editor, name: str, as_json: bool) -> KeptEdit:
    edits = editor.load_edits()
    if name == LATEST and not edits:
        raise InvalidEdit("there is no edit to take back")
    if name != LATEST and not name.isdecimal():
        raise click.BadParameter(f"{name}: no number of an edit; --list names them", param_hint="--undo")
    taken = editor.take_back(edits[0].id if name == LATEST else int(name))
    if as_json:
        print_json(answers.json_values(answers.present_edit(taken)))
    else:
        print_remark(f"taken back from {count_of(taken.images, 'image')}: {taken.edit.text}")
    return taken


def _print_done(kept: KeptEdit | None, asked: int, as_json: bool) -> None:
    if as_json:
        print_json(answers.json_values(answers.present_edit(kept)))
    elif kept is None:
        print_remark(f"nothing changed: all of this was said of {count_of(asked, 'image')} already")
    else:
        print_remark(
            f"edit {kept.id}: {count_of(kept.images, 'image')} changed; "
            f"`pictor edit --undo {kept.id}` takes it back"
        )


def _print_edits(edits: Sequence[KeptEdit], as_json: bool) -> None:
    if as_json:
        shown = answers.Edits(edits=[answers.present_edit(kept) for kept in edits])
        print_json(answers.json_values(shown))
        return
    for kept in edits:
        images = count_of(kept.images, "image")
        click.echo(f"{kept.id}: {kept.made_at:%Y-%m-%d %H:%M}, {images}: {kept.edit.text}")
    if not edits:
        print_remark("no edits that can be taken back")
