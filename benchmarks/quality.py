"""Retrieval quality on corel1k, caltech101 and grocery81: each signal and their fusion.

Every set is indexed with mobilenetv2_100 (tv_headless) and evaluated leave-one-out over the full ranking,
through the same code as `pictor index` and `pictor evaluate`. --size N: the first N sets.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from indexer.evaluate import evaluate, labels_of
from indexer.making import Recipe, writing
from indexer.pipeline import index
from retrieval import Library, path_bytes

from .sets import BACKBONE, LABELLED, WEIGHTS, LabelledSet, missing

SHOWN = ("mAP", "P@1", "P@10")
# On the same pictures: plain preprocessing with the same weights; an HSV 8×3×3 histogram with the Hellinger
# kernel; the sum subject + 0.1 × colour of both.
PLAIN = {
    "corel1k subject mAP": 0.880, "corel1k colour mAP": 0.492, "corel1k fused mAP": 0.886,
    "caltech101 subject mAP": 0.579, "caltech101 colour mAP": 0.045, "caltech101 fused mAP": 0.541,
    "grocery81 subject mAP": 0.502, "grocery81 colour mAP": 0.354, "grocery81 fused mAP": 0.523,
}  # fmt: skip


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by set, signal and measure."""
    if reason := missing():
        sys.exit(reason)
    figures: dict[str, float] = {}
    for each in LABELLED[:size]:
        for signal, values in rankings(each).items():
            figures |= {f"{each.name} {signal} {name}": values[name] for name in SHOWN}
    return {"figures": figures, "beside": {"plain": PLAIN}}


def rankings(labelled: LabelledSet) -> dict[str, dict[str, float]]:
    """Index one set into a new library, and evaluate it."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = Recipe(BACKBONE, str(WEIGHTS))
        with writing(Path(folder), recipe) as library:
            index(library, [path_bytes(labelled.pictures)], captions={}, on_event=_quiet)
        with Library.open(folder) as library:
            labels = labels_of(library, labelled.labels)
            found: dict[str, dict[str, float]] = evaluate(library, labels, _quiet)["rankings"]
            return found


def _quiet(*_: object) -> None:
    """Progress is not shown: a benchmark's output is its figures."""
