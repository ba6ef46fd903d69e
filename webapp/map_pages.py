"""The map of the collection: every picture at a place, near those that show the like."""

from __future__ import annotations

import re
from typing import Annotated, Final

import numpy as np
from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import Field
from werkzeug import Response

from retrieval import Atlas, Examples, Query, answers

from .errors import InvalidParameter
from .parameters import NoParameters, PageSearchParameters
from .requests import read_parameters
from .services import current_services

MOST_CORNERS: Final = 200  # of a polygon
EXAMPLES: Final = 8  # of the pictures inside, by which more are found
CORNER: Final = re.compile(r"(\d(?:\.\d{1,6})?),(\d(?:\.\d{1,6})?)", re.ASCII)
SHORT: Final = 65_535  # the largest place, as it is sent

map_pages = Blueprint("map_pages", __name__, url_prefix="/map")


class MapParameters(answers.StrictModel):
    """Which picture to mark."""

    mark: answers.ImageId | None = None


class AreaParameters(answers.StrictModel):
    """A polygon on the map."""

    area: Annotated[str, Field(max_length=4000, description="Corners as x,y;x,y;… from 0 to 1")]


@map_pages.get("")
def show_map() -> str:
    """The map, and a table of its clusters that says the same."""
    marked = read_parameters(MapParameters, request.args).mark
    atlas = current_services().library.make_atlas()
    clusters = [] if atlas is None else [cluster for cluster in atlas.clusters if cluster.count]
    return _render("map.html", atlas=atlas, clusters=clusters, marked=marked, search=_find_like)


@map_pages.get("/points")
def points() -> Response:
    """The places as bytes: their number, ids, x, y and clusters, one array after the other, little-endian."""
    read_parameters(NoParameters, request.args)
    atlas = current_services().library.make_atlas()
    data = b"\0\0\0\0" if atlas is None else pack_points(atlas)
    return Response(data, content_type="application/octet-stream")


def pack_points(atlas: Atlas) -> bytes:
    """Number (uint32), ids (uint32), x and y (uint16, SHORT is 1) and clusters (uint8) of all images."""
    places = np.round(atlas.places * SHORT).astype("<u2")
    arrays = (
        np.array([len(atlas.ids)], "<u4"),
        atlas.ids.astype("<u4"),
        np.ascontiguousarray(places[:, 0]),
        np.ascontiguousarray(places[:, 1]),
        atlas.numbers.astype("u1"),
    )
    return b"".join(array.tobytes() for array in arrays)


@map_pages.get("/area")
def area() -> str | Response:
    """Lead to the search among the pictures inside a polygon, or say that there are none."""
    corners = _read_corners(read_parameters(AreaParameters, request.args).area)
    library = current_services().library
    atlas = library.make_atlas()
    ids = [] if atlas is None else atlas.find_inside(corners).tolist()
    if not ids:
        return _render("area.html")
    return redirect(url_for("pages.search", q=f"among:{library.pick_images(ids)}"), 303)


def _read_corners(text: str) -> list[tuple[float, float]]:
    """The corners of a polygon; raises InvalidParameter."""
    corners = [CORNER.fullmatch(corner) for corner in text.split(";")]
    if not 3 <= len(corners) <= MOST_CORNERS or None in corners:
        raise InvalidParameter(f"area: give 3 to {MOST_CORNERS} corners as x,y;x,y;… from 0 to 1")
    return [(float(corner[1]), float(corner[2])) for corner in corners if corner]


def _find_like(ids: list[int]) -> str:
    """The search for pictures like some of these, evenly spaced."""
    chosen = ids[:: max(1, len(ids) // EXAMPLES)][:EXAMPLES]
    line = current_services().library.write_line(Query(examples=Examples(tuple(chosen))))
    return url_for("pages.search", q=line)


def _render(template: str, **values: object) -> str:
    images = current_services().library.count_images()
    return render_template(template, parameters=PageSearchParameters(), image_count=images, **values)
