"""Circles, rectangles and places on the globe, worked by hand: poles, the antimeridian, places of one name."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import Catalog, Circle, Filters, InvalidQuery, Rectangle, Surroundings
from retrieval.catalog.positions import find_middle, lie_in_circle
from retrieval.query.areas import MAX_KILOMETRES, parse_position
from tests.oracle import distance
from tests.rows import Row, fill_catalog, undone_writer

PLACES = [
    ("Hanoi", "21.02850, 105.85420"),
    ("Hanoi", "21.03000, 105.85000"),
    ("hanoi", "48.85822, 2.29450"),  # stated by mistake
    ("Gia Lam", "21.03500, 105.95000"),  # 10 km east of Hanoi's middle
    ("Old Quarter of Hanoi",),
    ("Suva", "-18.14000, 178.44000"),
    ("-16.80000, 179.99000",),
    ("-16.80000, -179.99000",),
    ("90.00000, 0.00000",),
    (),
]


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (Filters(places=("HANOI",)), [0, 1, 2]),
        (Filters(places=("quarter",)), [4]),
        (Filters(places=("21.02850, 105.85420", "105.85420")), []),
        (Filters(near=(Circle(21.03, 105.85),)), [0, 1]),
        (Filters(near=(Circle(21.03, 105.85, 0.001),)), [1]),
        (Filters(near=(Surroundings("Hanoi"),)), [0, 1, 2]),
        (Filters(near=(Surroundings("hanoi", 11),)), [0, 1, 2, 3]),
        (Filters(near=(Surroundings("quarter of"),)), [4]),
        (Filters(near=(Circle(-16.8, 180, 2),)), [6, 7]),
        (Filters(near=(Circle(-16.8, -179.99, 1),)), [7]),
        (Filters(near=(Circle(89.99, 170, 2),)), [8]),
        (Filters(near=(Circle(0, 0, 20_038), Surroundings("Suva"))), [0, 1, 2, 3, 5, 6, 7, 8]),
        (Filters(within=(Rectangle(-17, 179, -16, -179),)), [6, 7]),
        (Filters(within=(Rectangle(-17, -179.995, -16, 179.995),)), [6, 7]),
        (Filters(within=(Rectangle(-17, 179, -16, 180), Rectangle(90, 5, 90, 6))), [6]),
        (Filters(within=(Rectangle(-90, -180, 90, 180),), without_folders=("x",)), [0, 1, 2, 3, 5, 6, 7, 8]),
        (Filters(missing=("place",)), [9]),
    ],
)
def test_places_worked_by_hand(catalog: Catalog, asked: Filters, numbers: list[int]) -> None:
    rows = [Row(facts=tuple(("place", place) for place in places)) for places in PLACES]
    with undone_writer(catalog) as writer:
        ids = fill_catalog(writer, rows)
        assert writer.find_ids(asked).tolist() == [ids[number] for number in numbers]


def test_an_unknown_place_is_refused_with_the_nearest_known_ones(catalog: Catalog) -> None:
    with undone_writer(catalog) as writer:
        with pytest.raises(InvalidQuery, match="near Hanoi: no image states a place"):
            writer.find_ids(Filters(near=(Surroundings("Hanoi"),)))
        fill_catalog(writer, [Row(facts=(("place", place),)) for place in ("Hanoi", "Hani", "Kiel")])
        with pytest.raises(InvalidQuery, match=r"near Hanio: .* did you mean hanoi or hani\?"):
            writer.find_ids(Filters(near=(Surroundings("Hanio"),)))
        with pytest.raises(InvalidQuery, match="no image states this place; facets list the places"):
            writer.find_ids(Filters(near=(Surroundings("Zürich"),)))


latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)


@given(latitudes, longitudes, st.floats(0.001, MAX_KILOMETRES), latitudes, longitudes)
def test_the_box_around_a_circle_holds_all_of_it(
    north: float, east: float, kilometres: float, other_north: float, other_east: float
) -> None:
    circle = Circle(north, east, kilometres)
    apart = distance((north, east), (other_north, other_east))
    [is_inside] = lie_in_circle(circle, np.array([other_north]), np.array([other_east]))
    if not math.isclose(apart, kilometres, rel_tol=1e-6, abs_tol=1e-6):
        assert is_inside == (apart < kilometres)
    if is_inside:
        assert circle.box.south <= other_north <= circle.box.north
        assert any(west <= other_east <= end for west, end in circle.box.longitudes)


def test_the_middle_may_lie_on_the_antimeridian_and_passes_over_mistakes() -> None:
    north, east = find_middle(np.array([-16.0, -17, -16.5]), np.array([179.0, -179, 180]))
    assert (north, abs(east)) == (pytest.approx(-16.5, abs=0.01), pytest.approx(180, abs=0.01))
    near_hanoi = find_middle(np.array([21.0, 21, 21, 48]), np.array([105.0, 105, 105, 2]))
    assert near_hanoi == (pytest.approx(21), pytest.approx(105))


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("48.85822, -2.29450", (48.85822, -2.2945)),
        ("-0.5,180.0", (-0.5, 180.0)),
        ("91.0, 0.0", None),
        ("10, 20", None),
        ("48.85822, -2.29450 Paris", None),
    ],
)
def test_what_is_a_position(text: str, position: tuple[float, float] | None) -> None:
    assert parse_position(text) == position
