"""Learns the weights of a fusion from judged queries, and what they gain on queries not learned from. Pure.

Weights are found by coordinate ascent over a fixed grid: one signal after the other gets the weight with the
best mean average precision, until nothing changes. Source: Metzler & Croft, "Linear feature-based models for
information retrieval", Information Retrieval 10, 2007.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .evaluation import average_precision

GRID = (0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0)
FOLDS = 5
ROUNDS = 4  # of the ascent; two or three are enough for it to stop
RESAMPLES = 2000  # of the bootstrap
CONFIDENCE = 0.95
SEED = 0

Weights = dict[str, float]
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One judged query: what every signal would give to each image, at weight 1, and which are relevant."""

    amounts: npt.NDArray[np.float32]  # (signal, image)
    relevant: npt.NDArray[np.bool_]  # (image,)


@dataclass(frozen=True, slots=True)
class Gain:
    """A difference of mean average precision on queries that the weights were not learned from.

    `low` and `high` bound it with CONFIDENCE (bootstrap over queries, percentiles).
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Learned:
    """Weights learned from all cases, and what cross-validation says of such weights.

    `single` is the best signal alone, `single_map` its mAP, `fused_map` that of the fusion, both on held-out
    queries.
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


def learn(signals: Sequence[str], cases: Sequence[Case]) -> Learned:
    """Learn from all cases; the gain is measured in FOLDS folds, each held out once.

    Raises ValueError when there are fewer cases than folds.
    """
    if len(cases) < FOLDS:
        raise ValueError(f"{len(cases)} judged queries; at least {FOLDS} are needed")
    alone, fused = np.zeros(len(cases)), np.zeros(len(cases))
    for fold in range(FOLDS):
        held = np.arange(len(cases)) % FOLDS == fold
        train = [case for case, out in zip(cases, held, strict=True) if not out]
        weights, best = _ascent(train), _best_single(train)
        for place in np.flatnonzero(held).tolist():
            fused[place] = _precision(cases[place], weights)
            alone[place] = _precision(cases[place], _only(best, len(signals)))
    names = dict(zip(signals, _ascent(cases).tolist(), strict=True))
    single = signals[_best_single(cases)]
    return Learned(names, single, float(alone.mean()), float(fused.mean()), gain(fused - alone))


def gain(differences: Array) -> Gain:
    """The mean of paired differences, with its bootstrap interval; the same numbers give the same interval.

    Source: Efron & Tibshirani, "An introduction to the bootstrap", 1993.
    """
    drawn = np.random.default_rng(SEED).integers(0, len(differences), (RESAMPLES, len(differences)))
    edge = (1 - CONFIDENCE) / 2
    low, high = np.quantile(differences[drawn].mean(axis=1), [edge, 1 - edge])
    return Gain(float(differences.mean()), float(low), float(high))


def _ascent(cases: Sequence[Case]) -> Array:
    """Weights from the grid; the best single signal keeps 1, and of equal results the smaller weight wins."""
    signals = len(cases[0].amounts)
    best = _best_single(cases)
    weights = _only(best, signals)
    for _ in range(ROUNDS):
        before = weights.copy()
        for signal in (each for each in range(signals) if each != best):
            trials = [np.where(np.arange(signals) == signal, weight, weights) for weight in GRID]
            weights = trials[int(np.argmax([_mean_precision(cases, trial) for trial in trials]))]
        if np.array_equal(before, weights):
            break
    return weights


def _best_single(cases: Sequence[Case]) -> int:
    count = len(cases[0].amounts)
    return int(np.argmax([_mean_precision(cases, _only(each, count)) for each in range(count)]))


def _only(signal: int, count: int) -> Array:
    weights: Array = (np.arange(count) == signal).astype(np.float64)
    return weights


def _mean_precision(cases: Sequence[Case], weights: Array) -> float:
    # Rounded, so that the last bits of a mean never choose a weight.
    return round(float(np.mean([_precision(case, weights) for case in cases])), 9)


def _precision(case: Case, weights: Array) -> float:
    """Average precision of the weighted sum; images with equal sums keep their order."""
    order = np.argsort(-(weights.astype(np.float32) @ case.amounts), kind="stable")
    return average_precision(case.relevant[order], int(case.relevant.sum()))
