"""Forward passes a second of the bundled backbone and of its teacher, each at its own input size.

Batches of 32 random pictures go through both in turn, in the precision that Pictor would choose and in
float32; the figures are ratios of the median times. --size N: rounds (default 15).
"""

from __future__ import annotations

import sys
import time
from statistics import median
from typing import Any

import numpy as np

from retrieval import Backbone, fetch_backbone
from retrieval.descriptors.runtimes.torch_runtime import TorchRuntime
from retrieval.descriptors.runtimes.weights import Weights

from .sets import BACKBONE, BUNDLED_FILE, WEIGHTS, why_unavailable

BATCH, ROUNDS, WARM_UP = 32, 15, 3


def measure(size: int | None = None) -> dict[str, Any]:
    """Pictures a second of both, and how many times as many the bundled one does."""
    if reason := why_unavailable():
        sys.exit(reason)
    found = [fetch_backbone(BACKBONE, str(weights)) for weights in (BUNDLED_FILE, WEIGHTS)]
    figures: dict[str, float] = {}
    beside: dict[str, float] = {}
    for precision in ("auto", "float32"):
        bundled, teacher = _measure_rates(found, precision, size or ROUNDS)
        figures |= {f"{precision} pictures/s": bundled, f"{precision} times the teacher": bundled / teacher}
        beside |= {f"{precision} pictures/s": teacher}
    return {"figures": figures, "beside": {"teacher": beside}}


def _measure_rates(backbones: list[Backbone], precision: str, rounds: int) -> list[float]:
    runtimes = [_make_runtime(backbone, precision) for backbone in backbones]
    random = np.random.default_rng(0)
    sides = [backbone.preprocessing.size for backbone in backbones]
    batches = [random.standard_normal((BATCH, 3, side, side), np.float32) for side in sides]
    times: list[list[float]] = [[], []]
    for _ in range(WARM_UP + rounds):
        for runtime, batch, taken in zip(runtimes, batches, times, strict=True):
            start = time.perf_counter()
            runtime.run_batch(batch)
            taken.append(time.perf_counter() - start)
    return [BATCH / median(taken[WARM_UP:]) for taken in times]


def _make_runtime(backbone: Backbone, precision: str) -> TorchRuntime:
    weights = Weights(backbone.name, backbone.weights, WEIGHTS, backbone.preprocessing.size)
    return TorchRuntime(weights, "cpu", precision)
