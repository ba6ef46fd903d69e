"""Hubs: what is near to all texts loses what it has more of than others, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.ranking.arrays import Float32Matrix
from retrieval.ranking.hubs import BEST, Hubs


def unit_rows(count: int, dimension: int, seed: int) -> Float32Matrix:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_the_excess_is_the_mean_of_the_best_scores_above_that_of_the_library() -> None:
    texts, rows = unit_rows(50, 12, 1), unit_rows(2500, 12, 2)
    hubs = Hubs.from_rows(texts, np.array_split(rows, 3))
    best = np.sort(rows @ texts.T, axis=1)[:, -BEST:].mean(axis=1)
    assert hubs.measure_excess(rows) == pytest.approx(best - best.mean(), abs=1e-5)
    assert float(hubs.measure_excess(rows).mean()) == pytest.approx(0, abs=1e-5)


def test_few_texts_and_no_pictures_are_no_error() -> None:
    texts = unit_rows(3, 12, 1)
    assert Hubs.from_rows(texts, []).mean == 0
    assert Hubs.from_rows(texts, [unit_rows(5, 12, 2)]).measure_excess(unit_rows(1, 12, 3)).shape == (1,)
