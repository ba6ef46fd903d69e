"""The pages of people and of places: who and what is named, and what the catalog knows of one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from flask import Blueprint, render_template, request, url_for
from pydantic import Field

from retrieval import Filters, NamedKind, Query, Sort, answers

from .addresses import PICTURE_ADDRESSES
from .browse_pages import Entry, search_address
from .errors import InvalidParameter
from .facets import Narrowing
from .parameters import PageSearchParameters
from .requests import read_parameters
from .services import current_services

LISTED: Final = 60  # people or places on one page
NEWEST: Final = 12  # pictures of a place

named_pages = Blueprint("named_pages", __name__, url_prefix="/browse")


class NamedParameters(answers.StrictModel):
    """Which page of the people or places to show, and by what they are sorted."""

    sort: Literal["count", "name"] = "count"
    offset: answers.Offset = 0


class PlaceParameters(answers.StrictModel):
    """Which place to show."""

    name: str = Field(min_length=1, max_length=400)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of people or places, and the addresses of the pages before and behind it."""

    total: int
    entries: tuple[Entry, ...]
    previous: str | None
    following: str | None


@named_pages.get("/people")
def people() -> str:
    """Everybody who is named, with the number of their pictures."""
    asked = read_parameters(NamedParameters, request.args)
    return _render("people.html", kind="people", asked=asked, listing=_list_named("person", asked))


@named_pages.get("/places")
def places() -> str:
    """Every place that is named, with the number of its pictures."""
    asked = read_parameters(NamedParameters, request.args)
    return _render("places.html", kind="places", asked=asked, listing=_list_named("place", asked))


@named_pages.get("/place")
def place() -> str:
    """What the catalog knows of one place: when, who, what, and the newest pictures."""
    name = read_parameters(PlaceParameters, request.args).name
    services = current_services()
    filters = Filters(places=(name,))
    query = Query(filters=filters, sort=Sort("date"), limit=NEWEST)
    found = services.search(query)
    if not found.total:
        raise InvalidParameter(f"name: no picture was taken in “{name[:80]}”; start at {url_for('.places')}")
    parameters = PageSearchParameters(q=services.library.write_line(Query(filters=filters)))
    narrowing = Narrowing.of_line(services.library, parameters)
    return _render(
        "place.html",
        kind="places",
        name=name,
        total=found.total,
        images=[answers.present_hit(hit, PICTURE_ADDRESSES) for hit in found.hits],
        facets=list(narrowing.list_facets(services.count_facets(query))),
        address=search_address(filters),
    )


def _list_named(kind: NamedKind, asked: NamedParameters) -> Listing:
    by_name, offset = asked.sort == "name", asked.offset
    found = current_services().library.list_named(kind, by_name=by_name, limit=LISTED, offset=offset)
    is_place = kind == "place"
    entries = (
        Entry(
            way.name,
            url_for(".place", name=way.name) if is_place else search_address(way.filters),
            way.count,
            way.image_id,
        )
        for way in found.ways
    )
    following = offset + LISTED if offset + LISTED < found.total else None
    return Listing(
        found.total,
        tuple(entries),
        _page_address(asked, max(0, offset - LISTED)) if offset else None,
        None if following is None else _page_address(asked, following),
    )


def _page_address(asked: NamedParameters, offset: int) -> str:
    values = asked.model_copy(update={"offset": offset}).model_dump(exclude_defaults=True)
    return url_for(request.endpoint or "", **values)


def _render(template: str, **values: object) -> str:
    images = current_services().library.count_images()
    return render_template(template, parameters=PageSearchParameters(), image_count=images, **values)
