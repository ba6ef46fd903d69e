"""A cosine splits exactly over the cells of two feature maps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.query.values import Region
from retrieval.ranking.heat import HeatMap, heat_maps, is_mean_pooled

WHOLE = Region(0, 0, 1, 1)


def a_map(seed: int, rows: int = 4, columns: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((8, rows, columns)).astype(np.float32)


def mean_cosine(one: np.ndarray, other: np.ndarray) -> float:
    first, second = one.mean(axis=(1, 2)), other.mean(axis=(1, 2))
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 6))
def test_both_maps_add_up_to_the_cosine(seed: int, rows: int, columns: int) -> None:
    one, other = a_map(seed, rows, columns), a_map(seed + 1)
    first, second = heat_maps(one, other)
    assert first.shape == (rows, columns)
    assert second.shape == (4, 5)
    assert first.sum() == pytest.approx(mean_cosine(one, other), abs=1e-4)
    assert second.sum() == pytest.approx(mean_cosine(one, other), abs=1e-4)


def test_the_cell_that_holds_what_is_shared_is_the_hottest() -> None:
    one, other = np.zeros((2, 8, 3, 3), np.float32)
    one[0, 2, 1] = other[0, 0, 0] = 5
    one[1, 0, 0] = other[2, 2, 2] = 2
    first, second = heat_maps(one, other)
    assert np.unravel_index(first.argmax(), first.shape) == (2, 1)
    assert np.unravel_index(second.argmax(), second.shape) == (0, 0)


def test_a_map_without_direction_gives_zeros() -> None:
    first, second = heat_maps(np.zeros((8, 2, 2), np.float32), a_map(0))
    assert not first.any()
    assert not second.any()


def test_mean_pooling_is_told_from_other_pooling() -> None:
    feature_map = a_map(3)
    assert is_mean_pooled(feature_map, feature_map.mean(axis=(1, 2)))
    assert not is_mean_pooled(feature_map, feature_map.max(axis=(1, 2)))
    assert not is_mean_pooled(feature_map, np.ones(3, np.float32))


def test_hottest_and_coldest_are_equally_many() -> None:
    heat = HeatMap(np.arange(20, dtype=np.float32).reshape(4, 5), WHOLE)
    assert heat.hottest_cells(0.25).sum() == heat.coldest_cells(0.25).sum() == 5
    assert heat.hottest_cells(0.25)[3].all()
    assert heat.coldest_cells(0.25)[0].all()
    assert heat.hottest_cells(0.0001).sum() == 1


@pytest.mark.parametrize(
    ("row", "column", "words"), [(0, 0, "upper left"), (1, 1, "middle"), (2, 1, "lower"), (1, 2, "right")]
)
def test_it_can_be_said_in_words(row: int, column: int, words: str) -> None:
    cells = np.full((3, 3), 0.5, np.float32)
    cells[row, column] = 4
    assert HeatMap(cells, WHOLE).describe_location() == f"{words}, 50 % of the match"


def test_one_row_of_cells_can_be_said_in_words_too() -> None:
    assert "100 %" in HeatMap(np.ones((1, 1), np.float32), WHOLE).describe_location()
