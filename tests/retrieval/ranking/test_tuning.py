"""Weights are learned where they help, and the gain is measured on queries that were not learned from."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.ranking.tuning import Case, estimate_gain, learn_weights


def cases(count: int, strengths: tuple[float, ...]) -> list[Case]:
    """Queries over 60 images, ten relevant; each signal is noise plus its strength on the relevant ones."""
    random = np.random.default_rng(3)
    made = []
    for _ in range(count):
        relevant = np.arange(60) < 10
        noise = random.standard_normal((len(strengths), 60))
        made.append(Case((noise + np.outer(strengths, relevant)).astype(np.float32), relevant))
    return made


def test_two_independent_signals_are_better_than_one() -> None:
    learned = learn_weights(("subject", "colour"), cases(60, (1.0, 1.0)))
    assert learned.is_better
    assert learned.gain.low <= learned.gain.mean <= learned.gain.high
    assert learned.gain.mean == pytest.approx(learned.fused_map - learned.single_map)
    assert min(learned.weights.values()) > 0.3


def test_noise_gets_next_to_no_weight_and_no_gain() -> None:
    learned = learn_weights(("subject", "noise"), cases(60, (2.0, 0.0)))
    assert learned.single == "subject"
    assert learned.weights["subject"] == 1
    assert learned.weights["noise"] <= 0.3
    assert not learned.is_better


def test_the_best_signal_is_found_wherever_it_stands() -> None:
    assert learn_weights(("colour", "subject"), cases(30, (0.2, 2.0))).single == "subject"


def test_the_same_cases_teach_the_same() -> None:
    assert learn_weights(("a", "b"), cases(20, (1, 0.5))) == learn_weights(("a", "b"), cases(20, (1, 0.5)))


def test_too_few_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="4 judged queries; at least 5"):
        learn_weights(("a", "b"), cases(4, (1, 1)))


def test_a_gain_that_may_be_luck_includes_zero() -> None:
    luck = estimate_gain(np.random.default_rng(0).standard_normal(40))
    assert luck.low < 0 < luck.high
    sure = estimate_gain(1 + np.random.default_rng(0).standard_normal(40) / 10)
    assert 0.9 < sure.low < sure.mean < sure.high < 1.1
