"""How much colour should count beside the subject: mAP by weight, with the bundled backbone.

For every set, for subjects compared as they are and by neighbourhoods, and for every weight of colour, that
of the subject being 1: the mean average precision of the fusion, and its gain over the subject alone with a
95 % interval (bootstrap over queries). Then the mean gain over the sets.
--size N: every N-th picture is a query (default 3).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from indexer.measure.evaluate import read_labels
from retrieval import Query, Ranking, StoredPicture, evaluation
from retrieval.ranking.arrays import Float64Matrix
from retrieval.ranking.fusion import WeightedRanking, fuse, relative_score
from retrieval.ranking.tuning import estimate_gain
from retrieval.signals import COLOUR, NEIGHBOURS, SUBJECT, bandwidths

from .indexed import open_indexed
from .sets import BUNDLED, LABELLED, LabelledSet, why_unavailable

WEIGHTS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2)
SUBJECTS = (SUBJECT, NEIGHBOURS)  # as they are, and by neighbourhoods
AMOUNTS = relative_score(bandwidths())


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by set, way to compare subjects and weight, and the mean gain over the sets."""
    if reason := why_unavailable():
        sys.exit(reason)
    measured = {labelled.name: _measure_set(labelled, size or 3) for labelled in LABELLED}
    figures: dict[str, float] = {}
    for name, by_subject in measured.items():
        for subject, precisions in by_subject.items():
            figures |= _weight_figures(f"{name} {subject}", precisions)
    for subject in SUBJECTS:
        for number, weight in enumerate(WEIGHTS):
            gains = [(found[subject][:, number] - found[subject][:, 0]).mean() for found in measured.values()]
            figures[f"mean gain {subject} {weight:g}"] = float(np.mean(gains))
    return {"figures": figures, "beside": {}}


def _weight_figures(key: str, precisions: Float64Matrix) -> dict[str, float]:
    """By weight: the mAP, and the gain over a weight of 0 with its interval."""
    figures: dict[str, float] = {}
    for number, weight in enumerate(WEIGHTS):
        gain = estimate_gain(precisions[:, number] - precisions[:, 0])
        figures[f"{key} {weight:g}"] = float(precisions[:, number].mean())
        figures |= {
            f"{key} {weight:g} gain": gain.mean,
            f"{key} {weight:g} gain low": gain.low,
            f"{key} {weight:g} gain high": gain.high,
        }
    return figures


def _measure_set(labelled: LabelledSet, step: int) -> dict[str, Float64Matrix]:
    """The average precisions, (query, weight), by how subjects are compared."""
    with open_indexed(labelled.pictures, BUNDLED) as library:
        labels = read_labels(library, labelled.labels)
        sizes = Counter(labels.values())
        queries = [image_id for image_id in sorted(labels)[::step] if sizes[labels[image_id]] > 1]
        precisions = [
            [_average_precisions(rankings, subject, labels, query) for subject in SUBJECTS]
            for query in queries
            for rankings in [library.rank_signals(Query((StoredPicture(query),)))]
        ]
    return dict(zip(SUBJECTS, np.array(precisions).transpose(1, 0, 2), strict=True))


def _average_precisions(
    found: Mapping[str, Ranking], subject: str, labels: Mapping[int, str], query: int
) -> list[float]:
    """The average precision of one query with every weight."""
    relevant = sum(label == labels[query] for label in labels.values()) - 1
    return [
        _average_precision(_fuse_weighted(found, subject, weight), labels, labels[query], relevant)
        for weight in WEIGHTS
    ]


def _fuse_weighted(found: Mapping[str, Ranking], subject: str, weight: float) -> Ranking:
    weights = {subject: 1.0, COLOUR: weight}
    return fuse([WeightedRanking(0, name, weights[name], found[name]) for name in weights], AMOUNTS)


def _average_precision(ranking: Ranking, labels: Mapping[int, str], label: str, relevant: int) -> float:
    relevance = np.array([labels.get(image_id) == label for image_id in ranking.ids.tolist()], bool)
    return evaluation.evaluate_ranking(label, relevance, relevant).average_precision
