"""Measures the rankings of a library by labels: every labelled image is a query once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retrieval import Library, Query, StoredPicture, evaluation

from ..run.captions import read_caption_rows

Labels = Mapping[int, str]  # by image id
OnProgress = Callable[[int, int], None]


def evaluate(library: Library, labels: Labels, on_progress: OnProgress) -> dict[str, Any]:
    """Figures of every picture signal and of their fusion, overall and for each class, as JSON values."""
    sizes = Counter(labels.values())
    queries = sorted(image_id for image_id in labels if sizes[labels[image_id]] > 1)
    judged: dict[str, list[evaluation.QueryFigures]] = {}
    for done, image_id in enumerate(queries, 1):
        label = labels[image_id]
        for signal, ranking in library.rank_signals(Query((StoredPicture(image_id),))).items():
            relevance = np.array([labels.get(ranked_id) == label for ranked_id in ranking.ids.tolist()], bool)
            judged.setdefault(signal, []).append(
                evaluation.evaluate_ranking(label, relevance, sizes[label] - 1)
            )
        on_progress(done, len(queries))
    return {
        "queries": len(queries),
        "labelled": len(labels),
        "classes": len(sizes),
        "definition": evaluation.DEFINITION,
        "rankings": {
            signal: evaluation.mean_figures(queries_judged) for signal, queries_judged in judged.items()
        },
        "per_class": {
            signal: evaluation.figures_by_label(queries_judged) for signal, queries_judged in judged.items()
        },
    }


def read_labels(library: Library, source: str) -> dict[int, str]:
    """Labels by image id, by source: `folder` (its name), `tag` or `label` (the first one), or a CSV file.

    The CSV file has the columns path and label. Of an image with several paths, the first one counts.
    """
    with library.catalog.reading() as reader:
        if source in ("tag", "label"):
            return reader.first_values(source)
        locations = reader.load_locations()
    if source == "folder":
        path_labels = {path: location.folder_name for path, (_, location) in locations.items()}
    else:
        path_labels = {path: row.get("label") or "" for path, row in read_caption_rows(Path(source))}
    labels: dict[int, str] = {}
    for path in sorted(locations):
        if path_labels.get(path):
            labels.setdefault(locations[path][0], path_labels[path])
    return labels
