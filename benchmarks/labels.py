"""Predicted labels and categories, of pictures that are indexed as by `pictor index`.

imagenet_sample1k, one picture of each ImageNet class: top-1 and top-5, and the teacher's; the confidence of the
first label and how often it is right; what a minimum confidence costs: the share of pictures that keep a label,
and of those labels the share that is right. For categories, by how many classes they have: of those that words
find (SURE), the share that is right (precision), and of those that are true, the share found (recall).

coco_mini, ordinary photos with several things each: the same for every category that one of COCO's 80 kinds of
things tells of, and the worst of those with FEWEST or more pictures. A thing that COCO knows no kind for counts
as not there, so precision is a lower bound. No class shows any person; `person` has three classes of persons.

Each with the bundled backbone and with the weights of its head's teacher. --size N: the first N pictures count.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from indexer.upkeep.opening import LibrarySpec
from retrieval import Image
from retrieval.catalog import SURE
from retrieval.categories import Category, load_categories, load_class_names

from .indexed import open_indexed
from .sets import BACKBONE, BUNDLED, ROOT, why_unavailable

SET, PHOTOS = ROOT / "data" / "imagenet_sample1k", ROOT / "data" / "coco_mini"
HEAD_TEACHER = ROOT / "weights" / "mobilenetv2_100.tf_tf2ptq.fp16.safetensors"
TEACHER = {"top-1": 0.893}  # of the weights that the head learned from, on the same pictures
LABELS = "imagenet-1k"
LEAST = (0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LEVELS = (1, 2, 4, 8, 16, 41, 131)  # least numbers of classes of the categories that are measured together
FEWEST = 5  # pictures that a category needs to be named
# What the kinds of things in coco_mini are here, by usual names, where that is not the same name; what no class
# shows counts as what it is a kind of. A kite of COCO is a toy; the class is a bird.
COCO = {
    "cow": "cattle", "skis": "ski", "sports ball": "ball", "tennis racket": "racket", "wine glass": "wineglass",
    "couch": "sofa", "tv": "television set", "refrigerator": "fridge", "hot dog": "hotdog", "tie": "necktie",
    "teddy bear": "teddy", "hair drier": "hand blower", "remote": "remote control", "carrot": "vegetable",
    "donut": "food", "cake": "dessert", "scissors": "tool", "fork": "tableware", "suitcase": "container",
    "giraffe": "ungulate", "surfboard": "sports equipment", "snowboard": "sports equipment",
    "skateboard": "sports equipment", "baseball bat": "sports equipment", "frisbee": "sports equipment", "kite": "",
}  # fmt: skip

Sureness = npt.NDArray[np.float64]
Truth = Mapping[str, frozenset[str]]  # by file name: the categories that are true, as they are predicted


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures over the pictures."""
    if reason := why_unavailable():
        sys.exit(reason)
    figures: dict[str, float] = {}
    for name, spec in (("bundled", BUNDLED), ("head's teacher", _spec_of_teacher())):
        classes, photos = _load_images(SET, spec, size), _load_images(PHOTOS, spec, size)
        if spec is BUNDLED:
            figures |= _measure_labels(classes)
        figures |= {f"{name}, {key}": value for key, value in _measure_levels(classes).items()}
        figures |= {f"{name}, coco_mini, {key}": value for key, value in _measure_photos(photos).items()}
    return {"figures": figures, "beside": {"teacher": TEACHER}}


def _measure_labels(images: Mapping[str, Image]) -> dict[str, float]:
    predicted, truth = {path: image.predicted_labels for path, image in images.items()}, _true_names()
    first = np.array([bool(labels) and labels[0].value == truth[path] for path, labels in predicted.items()])
    among = np.array([truth[path] in {label.value for label in labels} for path, labels in predicted.items()])
    sure = np.array([labels[0].confidence if labels else 0.0 for labels in predicted.values()])
    figures = {"top-1": float(first.mean()), "top-5": float(among.mean())}
    figures |= {"mean confidence": float(sure.mean()), "calibration error": _calibration_error(sure, first)}
    for least in LEAST:
        kept = sure >= least
        figures[f"confidence >= {least:g}: kept"] = float(kept.mean())
        figures[f"confidence >= {least:g}: right"] = float(first[kept].mean()) if kept.any() else 0.0
    return figures


def _measure_levels(images: Mapping[str, Image]) -> dict[str, float]:
    """Precision, recall and calibration error of the categories of each level."""
    index_of = {name: index for index, name in reversed(list(enumerate(load_class_names(LABELS))))}
    true_names = _true_names()
    figures: dict[str, float] = {"categories a picture": _mean_number(images.values())}
    for least, below in zip(LEVELS, (*LEVELS[1:], len(index_of) + 1), strict=True):
        level = [found for found in load_categories(LABELS) if least <= len(found.classes) < below]
        truth = {
            path: frozenset(found.words for found in level if index_of[true_names[path]] in found.classes)
            for path in images
        }
        for name, value in _rates(images, truth, {found.words for found in level}).items():
            figures[f"{least} to {below - 1} classes: {name}"] = value
    return figures


def _measure_photos(images: Mapping[str, Image]) -> dict[str, float]:
    truth = _true_categories()
    judged = {words for true in truth.values() for words in true}
    figures = _rates(images, truth, judged)
    figures["pictures with a sure category or label"] = float(
        np.mean([any(fact.confidence >= SURE for fact in image.predictions) for image in images.values()])
    )
    known = {
        words: _rates(images, truth, {words})
        for words in sorted(judged)
        if sum(words in truth[path] for path in images) >= FEWEST
    }
    for words, rates in known.items():
        figures |= {
            f"{words.split(', ')[0]}: {name}": rates[name] for name in ("true", "precision", "recall")
        }
    return figures


def _rates(images: Mapping[str, Image], truth: Truth, judged: Iterable[str]) -> dict[str, float]:
    """Over all pairs of a picture and a judged category."""
    wanted = sorted(judged)
    sure = np.array([_confidences(image, wanted) for image in images.values()])
    right = np.array([[words in truth[path] for words in wanted] for path in images])
    found = sure >= SURE
    return {
        "true": float(right.sum()),
        "found": float(found.sum()),
        "precision": float(right[found].mean()) if found.any() else 0.0,
        "recall": float(found[right].mean()) if right.any() else 0.0,
        "calibration error": _calibration_error(sure[sure > 0], right[sure > 0]),
    }


def _confidences(image: Image, wanted: Sequence[str]) -> list[float]:
    known = {category.value: category.confidence for category in image.predicted_categories}
    return [known.get(words, 0.0) for words in wanted]


def _mean_number(images: Iterable[Image]) -> float:
    return float(np.mean([len(image.predicted_categories) for image in images]))


def _load_images(folder: Path, spec: LibrarySpec, size: int | None) -> dict[str, Image]:
    """The images of a set with their predictions, by file name."""
    with open_indexed(folder / "images", spec) as library:
        with library.catalog.reading() as reader:
            ids = reader.find_ids().tolist()
        found = [library.load_image(image_id) for image_id in ids]
    return {Path(image.path).name: image for image in found[:size]}


def _spec_of_teacher() -> LibrarySpec:
    """The weights of the head's teacher as a weights file that says how to use them."""
    preprocessing = {
        "size": 224,
        "crop": 0.875,
        "interpolation": "bicubic",
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
    }
    settings = {"backbone": BACKBONE, "preprocessing": preprocessing, "labels": LABELS, "temperature": 1.0}
    path = Path(tempfile.gettempdir()) / "pictor-head-teacher.safetensors"
    save_file(load_file(HEAD_TEACHER), path, metadata={"pictor": json.dumps(settings)})
    return LibrarySpec(BACKBONE, str(path))


def _true_names() -> dict[str, str]:
    """The name of every picture's class, as predictions have it; classes come in the order of their ids."""
    rows = _read_rows(SET)
    order = sorted({row["label"] for row in rows})
    names = load_class_names(LABELS)
    return {Path(row["path"]).name: names[order.index(row["label"])] for row in rows}


def _true_categories() -> dict[str, frozenset[str]]:
    """The categories of every photo: those of COCO's kinds of things in it, and all that they are kinds of."""
    return {
        Path(row["path"]).name: frozenset(
            words for kind in row["label"].split("|") for words in _categories_of(COCO.get(kind, kind))
        )
        for row in _read_rows(PHOTOS)
    }


def _categories_of(name: str) -> list[str]:
    """The category or class with this usual name as one, and all categories that hold its classes."""
    categories = load_categories(LABELS)
    classes = _classes_of(name, categories)
    return [found.words for found in categories if classes and classes <= set(found.classes)]


def _classes_of(name: str, categories: Sequence[Category]) -> set[int]:
    named = [found for found in categories if found.names[0] == name]
    if named:
        return set(named[-1].classes)
    return {index for index, words in enumerate(load_class_names(LABELS)) if words.split(", ")[0] == name}


def _read_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / f"{folder.name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _calibration_error(sure: Sureness, right: npt.NDArray[np.bool_]) -> float:
    """The expected calibration error over ten bins of equal width (Guo et al. 2017)."""
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [
        abs(sure[bins == number].mean() - right[bins == number].mean()) * (bins == number).mean()
        for number in set(bins)
    ]
    return float(sum(gaps))
