"""The forms in which people say something of images, and the page on which they take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from pydantic import Field
from werkzeug import Response

from retrieval import Edit, KeptEdit, Statement, answers, open_editor

from .addresses import PICTURE_ADDRESSES
from .errors import InvalidParameter, NotPublic
from .parameters import NoParameters, SearchParameters
from .requests import read_parameters
from .services import current_services

edit_pages = Blueprint("edit_pages", __name__)


class FactsForm(answers.StrictModel):
    """The title, caption and rating as they were shown and as they are now; tags and others to add, by ;."""

    title: str
    title_before: str
    caption: str
    caption_before: str
    rating: str = Field(pattern="^[1-5]?$")
    rating_before: str
    tags: str = ""
    labels: str = ""
    people: str = ""


class ValueForm(answers.StrictModel):
    """One value that is so, is not so, or is not to be spoken of any more: its field, a colon, and itself."""

    add: str | None = None
    remove: str | None = None
    unsay: str | None = None


class UndoForm(answers.StrictModel):
    """The edit that is taken back, and the image to which the page leads then."""

    number: answers.ImageId
    image_id: answers.ImageId | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the edit form of an image shows beside the image itself."""

    rating: str
    people: tuple[str, ...]
    rejected: tuple[Statement, ...]
    latest: KeptEdit | None  # edit of this image


@edit_pages.before_request
def refuse_strangers() -> None:
    """Strangers neither see nor change what the owner of a library says of its images."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()


@edit_pages.app_context_processor
def offer_forms() -> dict[str, Callable[[int], Said]]:
    """What the template of the form asks for."""
    return {"said_of": _said_of}


def _said_of(image_id: int) -> Said:
    library = current_services().library
    image, said = library.load_image(image_id), library.load_statements(image_id)
    return Said(
        next(iter(image.field_values("rating")), ""),
        image.field_values("person"),
        tuple(one for one in said if not one.is_so),
        next(iter(library.load_edits(image_id)), None),
    )


@edit_pages.post("/images/<id:image_id>/facts")
def say_facts(image_id: int) -> Response:
    """Say what was changed in the form; a field that was emptied has no value then."""
    form = read_parameters(FactsForm, request.form)
    fields = {
        "title": (form.title_before, form.title),
        "caption": (form.caption_before, form.caption),
        "rating": (form.rating_before, form.rating),
    }
    changed = {
        field: now.strip()
        for field, (before, now) in fields.items()
        if now.split() != before.split()  # browsers break lines in their own way
    }
    lists = {"tag": form.tags, "label": form.labels, "person": form.people}
    edit = Edit(
        add=(*((field, value) for field, value in changed.items() if value), *_split_values(lists)),
        remove=tuple((field, "") for field, value in changed.items() if not value),
    )
    return _edit_image(image_id, edit)


def _split_values(lists: dict[str, str]) -> Iterator[tuple[str, str]]:
    for field, text in lists.items():
        yield from ((field, value.strip()) for value in text.split(";") if value.strip())


@edit_pages.post("/images/<id:image_id>/values")
def say_value(image_id: int) -> Response:
    """Say one thing with one click."""
    form = read_parameters(ValueForm, request.form)
    return _edit_image(image_id, Edit(_pairs(form.add), _pairs(form.remove), _pairs(form.unsay)))


def _pairs(text: str | None) -> tuple[tuple[str, str], ...]:
    if text is None:
        return ()
    field, colon, value = text.partition(":")
    if not colon:
        raise InvalidParameter(f"“{text[:40]}” names no field; write it as in tag:boat")
    return ((field, value),)


def _edit_image(image_id: int, edit: Edit) -> Response:
    if edit:
        with open_editor(current_services().library) as editor:
            editor.edit_images([image_id], edit)
    return _to_form(image_id)


@edit_pages.get("/images/<id:image_id>/suggestions")
def suggestions(image_id: int) -> str:
    """Tags and labels of similar pictures, to accept or to reject."""
    read_parameters(NoParameters, request.args)
    library = current_services().library
    suggested = [one for one in library.suggest_values(image_id) if one.origin == "neighbours"]
    image = answers.present_image(library.load_image(image_id), PICTURE_ADDRESSES)
    return _render("suggestions.html", image=image, suggestions=suggested)


@edit_pages.get("/edits")
def edits() -> str:
    """Every edit that can be taken back."""
    read_parameters(NoParameters, request.args)
    return _render("edits.html", edits=current_services().library.load_edits())


@edit_pages.post("/edits/undo")
def undo() -> Response:
    """Take an edit back from all of its images."""
    form = read_parameters(UndoForm, request.form)
    services = current_services()
    with open_editor(services.library) as editor:
        taken = editor.take_back(form.number)
    services.publisher.publish_after(taken.images)
    return redirect(url_for("edit_pages.edits"), 303) if form.image_id is None else _to_form(form.image_id)


def _to_form(image_id: int) -> Response:
    """Back to the form, so that reloading it sends nothing again."""
    return redirect(url_for("pages.image", image_id=image_id, _anchor="said"), 303)


def _render(template: str, **values: object) -> str:
    count = current_services().library.count_images()
    return render_template(
        template, parameters=SearchParameters(), query_pictures=[], image_count=count, **values
    )
