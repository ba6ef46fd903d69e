"""How a picture and an image that share keypoints are related, and which part of each both show. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, final

import numpy as np
import numpy.typing as npt

from .arrays import Float64Matrix
from .verification import Match

RelationName: TypeAlias = Literal["same picture", "crop of", "contained in", "contains", "shares a part with"]

WHOLE: Final = 0.8  # share of the area from which on a picture counts as shown whole
MOST: Final = 0.5  # share of the area that a crop keeps at least
SPREAD: Final = 0.25  # of what both seem to show, the share over which the points in common must be spread
_CORNERS: Final = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


Outline: TypeAlias = tuple[
    tuple[float, float], ...
]  # the corners of a polygon, as shares of width and height


@final
@dataclass(frozen=True, slots=True)
class Relation:
    """What an image is to the picture of a query: it is the same picture, a crop of it, and so on.

    `part`: the number of that picture among the parts of the query. `of_query` and `of_image`: the shares of
    the areas of both that show the same; `query_outline` and `image_outline`: where that lies. All numbers
    are rounded to four decimals.
    """

    name: RelationName
    of_query: float
    of_image: float
    query_outline: Outline
    image_outline: Outline
    part: int = 0


def relate_pictures(match: Match, part: int = 0) -> Relation:
    """The relation that a verified match shows.

    Both show what the map of the match puts inside both frames. An image that is shown whole in the picture
    is the same picture if that is shown whole, too, a crop of it with at least MOST of its area, and else
    contained in it. Where the points in common lie together in a small part, nothing is known of the rest:
    then only the box around them is shared.
    """
    mapped = _CORNERS @ match.transform[:, :2].T + match.transform[:, 2]
    outline = clip_outline(mapped)
    box = _box_around(match.points[:, 2:].astype(np.float64))
    if measure_area(box) < SPREAD * measure_area(_box_around(outline)):
        return _describe("shares a part with", match, box, part)
    of_query, of_image = measure_area(_map_back(match, outline)), measure_area(outline)
    return _describe(_name_relation(of_query, of_image), match, outline, part)


def _name_relation(of_query: float, of_image: float) -> RelationName:
    if of_image >= WHOLE:
        if of_query >= WHOLE:
            return "same picture"
        return "crop of" if of_query >= MOST else "contained in"
    return "contains" if of_query >= WHOLE else "shares a part with"


def _describe(name: RelationName, match: Match, outline: Float64Matrix, part: int) -> Relation:
    there = clip_outline(_map_back(match, outline))
    areas = round(measure_area(there), 4), round(measure_area(outline), 4)
    return Relation(name, *areas, _list_corners(there), _list_corners(outline), part)


def _list_corners(outline: Float64Matrix) -> Outline:
    """Without a negative zero."""
    return tuple((x, y) for x, y in (outline.round(4) + 0.0).tolist())


def _map_back(match: Match, outline: Float64Matrix) -> Float64Matrix:
    """Where corners in the image lie in the picture."""
    mapped = np.linalg.solve(match.transform[:, :2], (outline - match.transform[:, 2]).T).T
    return mapped.astype(np.float64)


def _box_around(points: Float64Matrix) -> Float64Matrix:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def measure_area(outline: Float64Matrix) -> float:
    """The area of a polygon, (corner, 2); 0 without corners. The formula is Gauss's."""
    x, y = outline.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def clip_outline(outline: Float64Matrix) -> Float64Matrix:
    """The part of a convex polygon, (corner, 2), inside the square from 0 to 1 (Sutherland and Hodgman)."""
    for axis in (0, 1):
        for sign, bound in ((1, 0.0), (-1, -1.0)):
            outline = _cut_outline(outline, sign * outline[:, axis] - bound)
    return outline


def _cut_outline(outline: Float64Matrix, inside: npt.NDArray[np.float64]) -> Float64Matrix:
    """The part of a polygon where a linear function, given at its corners, is not negative."""
    corners = []
    for number, corner in enumerate(outline):
        following = (number + 1) % len(outline)
        if inside[number] >= 0:
            corners.append(corner)
        if (inside[number] >= 0) != (inside[following] >= 0):
            share = inside[number] / (inside[number] - inside[following])
            corners.append(corner + share * (outline[following] - corner))
    return np.array(corners).reshape(-1, 2)
