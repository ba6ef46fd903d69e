"""Calibrated score against relative score and reciprocal rank: mAP of the fusion of subject and colour.

For every labelled set: the mAP of the subject alone, of relative score and reciprocal rank, each with its
best weight of colour, and of calibrated score by the weight of colour. Then the gain of calibrated score at
its default weight over the other two, with 95 % bounds by a paired bootstrap over queries. Measured with the
bundled backbone and, for comparison, its teacher, which is calibrated by drawn pictures.
--size N: every N-th picture is a query (default 9).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.measure.evaluate import read_labels
from indexer.upkeep.opening import LibrarySpec
from retrieval import Ranking, evaluation
from retrieval.ranking.arrays import FeatureMatrix
from retrieval.ranking.fusion import (
    Amounts,
    WeightedRanking,
    calibrated_score,
    fuse,
    reciprocal_rank,
    relative_score,
)
from retrieval.ranking.ranking import round_scores
from retrieval.ranking.relevance import Calibration, Unrelated
from retrieval.signals import COLOUR, SIGNALS, bandwidths, sharpness_by_signal

from .indexed import open_indexed
from .relevance import (
    RESAMPLES,
    Backgrounds,
    background_with_reference,
    describe_drawn,
    known_background,
    require_background,
)
from .sets import BUNDLED, LABELLED, TEACHER, LabelledSet, why_unavailable

RELATIVE = relative_score(bandwidths())
DEFAULT = 0.6  # weight of colour with calibrated scores: the best that costs no set more than 0.012
WEIGHTS = (0.2, 0.4, 0.5, DEFAULT, 0.7, 0.8)

Precisions = dict[str, npt.NDArray[np.float64]]  # average precisions of all queries, by way to fuse
Described = tuple[npt.NDArray[np.str_], Mapping[str, FeatureMatrix]]  # labels; features by signal


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures of the bundled backbone, and beside them its teacher's."""
    if reason := why_unavailable():
        sys.exit(reason)
    specs = ((BUNDLED, known_background), (TEACHER, background_with_reference(describe_drawn(TEACHER))))
    found = [
        {
            labelled.name: average_precisions(load_described_set(labelled, spec), backgrounds, size or 9)
            for labelled in LABELLED
        }
        for spec, backgrounds in specs
    ]
    return {"figures": figures_of(found[0]), "beside": {"teacher": figures_of(found[1])}}


def load_described_set(labelled: LabelledSet, spec: LibrarySpec) -> Described:
    """Labels and features of the labelled pictures of a set, in the order of image ids."""
    with open_indexed(labelled.pictures, spec) as library, library.catalog.reading() as reader:
        labels = read_labels(library, labelled.labels)
        stored = {
            space.descriptor: reader.load_features(space, labels)
            for space in reader.load_spaces()
            if space.dimension
        }
    features = {name: np.asarray(stored[name][1], np.float32) for name in ("subject", "colour")}
    return np.array([labels[image_id] for image_id in stored["subject"][0].tolist()]), features


def average_precisions(
    pictures: Described, backgrounds: Backgrounds, step: int
) -> dict[str, npt.NDArray[np.float64]]:
    """The average precision of every query (leave-one-out, over the full ranking), by way to fuse."""
    labels, features = pictures
    ways = _fusion_ways(require_background(backgrounds(features["subject"])).unrelated, len(labels))
    found: dict[str, list[float]] = {name: [] for name in ways}
    for query in range(0, len(labels), step):
        others = np.delete(np.arange(len(labels)), query)
        relevant = labels[others] == labels[query]
        if not relevant.any():
            continue
        rankings = {
            name: Ranking.from_scores(others, round_scores(feature[others] @ feature[query]))
            for name, feature in features.items()
        }
        for name, (amounts, weight) in ways.items():
            found[name].append(_average_precision(_fuse_weighted(rankings, amounts, weight), labels, query))
    return {name: np.array(values) for name, values in found.items()}


def figures_of(found: Mapping[str, Precisions]) -> dict[str, float]:
    """Mean average precisions by set and way, and the gains of the default."""
    figures = {
        f"{name} {way}": float(values.mean()) for name, ways in found.items() for way, values in ways.items()
    }
    for way in next(iter(found.values())):
        gains = [float((ways[way] - ways["subject alone"]).mean()) for ways in found.values()]
        figures[f"mean gain {way}"] = float(np.mean(gains))
    for name, ways in found.items():
        for other in ("relative 0.06", "reciprocal rank 0.08"):
            gained = ways[f"calibrated {DEFAULT}"] - ways[other]
            low, high = _bootstrap_bounds(gained)
            key = f"{name} gain over {other}"
            figures |= {key: float(gained.mean()), f"{key} low": low, f"{key} high": high}
    return figures


def _fusion_ways(subject: Unrelated, size: int) -> dict[str, tuple[Amounts, float]]:
    colour = SIGNALS[COLOUR].unrelated[""]
    calibrations = {(0, "subject"): Calibration(subject, size), (0, "colour"): Calibration(colour, size)}
    calibrated = calibrated_score(calibrations, sharpness_by_signal())
    ways = {
        "subject alone": (RELATIVE, 0.0),
        "relative 0.06": (RELATIVE, 0.06),
        "reciprocal rank 0.08": (reciprocal_rank(60), 0.08),
    }
    return ways | {f"calibrated {weight}": (calibrated, weight) for weight in WEIGHTS}


def _fuse_weighted(rankings: Mapping[str, Ranking], amounts: Amounts, weight: float) -> Ranking:
    weights = {"subject": 1.0, "colour": weight}
    return fuse([WeightedRanking(0, name, weights[name], rankings[name]) for name in weights], amounts)


def _average_precision(ranking: Ranking, labels: npt.NDArray[np.str_], query: int) -> float:
    relevance = labels[ranking.ids] == labels[query]
    total = int((labels == labels[query]).sum()) - 1
    return evaluation.evaluate_ranking("", relevance, total).average_precision


def _bootstrap_bounds(gains: npt.NDArray[np.float64]) -> tuple[float, float]:
    chosen = np.random.default_rng(0).integers(len(gains), size=(RESAMPLES, len(gains)))
    low, high = np.quantile(gains[chosen].mean(axis=1), [0.025, 0.975]).tolist()
    return low, high
