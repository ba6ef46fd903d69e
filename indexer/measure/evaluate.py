"""Measures a library's rankings against labels: every labelled image is a query once."""

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
    """Figures of every picture signal and of their fusion, per class and overall, as JSON values."""
    sizes = Counter(labels.values())
    queries = sorted(image_id for image_id in labels if sizes[labels[image_id]] > 1)
    judged: dict[str, list[evaluation.Judged]] = {}
    for done, image_id in enumerate(queries, 1):
        label = labels[image_id]
        for signal, ranking in library.rankings(Query((StoredPicture(image_id),))).items():
            relevance = np.array([labels.get(each) == label for each in ranking.ids.tolist()], bool)
            judged.setdefault(signal, []).append(evaluation.judge(label, relevance, sizes[label] - 1))
        on_progress(done, len(queries))
    return {
        "queries": len(queries),
        "labelled": len(labels),
        "classes": len(sizes),
        "definition": evaluation.DEFINITION,
        "rankings": {signal: evaluation.means(each) for signal, each in judged.items()},
        "per_class": {signal: evaluation.by_class(each) for signal, each in judged.items()},
    }


def labels_of(library: Library, source: str) -> dict[int, str]:
    """Labels by image id: from `folder` names, the first `tag`, the first `label`, or a CSV (path, label).

    Of an image that lies in several places, the first place by path decides.
    """
    with library.catalog.reading() as reader:
        if source in ("tag", "label"):
            return reader.labels(source)
        places = reader.locations()
    if source == "folder":
        named = {path: place.folder_name for path, (_, place) in places.items()}
    else:
        named = {path: row.get("label") or "" for path, row in read_caption_rows(Path(source))}
    found: dict[int, str] = {}
    for path in sorted(places):
        if named.get(path):
            found.setdefault(places[path][0], named[path])
    return found
