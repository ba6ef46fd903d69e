"""Pictures unlike those that the bundled backbone learned from, beside its teacher: does it collapse there?

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

from .indexed import indexed, quiet
from .sets import BUNDLED, ROOT, TEACHER, missing

COCO = ROOT / "data" / "coco_mini"

Labels = Mapping[str, frozenset[str]]  # by file name


def measure(size: int | None = None) -> dict[str, Any]:  # noqa: ARG001
    """Figures of the bundled backbone, and the same of its teacher."""
    if reason := missing():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder)
        write_collection(draw_collection(), drawn, quiet)
        sets = {"coco_mini": (COCO / "images", _coco()), "sample": (drawn, _sample())}
        found = [
            {
                key: value
                for name, each in sets.items()
                for key, value in _figures(name, *each, spec).items()
            }
            for spec in (BUNDLED, TEACHER)
        ]
    return {"figures": found[0], "beside": {"teacher": found[1]}}


def _coco() -> Labels:
    with (COCO / "coco_mini.csv").open(encoding="utf-8", newline="") as file:
        return {Path(row["path"]).name: frozenset(row["label"].split("|")) for row in csv.DictReader(file)}


def _sample() -> Labels:
    return {Path(each.path).name: frozenset([each.label]) for each in draw_collection()}


def _figures(name: str, pictures: Path, labels: Labels, spec: LibrarySpec) -> dict[str, float]:
    with indexed(pictures, spec) as library:
        with library.catalog.reading() as reader:
            ids = reader.ids().tolist()
        said = {each: labels[Path(library.load_image(each).path).name] for each in ids}
        judged = [_judged(library, each, said) for each in ids]
    means = evaluation.means(judged)
    chance = np.mean([[bool(said[a] & said[b]) for b in ids if b != a] for a in ids])
    return {f"{name} mAP": means["mAP"], f"{name} P@10": means["P@10"], f"{name} chance": float(chance)}


def _judged(library: Library, query: int, said: Mapping[int, frozenset[str]]) -> evaluation.Judged:
    right = {each for each, labels in said.items() if each != query and labels & said[query]}
    ranking = library.rank_signals(Query((StoredPicture(query),)))["subject"]
    relevance = np.array([each in right for each in ranking.ids.tolist()], bool)
    return evaluation.judge("", relevance, len(right))
