"""Forms that change one thing of a search and lead to it: a colour, the box of a picture, what counts."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from retrieval import Picture, Region, StoredPicture

from .addresses import address_values
from .changes import AskedSearch
from .colours import address_with_colour
from .emphasis import address_with_emphasis
from .errors import InvalidParameter
from .parameters import (
    ColourParameters,
    CropParameters,
    EmphasisParameters,
    PageSearchParameters,
    ThingParameters,
)
from .query_pictures import address_with_region, find_picture
from .requests import read_parameters
from .services import current_services
from .wording import WAYS

changes = Blueprint("changes", __name__)


@changes.get("/colours")
def add_colour() -> Response:
    """Lead to the same search with one more colour."""
    asked = read_parameters(ColourParameters, request.args)
    return redirect(address_with_colour(_find_search(asked), asked.colour), 303)


@changes.get("/crop")
def crop() -> Response:
    """Lead to the same search by a box of one of its pictures."""
    asked = read_parameters(CropParameters, request.args)
    region = Region(*map(float, asked.box.split(",")))
    address = address_with_region(_find_search(asked), asked.part, region)
    if address is None:
        raise InvalidParameter(f"part: {asked.part} is no picture of this search")
    return redirect(address, 303)


@changes.get("/things")
def things() -> str:
    """The things that one of the pictures of a search shows, each with the search for it alone."""
    asked = read_parameters(ThingParameters, request.args)
    search = _find_search(asked)
    picture = find_picture(search.query.parts[asked.part]) if asked.part < len(search.query.parts) else None
    part = search.query.parts[asked.part] if picture else None
    if picture is None or not isinstance(part, Picture | StoredPicture):
        raise InvalidParameter(f"part: {asked.part} is no picture of this search")
    found = search.library.find_things(replace(part, region=None))
    addresses = [(box, address_with_region(search, asked.part, box)) for box in found]
    shown = [
        {"box": [box.left, box.top, box.width, box.height], "address": address} for box, address in addresses
    ]
    back = url_for("pages.search", **address_values(search.parameters))
    return render_template(
        "things.html", picture=picture, things=shown, back=back, parameters=search.parameters
    )


@changes.get("/emphasis")
def emphasize() -> Response:
    """Lead to the same search in which other things count."""
    asked = read_parameters(EmphasisParameters, request.args)
    steps = {signal: step for signal in WAYS if (step := getattr(asked, signal)) is not None}
    address = address_with_emphasis(_find_search(asked), steps, asked.balance)
    if address is None:
        raise InvalidParameter("no address can say this search with other weights")
    return redirect(address, 303)


def _find_search(asked: PageSearchParameters) -> AskedSearch:
    """The search that the parameters mean without those that change it."""
    names = PageSearchParameters.model_fields
    parameters = PageSearchParameters.model_validate(asked.model_dump(include=set(names)))
    services = current_services()
    return AskedSearch(services.library, parameters, services.read_query(parameters))
