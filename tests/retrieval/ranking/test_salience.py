"""What stands out of a map is offered, and the same thing only once."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.query.values import Region
from retrieval.ranking.salience import MOST_OVERLAP, find_salient_boxes, measure_overlap


def test_things_that_stand_out_come_first() -> None:
    lengths = np.ones((6, 6), np.float32)
    lengths[0:2, 0:2], lengths[3:6, 3:6] = 3, 2
    feature_map = np.stack([lengths, lengths])
    boxes = find_salient_boxes(feature_map, 2)
    assert {tuple(np.round((box.left, box.top, box.width, box.height), 3)) for box in boxes} == {
        (0, 0, 0.333, 0.333),
        (0.5, 0.5, 0.5, 0.5),
    }


def test_no_two_boxes_are_one_thing() -> None:
    feature_map = np.random.default_rng(0).random((8, 7, 9)).astype(np.float32)
    boxes = find_salient_boxes(feature_map, 5)
    assert 1 <= len(boxes) <= 5
    for place, one in enumerate(boxes):
        assert all(measure_overlap(one, other) <= MOST_OVERLAP for other in boxes[:place])


@pytest.mark.parametrize("shape", [(3, 6, 6), (3, 1, 1), (3, 2, 1)])
def test_a_map_without_contrast_has_nothing_to_offer(shape: tuple[int, ...]) -> None:
    assert find_salient_boxes(np.ones(shape, np.float32), 4) == []
    assert find_salient_boxes(np.zeros(shape, np.float32), 4) == []


def test_the_overlap_of_two_boxes() -> None:
    assert measure_overlap(Region(0, 0, 0.5, 1), Region(0.25, 0, 0.5, 1)) == pytest.approx(1 / 3)
    assert measure_overlap(Region(0, 0, 0.5, 0.5), Region(0.5, 0.5, 0.5, 0.5)) == 0
