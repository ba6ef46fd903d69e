"""Pages about the answer to a search: its facets. The search page takes them in where scripts run."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from .addresses import address_values
from .facets import Narrowing
from .parameters import PageSearchParameters
from .requests import read_parameters
from .services import current_services

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
