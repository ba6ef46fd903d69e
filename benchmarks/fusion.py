"""How much colour should count beside the subject: mAP by weight, with the bundled backbone.

For every set and every weight of colour, that of the subject being 1, the mean average precision of the
fusion, and the mean gain over the subject alone. The default (`weight_colour`) is the weight with the best
mean gain among those that cost no set more than 0.012. --size N: every N-th picture is a query (default 3).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from indexer.measure.evaluate import read_labels
from retrieval import Library, Query, Ranking, StoredPicture, evaluation
from retrieval.ranking.fusion import WeightedRanking, fuse, relative_score
from retrieval.signals import bandwidths

from .indexed import open_indexed
from .sets import BUNDLED, LABELLED, LabelledSet, why_unavailable

WEIGHTS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2)
AMOUNTS = relative_score(bandwidths())


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by set and weight, and the mean gain over the sets."""
    if reason := why_unavailable():
        sys.exit(reason)
    measured = {labelled.name: _by_weight(labelled, size or 3) for labelled in LABELLED}
    figures = {f"{name} {weight:g}": found[weight] for name, found in measured.items() for weight in WEIGHTS}
    for weight in WEIGHTS:
        gains = [found[weight] - found[0.0] for found in measured.values()]
        figures[f"mean gain {weight:g}"] = float(np.mean(gains))
    return {"figures": figures, "beside": {}}


def _by_weight(labelled: LabelledSet, step: int) -> dict[float, float]:
    with open_indexed(labelled.pictures, BUNDLED) as library:
        labels = read_labels(library, labelled.labels)
        sizes = Counter(labels.values())
        queries = [image_id for image_id in sorted(labels)[::step] if sizes[labels[image_id]] > 1]
        precisions = [
            _average_precisions(library, query, labels, sizes[labels[query]] - 1) for query in queries
        ]
    means = np.mean(precisions, axis=0)
    return dict(zip(WEIGHTS, means.tolist(), strict=True))


def _average_precisions(
    library: Library, query: int, labels: Mapping[int, str], relevant: int
) -> list[float]:
    """The average precision of one query with every weight."""
    found = library.rank_signals(Query((StoredPicture(query),)))
    return [
        _average_precision(_fuse_weighted(found, weight), labels, labels[query], relevant)
        for weight in WEIGHTS
    ]


def _fuse_weighted(found: Mapping[str, Ranking], weight: float) -> Ranking:
    weights = {"subject": 1.0, "colour": weight}
    return fuse([WeightedRanking(0, name, weights[name], found[name]) for name in weights], AMOUNTS)


def _average_precision(ranking: Ranking, labels: Mapping[int, str], label: str, relevant: int) -> float:
    relevance = np.array([labels.get(image_id) == label for image_id in ranking.ids.tolist()], bool)
    return evaluation.evaluate_ranking(label, relevance, relevant).average_precision
