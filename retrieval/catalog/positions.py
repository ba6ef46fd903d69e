"""Images near a position or a place. The database finds a box around a circle, and the rest is computed here:
not every database has the functions of angles, and those that have them do not round alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, select

from ..errors import InvalidQuery
from ..query.areas import EARTH_RADIUS, Circle, Near, Surroundings
from ..query.suggestions import suggest_names
from ..ranking.arrays import BoolVector, Float64Vector, Int64Ids
from .filters import ids_named_in, known_values, lies_within
from .records import PLACE, PREDICTED_SOURCE
from .schema import AnnotationRow

_POSITIONS = select(AnnotationRow.image_id, AnnotationRow.latitude, AnnotationRow.longitude).where(
    AnnotationRow.latitude.is_not(None), AnnotationRow.source != PREDICTED_SOURCE
)


def find_near(connection: Connection, areas: Sequence[Near]) -> Int64Ids:
    """The ids, rising, of the images in any of these circles and surroundings.

    Raises InvalidQuery for a place that no image states.
    """
    found = [
        _find_in_circle(connection, area) if isinstance(area, Circle) else _find_around(connection, area)
        for area in areas
    ]
    return np.unique(np.concatenate(found))


def _find_in_circle(connection: Connection, circle: Circle) -> Int64Ids:
    rows = connection.execute(_POSITIONS.where(lies_within(circle.box))).all()
    ids = np.array([row.image_id for row in rows], np.int64)
    latitudes = np.array([row.latitude for row in rows], np.float64)
    longitudes = np.array([row.longitude for row in rows], np.float64)
    return ids[lie_in_circle(circle, latitudes, longitudes)]


def _find_around(connection: Connection, around: Surroundings) -> Int64Ids:
    stating = ids_named_in(PLACE, (around.place,))
    ids = np.fromiter(connection.scalars(stating), np.int64)
    if not len(ids):
        raise InvalidQuery(_describe_unknown_place(connection, around.place))
    rows = connection.execute(_POSITIONS.where(AnnotationRow.image_id.in_(stating))).all()
    if not rows:
        return ids
    latitudes, longitudes = np.array([(row.latitude, row.longitude) for row in rows], np.float64).T
    circle = Circle(*find_middle(latitudes, longitudes), around.kilometres)
    return np.concatenate([ids, _find_in_circle(connection, circle)])


def _describe_unknown_place(connection: Connection, place: str) -> str:
    known = sorted(filter(None, connection.scalars(known_values(PLACE))))
    if not known:
        return f"near {place[:40]}: no image states a place; write latitude, longitude and kilometres"
    nearest = suggest_names(place, known)
    meant = f"did you mean {' or '.join(nearest)}?" if nearest else "facets list the places that there are"
    return f"near {place[:40]}: no image states this place; {meant}"


def lie_in_circle(circle: Circle, latitudes: Float64Vector, longitudes: Float64Vector) -> BoolVector:
    """Which positions lie in a circle, by the haversine formula."""
    north, south = np.radians(latitudes), np.radians(circle.latitude)
    across = np.sin(np.radians(longitudes - circle.longitude) / 2) ** 2 * np.cos(north) * np.cos(south)
    half_chord = np.sqrt(np.minimum(np.sin((north - south) / 2) ** 2 + across, 1))
    inside: BoolVector = 2 * EARTH_RADIUS * np.arcsin(half_chord) <= circle.kilometres
    return inside


def find_middle(latitudes: Float64Vector, longitudes: Float64Vector) -> tuple[float, float]:
    """The middle of some positions: the direction of the medians of their coordinates in space.

    A few positions that are wrong do not move it far, and it may lie on the antimeridian.
    """
    north, east = np.radians(latitudes), np.radians(longitudes)
    points = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    x, y, z = np.median(points, axis=1)
    return float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x)))
