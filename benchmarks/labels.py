"""Predicted labels on imagenet_sample1k: one picture of each ImageNet class, through `pictor index`.

Top-1 and top-5, and the teacher's; the confidence of the first label and how often it is right; and what a
minimum confidence costs: the share of pictures that keep a label, and of those labels the share that is
right. --size N: the first N pictures count.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval import Annotation
from retrieval.descriptors.runtimes.timm_models import label_names

from .indexed import open_indexed
from .sets import BUNDLED, ROOT, why_unavailable

SET = ROOT / "data" / "imagenet_sample1k"
TEACHER = {"top-1": 0.893}  # of the weights that the head learned from, on the same pictures
LEAST = (0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

Sureness = npt.NDArray[np.float64]


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures over the pictures."""
    if reason := why_unavailable():
        sys.exit(reason)
    predicted = _predicted_labels()
    truth = _true_names()
    predicted = dict(list(predicted.items())[:size])
    first = np.array([bool(labels) and labels[0].value == truth[path] for path, labels in predicted.items()])
    among = np.array([truth[path] in {label.value for label in labels} for path, labels in predicted.items()])
    sure = np.array([labels[0].confidence if labels else 0.0 for labels in predicted.values()])
    figures = {"top-1": float(first.mean()), "top-5": float(among.mean())}
    figures |= {"mean confidence": float(sure.mean()), "calibration error": _calibration_error(sure, first)}
    for least in LEAST:
        kept = sure >= least
        figures[f"confidence >= {least:g}: kept"] = float(kept.mean())
        figures[f"confidence >= {least:g}: right"] = float(first[kept].mean()) if kept.any() else 0.0
    return {"figures": figures, "beside": {"teacher": TEACHER}}


def _predicted_labels() -> dict[str, tuple[Annotation, ...]]:
    """The predicted labels of every picture, by its file name."""
    with open_indexed(SET / "images", BUNDLED) as library:
        with library.catalog.reading() as reader:
            ids = reader.find_ids().tolist()
        found = [library.load_image(image_id) for image_id in ids]
    return {Path(image.path).name: image.predicted_labels for image in found}


def _true_names() -> dict[str, str]:
    """The name of every picture's class, as predictions have it; classes come in the order of their ids."""
    with (SET / "imagenet_sample1k.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    order = sorted({row["label"] for row in rows})
    names = label_names("imagenet-1k")
    return {Path(row["path"]).name: names[order.index(row["label"])].words for row in rows}


def _calibration_error(sure: Sureness, right: npt.NDArray[np.bool_]) -> float:
    """The expected calibration error over ten bins of equal width (Guo et al. 2017)."""
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [
        abs(sure[bins == number].mean() - right[bins == number].mean()) * (bins == number).mean()
        for number in set(bins)
    ]
    return float(sum(gaps))
