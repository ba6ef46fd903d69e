"""Retrieval quality on corel1k, caltech101 and grocery81 with the bundled backbone, beside its teacher.

Every set is indexed and evaluated leave-one-out over the full ranking, through the same code as
`pictor index` and `pictor evaluate`. --size N: the first N sets.
"""

from __future__ import annotations

import sys
from typing import Any

from indexer.measure.evaluate import evaluate, read_labels
from indexer.upkeep.opening import LibrarySpec

from .indexed import ignore_events, open_indexed
from .sets import BUNDLED, LABELLED, TEACHER, LabelledSet, why_unavailable

SHOWN = ("mAP", "P@1", "P@10")
# On the same pictures: the teacher's weights with plain preprocessing; an HSV 8×3×3 histogram with the
# Hellinger kernel; the sum subject + 0.1 × colour of both.
PLAIN = {
    "corel1k subject mAP": 0.880, "corel1k colour mAP": 0.492, "corel1k fused mAP": 0.886,
    "caltech101 subject mAP": 0.579, "caltech101 colour mAP": 0.045, "caltech101 fused mAP": 0.541,
    "grocery81 subject mAP": 0.502, "grocery81 colour mAP": 0.354, "grocery81 fused mAP": 0.523,
}  # fmt: skip


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by set, signal and measure."""
    if reason := why_unavailable():
        sys.exit(reason)
    bundled, teacher = (_measure_backbone(spec, size) for spec in (BUNDLED, TEACHER))
    return {"figures": bundled, "beside": {"teacher": teacher, "plain": PLAIN}}


def _measure_backbone(spec: LibrarySpec, size: int | None) -> dict[str, float]:
    figures: dict[str, float] = {}
    for labelled in LABELLED[:size]:
        for signal, values in evaluate_set(labelled, spec).items():
            figures |= {f"{labelled.name} {signal} {name}": values[name] for name in SHOWN}
    return figures


def evaluate_set(labelled: LabelledSet, spec: LibrarySpec) -> dict[str, dict[str, float]]:
    """Index one set into a new library, and evaluate it."""
    with open_indexed(labelled.pictures, spec) as library:
        labels = read_labels(library, labelled.labels)
        found: dict[str, dict[str, float]] = evaluate(library, labels, ignore_events)["rankings"]
    return found
