"""Main directions and averages: compared with their definitions, and what holds for any features."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrieval.ranking import neighbourhoods
from retrieval.ranking.neighbourhoods import (
    LEAST,
    NEIGHBOURS,
    OWN,
    POWER,
    WHITENING,
    average_neighbours,
    join_directions,
    main_axes,
)

STORED = 2e-3  # by which rounding to float16 can change a length or a cosine
FEATURES = arrays(np.int8, st.tuples(st.integers(LEAST, LEAST + 20), st.just(6)), elements=st.integers(-4, 4))
Rows = npt.NDArray[np.float32]


def cloud(count: int = 200, dimension: int = 8, seed: int = 0) -> npt.NDArray[np.float16]:
    """Features with very different variances along their directions."""
    spread = 0.5 ** np.arange(dimension)
    random = np.random.default_rng(seed)
    return (1 + random.standard_normal((count, dimension)) * spread).astype(np.float16)


def rows_of(values: npt.ArrayLike) -> Rows:
    rows = np.asarray(values, np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


class TestDirections:
    def test_they_are_those_of_a_singular_value_decomposition(self) -> None:
        features = cloud()
        centred = features.astype(np.float64) - features.astype(np.float64).mean(axis=0)
        _, singular, expected = np.linalg.svd(centred, full_matrices=False)
        axes = main_axes(features)
        assert axes is not None
        assert axes.centre == pytest.approx(features.astype(np.float64).mean(axis=0), abs=1e-6)
        variances = singular**2 / len(features)
        sizes = np.linalg.norm(axes.directions, axis=0)
        assert sizes == pytest.approx(variances**-WHITENING, rel=1e-4)
        assert np.abs((axes.directions / sizes).T @ expected.T) == pytest.approx(np.eye(8), abs=1e-3)

    def test_the_largest_number_of_each_is_positive(self) -> None:
        axes = main_axes(cloud())
        assert axes is not None
        largest = np.abs(axes.directions).argmax(axis=0)
        assert (axes.directions[largest, np.arange(8)] > 0).all()

    def test_they_are_never_more_than_half_the_images(self) -> None:
        axes = main_axes(cloud(LEAST, 90))
        assert axes is not None
        assert axes.directions.shape[1] <= LEAST // 2

    def test_only_so_many_images_are_looked_at_and_these_lie_evenly(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(neighbourhoods, "SAMPLE", 150)
        features = cloud(448)
        few, every_third = main_axes(features), main_axes(features[::3])
        assert few is not None
        assert every_third is not None
        assert np.array_equal(few.directions, every_third.directions)

    @pytest.mark.parametrize("features", [cloud(LEAST - 1), np.ones((300, 8)), np.zeros((300, 8))])
    def test_too_few_or_all_alike_have_none(self, features: Any) -> None:
        assert main_axes(features.astype(np.float16)) is None

    def test_images_without_a_direction_change_nothing_and_get_none(self) -> None:
        with_none = np.vstack([cloud(), np.zeros((7, 8), np.float16)])
        axes, same = main_axes(with_none), main_axes(cloud())
        assert axes is not None
        assert same is not None
        assert np.array_equal(axes.directions, same.directions)
        assert not axes.project_features(with_none)[-7:].any()

    @given(FEATURES)
    @settings(deadline=None, max_examples=50)
    def test_projected_rows_have_length_one_or_none(self, whole: Any) -> None:
        features = whole.astype(np.float16)
        axes = main_axes(features)
        if axes is None:
            return
        lengths = np.linalg.norm(axes.project_features(features), axis=1)
        known = features.any(axis=1)
        assert not lengths[~known].any()
        # A feature that lies exactly in the centre has no direction either.
        assert ((np.abs(lengths - 1) < STORED) | (lengths == 0))[known].all()


class TestAverages:
    def test_an_image_of_the_library_counts_among_its_neighbours(self) -> None:
        row, other = rows_of([1, 0, 0]), rows_of([3, 4, 0])
        nearest = np.stack([row, other])[None]
        expected = rows_of(row + 0.6**POWER * other)
        assert average_neighbours(row[None], nearest, np.array([[1.0, 0.6]]))[0] == pytest.approx(
            expected, abs=STORED
        )

    def test_any_other_comes_first_and_the_last_neighbour_goes(self) -> None:
        row = rows_of([1, 0, 0])
        others = [rows_of([3, 4, 0])] * (NEIGHBOURS - 1) + [rows_of([0, 3, 4])]
        cosines = np.array([[0.6] * (NEIGHBOURS - 1) + [0.5]])
        expected = rows_of(row + (NEIGHBOURS - 1) * 0.6**POWER * others[0])
        assert average_neighbours(row[None], np.stack(others)[None], cosines)[0] == pytest.approx(
            expected, abs=STORED
        )

    def test_what_points_away_counts_nothing(self) -> None:
        row, away = rows_of([1, 0]), rows_of([-1, 0.5])
        assert average_neighbours(row[None], away[None, None], np.array([[-0.9]]))[0] == pytest.approx(
            row, abs=STORED
        )

    def test_nothing_stays_nothing(self) -> None:
        nothing, nearest = np.zeros((1, 2), np.float32), rows_of([[[1, 0], [0, 1]]])
        assert not average_neighbours(nothing, nearest, np.zeros((1, 2))).any()

    @given(st.integers(0, 1000), st.integers(1, NEIGHBOURS))
    @settings(deadline=None, max_examples=30)
    def test_an_average_is_nearer_to_its_neighbours_than_the_row_was(self, seed: int, count: int) -> None:
        random = np.random.default_rng(seed)
        row, nearest = rows_of(random.standard_normal(5)), rows_of(random.standard_normal((count, 5)))
        cosines = nearest @ row
        order = np.argsort(-cosines)
        nearest, cosines = nearest[order], cosines[order]
        made = average_neighbours(row[None], nearest[None], cosines[None])[0]
        weights = np.maximum(cosines, 0)[: NEIGHBOURS - 1] ** POWER
        towards = (weights[:, None] * nearest[: NEIGHBOURS - 1]).sum(axis=0)
        assert made @ towards >= row @ towards - 2 * STORED * (1 + np.linalg.norm(towards))

    def test_the_inputs_are_left_alone(self) -> None:
        row, nearest, cosines = rows_of([[1, 0]]), rows_of([[[0, 1]]]), np.zeros((1, 1))
        before = [array.copy() for array in (row, nearest, cosines)]
        average_neighbours(row, nearest, cosines)
        assert all(np.array_equal(*pair) for pair in zip(before, (row, nearest, cosines), strict=True))


def test_inner_products_of_both_are_shared_out() -> None:
    own, averages = rows_of([[1, 0], [3, 4]]), rows_of([[0, 1], [4, 3]])
    both = join_directions(own, averages)
    expected = OWN * (own @ own.T) + (1 - OWN) * (averages @ averages.T)
    assert both @ both.T == pytest.approx(expected, abs=STORED)
