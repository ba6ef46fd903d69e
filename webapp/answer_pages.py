"""Pages about an answer: its facets, and why a hit is in it. The search page takes them in by scripts."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from retrieval import answers

from .addresses import PICTURE_ADDRESSES, address_values
from .facets import Narrowing
from .parameters import PageSearchParameters
from .reasons import compare_pictures, list_shares, mark_words
from .requests import read_parameters
from .services import current_services
from .wording import part_names

answer_pages = Blueprint("answer_pages", __name__)


@answer_pages.get("/facets")
def facets() -> str:
    """How many of all pictures found have which folders, tags, labels, years …, each a search of its own."""
    parameters = read_parameters(PageSearchParameters, request.args)
    services = current_services()
    counted = services.count_facets(services.read_query(parameters))
    narrowing = Narrowing.of_line(services.library, parameters)
    return render_template(
        "facets.html",
        parameters=parameters,
        facets=list(narrowing.list_facets(counted)),
        found_address=url_for("pages.search", **address_values(parameters)),
    )


@answer_pages.get("/images/<id:image_id>/why")
def why(image_id: int) -> str:
    """Why an image is in the answer to a search."""
    parameters = read_parameters(PageSearchParameters, request.args)
    query = current_services().read_query(parameters)
    found = answers.present_explanation(current_services().explain(query, image_id), PICTURE_ADDRESSES)
    names = part_names(query.parts)
    return render_template(
        "why.html",
        parameters=parameters,
        why=found,
        part_names=names,
        shares=list_shares(found.hit, names),
        texts=list(mark_words(found.words)),
        pictures=compare_pictures(found, query.parts, names),
        found_address=url_for("pages.search", **address_values(parameters)),
    )


def why_address(parameters: PageSearchParameters, image_id: int) -> str:
    """The page that says why an image is in the answer to a search."""
    values = address_values(parameters, offset=0, cursor="", limit=40)
    return url_for("answer_pages.why", image_id=image_id, **values)
