"""Pictures unlike those that the bundled backbone learned from: does it fail there, and its teacher?

coco_mini: rooms and streets with several things, where a result is right when it shares one of them.
sample: the drawn collection of `pictor demo`, where a result is right when it has the same label.
Mean average precision and P@10 of the subject alone, and what chance would give. --size is not used.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from data.sample import draw_collection
from indexer.demo import write_collection
from indexer.upkeep.opening import LibrarySpec
from retrieval import Library, Query, StoredPicture, evaluation

from .indexed import ignore_events, open_indexed
from .sets import BUNDLED, ROOT, TEACHER, why_unavailable

COCO = ROOT / "data" / "coco_mini"

Labels = Mapping[str, frozenset[str]]  # by file name


def measure(size: int | None = None) -> dict[str, Any]:  # noqa: ARG001
    """Figures of the bundled backbone, and the same of its teacher."""
    if reason := why_unavailable():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder)
        write_collection(draw_collection(), drawn, ignore_events)
        sets = {"coco_mini": (COCO / "images", _coco_labels()), "sample": (drawn, _sample_labels())}
        found = [
            {
                key: value
                for name, pictures_and_labels in sets.items()
                for key, value in _measure_set(name, *pictures_and_labels, spec).items()
            }
            for spec in (BUNDLED, TEACHER)
        ]
    return {"figures": found[0], "beside": {"teacher": found[1]}}


def _coco_labels() -> Labels:
    with (COCO / "coco_mini.csv").open(encoding="utf-8", newline="") as file:
        return {Path(row["path"]).name: frozenset(row["label"].split("|")) for row in csv.DictReader(file)}


def _sample_labels() -> Labels:
    return {Path(sample.path).name: frozenset([sample.label]) for sample in draw_collection()}


def _measure_set(name: str, pictures: Path, labels: Labels, spec: LibrarySpec) -> dict[str, float]:
    with open_indexed(pictures, spec) as library:
        with library.catalog.reading() as reader:
            ids = reader.find_ids().tolist()
        labels_by_id = {image_id: labels[Path(library.load_image(image_id).path).name] for image_id in ids}
        judged = [_judge_query(library, image_id, labels_by_id) for image_id in ids]
    means = evaluation.mean_figures(judged)
    chance = np.mean([[bool(labels_by_id[a] & labels_by_id[b]) for b in ids if b != a] for a in ids])
    return {f"{name} mAP": means["mAP"], f"{name} P@10": means["P@10"], f"{name} chance": float(chance)}


def _judge_query(
    library: Library, query: int, labels_by_id: Mapping[int, frozenset[str]]
) -> evaluation.QueryFigures:
    right = {
        image_id
        for image_id, labels in labels_by_id.items()
        if image_id != query and labels & labels_by_id[query]
    }
    ranking = library.rank_signals(Query((StoredPicture(query),)))["subject"]
    relevance = np.array([image_id in right for image_id in ranking.ids.tolist()], bool)
    return evaluation.evaluate_ranking("", relevance, len(right))
