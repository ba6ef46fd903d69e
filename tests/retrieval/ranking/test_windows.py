"""Windows are means of a map, their codes keep cosines, and boxes lie where the windows do."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.descriptors.channel_projection import orthonormal_rows
from retrieval.query.values import Region
from retrieval.ranking.windows import (
    CODE_BYTES,
    DIMENSIONS,
    WHOLE,
    WINDOWS,
    WindowAxes,
    encode_windows,
    learn_axes,
    place_window,
    pool_windows,
    score_windows,
)


def random_units(*shape: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.mark.parametrize(("rows", "columns"), [(6, 6), (7, 5), (1, 1), (12, 12)])
def test_a_window_is_the_mean_of_what_it_covers(rows: int, columns: int) -> None:
    maps = np.random.default_rng(1).random((2, 3, rows, columns)).astype(np.float32)
    fine = maps.repeat(12, axis=2).repeat(12, axis=3)  # every edge of a window is an edge of a fine cell
    pooled = pool_windows(maps)
    assert pooled.shape == (2, len(WINDOWS), 3)
    for number, window in enumerate(WINDOWS):
        left, top, width, height = (
            round(share * 12 * side)
            for share, side in zip(
                (window.left, window.top, window.width, window.height), (columns, rows) * 2, strict=True
            )
        )
        expected = fine[:, :, top : top + height, left : left + width].mean(axis=(2, 3))
        assert np.allclose(pooled[:, number], expected, atol=1e-5), window


def test_the_first_window_is_the_whole_and_all_lie_inside() -> None:
    assert WINDOWS[WHOLE] == Region(0, 0, 1, 1)
    assert len(set(WINDOWS)) == len(WINDOWS) == 14


def test_codes_keep_cosines() -> None:
    rows = random_units(40, len(WINDOWS), DIMENSIONS)
    codes = encode_windows(rows)
    assert codes.shape == (40, len(WINDOWS), CODE_BYTES)
    query = rows[3, 5]
    scores, exact = score_windows(codes, query), rows @ query
    assert np.abs(scores - exact).max() < 0.1
    assert np.unravel_index(scores.argmax(), scores.shape) == (3, 5)
    assert scores[3, 5] > 0.9


def test_scores_do_not_depend_on_the_company() -> None:
    codes = encode_windows(random_units(3000, len(WINDOWS), DIMENSIONS))
    query = random_units(DIMENSIONS, seed=2)
    assert (score_windows(codes, query)[2900:2901] == score_windows(codes[2900:2901], query)).all()


def test_learned_axes_centre_and_turn() -> None:
    generator = np.random.default_rng(3)
    features = (generator.random((900, 300)) * np.linspace(1, 3, 300)).astype(np.float32)
    axes = learn_axes(features, orthonormal_rows(DIMENSIONS, DIMENSIONS))
    rows = axes.project_features(features)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    assert np.abs(rows.mean(axis=0)).max() < 0.05
    assert rows.std(axis=0).min() / rows.std(axis=0).max() > 0.5
    stored = WindowAxes.from_array(axes.to_array())
    assert np.allclose(stored.project_features(features), rows, atol=0.02)


def test_a_feature_of_zeros_has_no_direction() -> None:
    axes = WindowAxes(np.ones(300, np.float32), np.eye(300, DIMENSIONS, dtype=np.float32))
    assert not axes.project_features(np.zeros((1, 300), np.float32)).any()


def test_a_window_lies_in_what_the_backbone_sees() -> None:
    frame = Region(0.2, 0, 0.6, 1)
    for number, window in enumerate(WINDOWS):
        box = place_window(number, frame)
        assert (box.left, box.width) == pytest.approx((0.2 + 0.6 * window.left, 0.6 * window.width))
        assert (box.top, box.height) == pytest.approx((window.top, window.height))
