"""The page of what users save by name: searches with what is new in them, and concepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from pydantic import Field
from werkzeug import Response

from retrieval import Concept, Examples, NameTaken, Query, answers, format_query, open_keeper

from .addresses import PICTURE_ADDRESSES, address_values
from .errors import NotPublic
from .parameters import OffsetParameters, SearchParameters
from .requests import read_parameters
from .services import current_services

COUNTING: Final = 0.2  # seconds that the page waits for the numbers of new pictures

saved_pages = Blueprint("saved_pages", __name__, url_prefix="/saved")


class NamedForm(answers.StrictModel):
    """What a button of the page is about."""

    name: str = Field(description="Name of a saved search or a concept")


class NewSearchForm(NamedForm):
    """A search to be saved."""

    line: str = ""


class NewConceptForm(NamedForm):
    """Examples to be saved as a concept."""

    good: tuple[answers.ImageId, ...] = ()
    bad: tuple[answers.ImageId, ...] = ()


class ChangeForm(NamedForm):
    """The new name and the new query of a saved search."""

    new_name: str
    line: str = ""


class RenameForm(NamedForm):
    """The new name of a concept."""

    new_name: str


class LookForm(NamedForm):
    """Up to which image the hits of a saved search have been seen."""

    newest: answers.ImageId


class NewHitsParameters(OffsetParameters, NamedForm):
    """Which new hits to show."""


@dataclass(frozen=True, slots=True)
class ListedConcept:
    """A concept as the page lists it."""

    name: str
    line: str  # the query that searches with it
    good: int
    bad: int


@saved_pages.before_request
def refuse_strangers() -> None:
    """Strangers neither see nor change what the owner of a library saved."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()


@saved_pages.get("")
def saved() -> str:
    """The saved searches, and behind them the concepts, page by page."""
    page = read_parameters(OffsetParameters, request.args)
    library = current_services().library
    concepts = [
        ListedConcept(name, format_query(Query((Concept(name),))), len(examples.good), len(examples.bad))
        for name, examples in library.load_concepts().items()
    ]
    counted = library.count_news(seconds=COUNTING)
    end = page.offset + page.limit
    return _render(
        "saved.html",
        searches=[answers.present_saved_search(news) for news in counted[page.offset : end]],
        concepts=concepts[max(0, page.offset - len(counted)) : max(0, end - len(counted))],
        total_searches=len(counted),
        total_concepts=len(concepts),
        uncounted=sum(news.new is None and not news.problem for news in counted),
        previous=_page_address(page, max(0, page.offset - page.limit)) if page.offset else None,
        following=_page_address(page, end) if end < len(counted) + len(concepts) else None,
    )


def _page_address(page: OffsetParameters, offset: int) -> str:
    return url_for("saved_pages.saved", **address_values(page, offset=offset))


@saved_pages.get("/new")
def new_hits() -> str:
    """The hits of a saved search that are new since the last look."""
    page = read_parameters(NewHitsParameters, request.args)
    library = current_services().library
    search = library.load_search(page.name)
    query = library.read_line(search.line, limit=page.limit, offset=page.offset)
    news = library.find_new(query, search.seen_image)
    last = page.offset + page.limit
    address = url_for("saved_pages.new_hits", name=page.name, limit=page.limit, offset=last)
    presented = answers.present_new_hits(
        news, PICTURE_ADDRESSES, next_address=address if last < news.total else None
    )
    return _render("new_hits.html", search=search, news=presented)


def _render(template: str, **values: object) -> str:
    images = current_services().library.count_images()
    return render_template(
        template, parameters=SearchParameters(), query_pictures=[], image_count=images, **values
    )


@saved_pages.post("")
def save_search() -> Response:
    form = read_parameters(NewSearchForm, request.form)
    with open_keeper(current_services().library) as keeper:
        keeper.add_search(form.name.strip(), form.line)
    return _to_saved()


@saved_pages.post("/run")
def run_search() -> Response:
    """Note the look, and lead to the hits."""
    name, library = read_parameters(NamedForm, request.form).name, current_services().library
    with open_keeper(library) as keeper:
        line = keeper.note_look(name, library.newest_image()).line
    return redirect(url_for("pages.search", q=line or None), 303)


@saved_pages.post("/look")
def note_look() -> Response:
    form = read_parameters(LookForm, request.form)
    with open_keeper(current_services().library) as keeper:
        keeper.note_look(form.name, form.newest)
    return _to_saved()


@saved_pages.post("/change")
def change_search() -> Response:
    form = read_parameters(ChangeForm, request.form)
    with open_keeper(current_services().library) as keeper:
        keeper.change_search(form.name, form.line)
        keeper.rename_search(form.name, form.new_name.strip())
    return _to_saved()


@saved_pages.post("/remove")
def remove_search() -> Response:
    name = read_parameters(NamedForm, request.form).name
    with open_keeper(current_services().library) as keeper:
        keeper.remove_search(name)
    return _to_saved()


@saved_pages.post("/concepts")
def save_concept() -> Response:
    """Save the examples of a search by name; one that there is already is not replaced."""
    form = read_parameters(NewConceptForm, request.form)
    name, library = form.name.strip(), current_services().library
    if name in library.load_concepts():
        raise NameTaken("concept", name)
    with open_keeper(library) as keeper:
        keeper.keep_concept(name, Examples(form.good, form.bad))
    return _to_saved()


@saved_pages.post("/concepts/rename")
def rename_concept() -> Response:
    form = read_parameters(RenameForm, request.form)
    with open_keeper(current_services().library) as keeper:
        keeper.rename_concept(form.name, form.new_name.strip())
    return _to_saved()


@saved_pages.post("/concepts/remove")
def remove_concept() -> Response:
    name = read_parameters(NamedForm, request.form).name
    with open_keeper(current_services().library) as keeper:
        keeper.remove_concept(name)
    return _to_saved()


def _to_saved() -> Response:
    """Back to the list, so that reloading it sends nothing again."""
    return redirect(url_for("saved_pages.saved"), 303)
