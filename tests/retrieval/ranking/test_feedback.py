"""Feedback moves a query towards good examples and away from bad ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.ranking.feedback import move_query

NONE = np.zeros((0, 3), np.float32)
RIGHT, UP, DEEP = np.eye(3, dtype=np.float32)


def rows(*vectors: np.ndarray) -> np.ndarray:
    return np.array(vectors, np.float32)


def test_without_examples_the_query_stays() -> None:
    np.testing.assert_allclose(move_query(RIGHT, NONE, NONE), RIGHT)


def test_good_examples_draw_and_bad_ones_repel() -> None:
    towards, away = move_query(RIGHT, rows(UP), NONE), move_query(RIGHT, NONE, rows(UP))
    assert towards @ UP > 0 > away @ UP


def test_the_formula() -> None:
    wanted = 0.5 * RIGHT + (UP + DEEP) / 2 - 0.5 * RIGHT
    np.testing.assert_allclose(
        move_query(RIGHT, rows(UP, DEEP), rows(RIGHT)), wanted / np.linalg.norm(wanted), atol=1e-6
    )


def test_examples_alone_are_a_query() -> None:
    np.testing.assert_allclose(move_query(None, rows(UP), NONE), UP)


def test_what_cancels_out_has_no_direction() -> None:
    assert not move_query(None, rows(UP, -UP), NONE).any()


@given(st.permutations(range(5)), st.integers(1, 4))
def test_the_order_of_the_examples_does_not_matter(order: list[int], cut: int) -> None:
    examples = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    one, other = move_query(RIGHT, examples[:cut], examples[cut:]), None
    shuffled = (
        [example for example in order if example < cut],
        [example for example in order if example >= cut],
    )
    other = move_query(RIGHT, examples[shuffled[0]], examples[shuffled[1]])
    np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("good", [0, 1, 3])
def test_the_result_has_unit_length(good: int) -> None:
    examples = np.random.default_rng(1).standard_normal((good, 3)).astype(np.float32)
    assert np.linalg.norm(move_query(RIGHT, examples, rows(DEEP))) == pytest.approx(1, abs=1e-6)
