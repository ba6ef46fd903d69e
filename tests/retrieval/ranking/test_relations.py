"""Relations: the map of a match says which part of each picture both show, and what that makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.ranking.relations import clip_outline, measure_area, relate_pictures
from retrieval.ranking.verification import Match

WHOLE = np.array([[0.05, 0.05], [0.95, 0.95]])


def match_of(scale: float, offset: tuple[float, float], spread: np.ndarray = WHOLE) -> Match:
    """A match whose points, in the image, are the corners of a box; the map scales and moves."""
    transform = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    points = np.concatenate([(spread - offset) / scale, spread], axis=1).astype(np.float32)
    return Match(9, transform, points)


@pytest.mark.parametrize(
    ("scale", "offset", "name", "of_query", "of_image"),
    [
        (1.0, (0.0, 0.0), "same picture", 1.0, 1.0),
        (1.25, (-0.1, -0.1), "crop of", 0.64, 1.0),
        (4.0, (-1.0, -2.0), "contained in", 0.0625, 1.0),
        (0.25, (0.5, 0.25), "contains", 1.0, 0.0625),
        (1.0, (0.5, 0.0), "shares a part with", 0.5, 0.5),
    ],
)
def test_the_shares_of_the_areas_name_the_relation(
    scale: float, offset: tuple[float, float], name: str, of_query: float, of_image: float
) -> None:
    low = np.maximum(0, offset)
    high = np.minimum(1, np.array(offset) + scale)
    found = relate_pictures(match_of(scale, offset, np.array([low, high])), part=2)
    assert (found.name, found.part) == (name, 2)
    assert (found.of_query, found.of_image) == pytest.approx((of_query, of_image), abs=1e-4)
    assert measure_area(np.array(found.query_outline)) == pytest.approx(of_query, abs=1e-3)


def test_points_that_lie_together_share_only_the_box_around_them() -> None:
    logo = np.array([[0.4, 0.4], [0.6, 0.5]])
    found = relate_pictures(match_of(1.0, (0.0, 0.0), logo))
    assert found.name == "shares a part with"
    assert found.of_image == pytest.approx(0.02, abs=1e-4)


def test_a_polygon_is_cut_at_the_frame() -> None:
    diamond = np.array([[0.5, -0.5], [1.5, 0.5], [0.5, 1.5], [-0.5, 0.5]])
    assert measure_area(clip_outline(diamond)) == pytest.approx(1.0)
    assert measure_area(clip_outline(diamond + 0.5)) == pytest.approx(0.5)
