"""The pages for people: search, one image, and the door for an uploaded picture."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from retrieval import ProjectionDamaged, Query, StoredPicture

from . import present, requests, services
from .errors import InvalidParameter
from .models import NoParameters, SearchParameters
from .present import Plain

SIMILAR = 10  # two rows on a wide screen

pages = Blueprint("pages", __name__)


@pages.get("/")
def search() -> str:
    """The search page; its address holds the whole search."""
    asked = requests.read(SearchParameters, request.args)
    query = requests.query(asked)
    found = services.current().search(query)
    following = present.next_address("pages.search", found, query, requests.address_values(asked))
    return render_template(
        "search.html",
        asked=asked,
        results=present.results(found, query, following),
        previous=_previous(asked),
        parts=present.part_names(query.parts),
        chips=_chips(asked),
        browsing=not query.parts,
        filtered=bool(query.filters),
        count=services.current().library.count(),
    )


@pages.get("/images/<id:image_id>")
def image(image_id: int) -> str:
    """All that is known about one image."""
    requests.read(NoParameters, request.args)
    return render_template(
        "image.html",
        image=present.details(services.current().library.image(image_id)),
        similar=_similar(image_id),
        asked=SearchParameters(),
        chips=[],
        count=services.current().library.count(),
    )


@pages.post("/pictures")
def upload() -> Response:
    """Keep an uploaded query picture, and lead to the search with it."""
    files = requests.files(request.files, "picture")
    asked = requests.read(SearchParameters, request.form)
    if len(files) != 1:
        raise InvalidParameter(f"picture: {len(files)} files; choose one picture")
    token = services.current().pictures.keep(files[0])
    tokens = tuple(dict.fromkeys((*asked.picture, token)))
    values = requests.address_values(asked, picture=tokens, offset=0)
    return redirect(url_for("pages.search", **values), 303)


def _similar(image_id: int) -> list[Plain]:
    """The first images like this one; none while projections are damaged."""
    try:
        found = services.current().library.search(Query((StoredPicture(image_id),), limit=SIMILAR))
    except ProjectionDamaged:
        return []
    return [present.hit(each) for each in found.hits]


def _previous(asked: SearchParameters) -> str | None:
    """The address of the page before this one, or None at the start."""
    if not asked.offset:
        return None
    offset = max(0, asked.offset - asked.limit)
    return url_for("pages.search", **requests.address_values(asked, offset=offset))


def _chips(asked: SearchParameters) -> list[Plain]:
    """The query pictures: what to show for each, and the address of the search without it."""
    library = services.current().library
    chips: list[Plain] = []
    for image_id in asked.image:
        shown = present.summary(library.image(image_id))
        others = tuple(each for each in asked.image if each != image_id)
        chips.append(_chip(present.name(shown), shown["thumbnail"], asked, image=others))
    for token in asked.picture:
        source = url_for("media.query_picture", token=token)
        left = tuple(each for each in asked.picture if each != token)
        chips.append(_chip("Your picture", source, asked, picture=left))
    return chips


def _chip(name: str, source: str, asked: SearchParameters, **without: object) -> Plain:
    values = requests.address_values(asked, offset=0, **without)
    return {"name": name, "source": source, "without": url_for("pages.search", **values)}
