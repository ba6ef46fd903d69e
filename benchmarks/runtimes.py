"""Pictures a second of each runtime on the processor, against eager torch, and whether they agree.

The bundled backbone and an untrained resnet50 describe random pictures, stages included, in batches of 1 and
of 32; the runtimes take turns, so that ratios compare the same minutes. Runtimes that this machine lacks, and
bfloat16 where it is slow, are left out. A cosine is the least over all outputs and all comparison pictures,
to torch in float32. --size N: rounds (default 15).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from retrieval import fetch_backbone
from retrieval.descriptors.runtimes import openvino
from retrieval.descriptors.runtimes.base import Runtime, comparison_batch, least_cosine
from retrieval.descriptors.runtimes.choice import find_export
from retrieval.descriptors.runtimes.onnx import OnnxRuntime
from retrieval.descriptors.runtimes.openvino import OpenVinoRuntime
from retrieval.descriptors.runtimes.torch_runtime import TorchRuntime
from retrieval.descriptors.runtimes.weights import Weights
from retrieval.ranking.arrays import Float32Array

from .sets import BACKBONE, BUNDLED_FILE

BATCHES, ROUNDS, WARM_UP = (1, 32), 15, 2
BACKBONES = {"bundled": (BACKBONE, str(BUNDLED_FILE)), "resnet50": ("resnet50", "untrained")}


def measure(size: int | None = None) -> dict[str, Any]:
    """Rates, ratios to eager torch in float32, and cosines to it, by backbone, runtime and batch size."""
    figures: dict[str, float] = {}
    for title, (name, source) in BACKBONES.items():
        fetched = fetch_backbone(name, source)
        weights = Weights(name, fetched.weights, Path(source), fetched.preprocessing.size)
        stages = [stage.number for stage in fetched.stages]
        with TemporaryDirectory() as folder:
            begun = time.perf_counter()
            find_export(weights, Path(folder))
            figures[f"{title} export seconds"] = time.perf_counter() - begun
            runtimes = _make_runtimes(weights, Path(folder))
        figures |= _measure_runtimes(title, runtimes, weights.size, stages, size or ROUNDS)
    return {"figures": figures}


def _make_runtimes(weights: Weights, folder: Path) -> list[Runtime]:
    """The runtimes; the others are compared with the first."""
    export = find_export(weights, folder)
    found: list[Runtime] = [TorchRuntime(weights, "cpu", "float32"), OnnxRuntime(export)]
    automatic = TorchRuntime(weights, "cpu", "auto")
    if automatic.precision != "float32":
        found.append(automatic)
    if openvino.is_installed():
        fast = openvino.has_fast_bfloat16()
        found += [OpenVinoRuntime(export, precision) for precision in ("float32", "bfloat16")[: 1 + fast]]
    return found


def _measure_runtimes(
    title: str, runtimes: Sequence[Runtime], size: int, stages: Sequence[int], rounds: int
) -> dict[str, float]:
    figures = {
        f"{title} {runtime.name} cosine": _least_cosine(runtimes[0], runtime, size, stages)
        for runtime in runtimes[1:]
    }
    random = np.random.default_rng(0)
    for count in BATCHES:
        batch = random.standard_normal((count, 3, size, size), np.float32)
        rates = _measure_rates(runtimes, batch, stages, rounds)
        for runtime, rate in zip(runtimes, rates, strict=True):
            figures[f"{title} {runtime.name}, {count}: pictures/s"] = rate
            figures[f"{title} {runtime.name}, {count}: times eager"] = rate / rates[0]
    return figures


def _measure_rates(
    runtimes: Sequence[Runtime], batch: Float32Array, stages: Sequence[int], rounds: int
) -> list[float]:
    times: list[list[float]] = [[] for _ in runtimes]
    for _ in range(WARM_UP + rounds):
        for runtime, taken in zip(runtimes, times, strict=True):
            begun = time.perf_counter()
            runtime.run_batch(batch, stages)
            taken.append(time.perf_counter() - begun)
    return [len(batch) / median(taken[WARM_UP:]) for taken in times]


def _least_cosine(exact: Runtime, other: Runtime, size: int, stages: Sequence[int]) -> float:
    (pooled, inside), (found, seen) = (
        runtime.run_batch(comparison_batch(size), stages) for runtime in (exact, other)
    )
    return min(
        least_cosine(pooled, found), *(least_cosine(inside[stage], seen[stage]) for stage in stages), 1.0
    )
