"""Learns the weights of a fusion from judged queries, and measures their gain on other queries. Pure.

Weights are found by coordinate ascent over a fixed grid: one signal after the other gets the weight with the
best mean average precision, until nothing changes. Source: Metzler & Croft, "Linear feature-based models for
information retrieval", Information Retrieval 10, 2007.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import BoolVector, Float32Matrix, Float64Vector
from .evaluation import average_precision

GRID = (0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0)
FOLDS = 5
ROUNDS = 4  # at most, of the ascent, which usually stops after two or three
RESAMPLES = 2000  # of the bootstrap
CONFIDENCE = 0.95
SEED = 0

Weights = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One judged query: what every signal gives to each image at weight 1, and which images are relevant."""

    amounts: Float32Matrix  # (signal, image)
    relevant: BoolVector  # (image,)


@dataclass(frozen=True, slots=True)
class Gain:
    """A difference of mean average precision on queries that the weights were not learned from.

    It lies between `low` and `high` with CONFIDENCE (bootstrap over queries, percentiles).
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LearnedWeights:
    """Weights learned from all cases, and how such weights do in cross-validation.

    `single` is the best signal alone, `single_map` its mAP and `fused_map` that of the fusion, both on
    held-out queries.
    """

    weights: Mapping[str, float]
    single: str
    single_map: float
    fused_map: float
    gain: Gain

    @property
    def is_better(self) -> bool:
        """Whether the fusion beats its best signal with CONFIDENCE."""
        return self.gain.low > 0


def learn_weights(signals: Sequence[str], cases: Sequence[Case]) -> LearnedWeights:
    """Learn from all cases; the gain is measured in FOLDS folds, each of which is held out once.

    Raises ValueError when there are fewer cases than folds.
    """
    if len(cases) < FOLDS:
        raise ValueError(f"{len(cases)} judged queries; at least {FOLDS} are needed")
    alone, fused = np.zeros(len(cases)), np.zeros(len(cases))
    for fold in range(FOLDS):
        held_out = np.arange(len(cases)) % FOLDS == fold
        train = [case for case, is_out in zip(cases, held_out, strict=True) if not is_out]
        weights, best = _ascend_weights(train), _best_single(train)
        for number in np.flatnonzero(held_out).tolist():
            fused[number] = _case_precision(cases[number], weights)
            alone[number] = _case_precision(cases[number], _single_signal_weights(best, len(signals)))
    names = dict(zip(signals, _ascend_weights(cases).tolist(), strict=True))
    single = signals[_best_single(cases)]
    return LearnedWeights(
        names, single, float(alone.mean()), float(fused.mean()), estimate_gain(fused - alone)
    )


def estimate_gain(differences: Float64Vector) -> Gain:
    """The mean of paired differences with its bootstrap interval; the same numbers give the same interval.

    Source: Efron & Tibshirani, "An introduction to the bootstrap", 1993.
    """
    drawn = np.random.default_rng(SEED).integers(0, len(differences), (RESAMPLES, len(differences)))
    edge = (1 - CONFIDENCE) / 2
    low, high = np.quantile(differences[drawn].mean(axis=1), [edge, 1 - edge])
    return Gain(float(differences.mean()), float(low), float(high))


def _ascend_weights(cases: Sequence[Case]) -> Float64Vector:
    """Weights from the grid; the best single signal keeps 1, and of equal results the smaller weight wins."""
    signals = len(cases[0].amounts)
    best = _best_single(cases)
    weights = _single_signal_weights(best, signals)
    for _ in range(ROUNDS):
        before = weights.copy()
        for signal in (other for other in range(signals) if other != best):
            trials = [np.where(np.arange(signals) == signal, weight, weights) for weight in GRID]
            weights = trials[int(np.argmax([_mean_precision(cases, trial) for trial in trials]))]
        if np.array_equal(before, weights):
            break
    return weights


def _best_single(cases: Sequence[Case]) -> int:
    count = len(cases[0].amounts)
    return int(
        np.argmax([_mean_precision(cases, _single_signal_weights(signal, count)) for signal in range(count)])
    )


def _single_signal_weights(signal: int, count: int) -> Float64Vector:
    weights: Float64Vector = (np.arange(count) == signal).astype(np.float64)
    return weights


def _mean_precision(cases: Sequence[Case], weights: Float64Vector) -> float:
    # Rounded, so that the last bits of a mean do not choose a weight.
    return round(float(np.mean([_case_precision(case, weights) for case in cases])), 9)


def _case_precision(case: Case, weights: Float64Vector) -> float:
    """Average precision of the weighted sum; images with equal sums keep their order."""
    order = np.argsort(-(weights.astype(np.float32) @ case.amounts), kind="stable")
    return average_precision(case.relevant[order], int(case.relevant.sum()))
