"""Predicted labels and categories, of pictures that are indexed as by `pictor index`.

imagenet_sample1k, one picture of each ImageNet class: top-1 and top-5; the confidence of the first label and
how often it is right; and what a minimum confidence costs: the share of pictures that keep a label, and of
those labels the share that is right. Of the categories, by their number of classes: how many of those that
words find (SURE) are right (precision), and how many of those that are true are found (recall).

coco_mini, ordinary photos with several things each: the same over all categories that COCO's kinds of things
tell of, and for each of those with FEWEST or more pictures. What COCO does not know counts as not there, so
that precision is a lower bound. No class shows people in general; `person` has three classes of them.

Each for the bundled backbone, and for the teacher of its head. --size N: the first N pictures count.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import timm
import torch
from safetensors.torch import load_file

from retrieval.catalog import SURE
from retrieval.categories import Category, load_categories, load_class_names
from retrieval.descriptors.labels import Prediction, choose_categories, choose_classes, name_guesses
from retrieval.descriptors.preprocessing import Preprocessing
from retrieval.descriptors.runtimes.timm_models import label_names
from retrieval.pictures.files import Limits
from retrieval.pictures.images import decode_image

from .indexed import open_indexed
from .sets import BACKBONE, BUNDLED, ROOT, why_unavailable

SET, PHOTOS = ROOT / "data" / "imagenet_sample1k", ROOT / "data" / "coco_mini"
HEAD_TEACHER = ROOT / "weights" / "mobilenetv2_100.tf_tf2ptq.fp16.safetensors"
TEACHER_VIEW = Preprocessing.from_json(
    {"size": 224, "crop": 0.875, "interpolation": "bicubic", "mean": [0.5] * 3, "std": [0.5] * 3}
)
LABELS = "imagenet-1k"
LEAST = (0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LEVELS = (1, 2, 4, 8, 16, 41, 131)  # least numbers of classes of the categories that are measured together
FEWEST = 5  # pictures that a category needs to be named
# What the kinds of things in coco_mini are called here, where that is not the same name; what no class shows
# counts as what it is a kind of. A kite of COCO is a toy; the class is a bird.
COCO = {
    "cow": "cattle", "skis": "ski", "sports ball": "ball", "tennis racket": "racket", "tie": "necktie",
    "wine glass": "wineglass", "couch": "sofa", "tv": "television set", "refrigerator": "fridge",
    "hot dog": "hotdog", "teddy bear": "teddy", "hair drier": "hand blower", "remote": "remote control",
    "carrot": "vegetable", "donut": "food", "cake": "dessert", "scissors": "tool", "fork": "tableware",
    "suitcase": "container", "giraffe": "ungulate", "surfboard": "sports equipment", "kite": "",
    "snowboard": "sports equipment", "skateboard": "sports equipment", "baseball bat": "sports equipment",
    "frisbee": "sports equipment",
}  # fmt: skip

Sureness = npt.NDArray[np.float64]
Truth = Mapping[str, frozenset[str]]  # by file name: the categories that are true, as they are predicted
Confidences = Mapping[str, float]  # by names


@dataclass(frozen=True, slots=True)
class Predicted:
    """What is predicted for one picture: labels, the most confident first, and categories."""

    labels: Confidences
    categories: Confidences


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures over the pictures."""
    if reason := why_unavailable():
        sys.exit(reason)
    figures: dict[str, float] = {}
    for name, predict in (("bundled", _predict_by_indexing), ("head's teacher", _predict_by_teacher)):
        classes, photos = (dict(list(predict(folder).items())[:size]) for folder in (SET, PHOTOS))
        measured = _measure_labels(classes) | _measure_levels(classes) | _measure_photos(photos)
        figures |= {f"{name}, {key}": value for key, value in measured.items()}
    return {"figures": figures}


def _measure_labels(pictures: Mapping[str, Predicted]) -> dict[str, float]:
    truth = _true_names()
    first = np.array([truth[path] == next(iter(found.labels), "") for path, found in pictures.items()])
    among = np.array([truth[path] in found.labels for path, found in pictures.items()])
    sure = np.array([next(iter(found.labels.values()), 0.0) for found in pictures.values()])
    figures = {"top-1": float(first.mean()), "top-5": float(among.mean())}
    figures |= {"mean confidence": float(sure.mean()), "calibration error": _calibration_error(sure, first)}
    for least in LEAST:
        kept = sure >= least
        figures[f"confidence >= {least:g}: kept"] = float(kept.mean())
        figures[f"confidence >= {least:g}: right"] = float(first[kept].mean()) if kept.any() else 0.0
    return figures


def _measure_levels(pictures: Mapping[str, Predicted]) -> dict[str, float]:
    """Precision, recall and calibration error of the categories of each level."""
    index_of = {name: index for index, name in reversed(list(enumerate(load_class_names(LABELS))))}
    true_names = _true_names()
    figures: dict[str, float] = {
        "categories a picture": float(np.mean([len(found.categories) for found in pictures.values()]))
    }
    for least, below in zip(LEVELS, (*LEVELS[1:], len(index_of) + 1), strict=True):
        level = [found for found in load_categories(LABELS) if least <= len(found.classes) < below]
        truth = {
            path: frozenset(found.words for found in level if index_of[true_names[path]] in found.classes)
            for path in pictures
        }
        for name, value in _rates(pictures, truth, {found.words for found in level}).items():
            figures[f"{least} to {below - 1} classes: {name}"] = value
    return figures


def _measure_photos(pictures: Mapping[str, Predicted]) -> dict[str, float]:
    truth = _true_categories()
    judged = {words for true in truth.values() for words in true}
    figures = _rates(pictures, truth, judged)
    surest = [max([*found.labels.values(), *found.categories.values(), 0.0]) for found in pictures.values()]
    figures = {f"coco_mini: {name}": value for name, value in figures.items()}
    figures["coco_mini: pictures with a sure label or category"] = float(np.mean(np.array(surest) >= SURE))
    known = {
        words: _rates(pictures, truth, {words})
        for words in sorted(judged)
        if sum(words in truth[path] for path in pictures) >= FEWEST
    }
    for words, rates in known.items():
        name = f"coco_mini: {words.split(', ')[0]}"
        figures |= {f"{name}: {rate}": rates[rate] for rate in ("true", "found", "precision", "recall")}
    return figures


def _rates(pictures: Mapping[str, Predicted], truth: Truth, judged: Iterable[str]) -> dict[str, float]:
    """Over all pairs of a picture and a judged category."""
    wanted = sorted(judged)
    sure = np.array([[found.categories.get(words, 0.0) for words in wanted] for found in pictures.values()])
    right = np.array([[words in truth[path] for words in wanted] for path in pictures])
    found = sure >= SURE
    return {
        "true": float(right.sum()),
        "found": float(found.sum()),
        "precision": float(right[found].mean()) if found.any() else 0.0,
        "recall": float(found[right].mean()) if right.any() else 0.0,
        "calibration error": _calibration_error(sure[sure > 0], right[sure > 0]),
    }


def _predict_by_indexing(folder: Path) -> dict[str, Predicted]:
    """What the bundled backbone predicts for the pictures of a set, by file name."""
    with open_indexed(folder / "images", BUNDLED) as library:
        with library.catalog.reading() as reader:
            ids = reader.find_ids().tolist()
        images = [library.load_image(image_id) for image_id in ids]
    return {
        Path(image.path).name: Predicted(
            {label.value: label.confidence for label in image.predicted_labels},
            {category.value: category.confidence for category in image.predicted_categories},
        )
        for image in images
    }


def _predict_by_teacher(folder: Path) -> dict[str, Predicted]:
    """The same with the weights that the head learned from, in the padding that they were made with."""
    model = timm.create_model(BACKBONE, pad_type="same").eval()
    model.load_state_dict({name: tensor.float() for name, tensor in load_file(HEAD_TEACHER).items()})
    names, paths = label_names(LABELS), [folder / row["path"] for row in _read_rows(folder)]
    found: dict[str, Predicted] = {}
    for path in paths:
        pixels = decode_image(path.read_bytes(), name=path.name, limits=Limits()).pixels
        with torch.inference_mode():
            logits = model(torch.from_numpy(TEACHER_VIEW.prepare_batch([pixels])))
        confidences = torch.softmax(logits, dim=1).numpy()
        labels = name_guesses(choose_classes(confidences[0]), names)
        [categories] = choose_categories(confidences, LABELS)
        found[path.name] = Predicted(_by_words(labels), _by_words(categories))
    return found


def _by_words(predictions: Iterable[Prediction]) -> dict[str, float]:
    return {prediction.name.words: prediction.confidence for prediction in predictions}


def _true_names() -> dict[str, str]:
    """The name of every picture's class, as predictions have it; classes come in the order of their ids."""
    rows = _read_rows(SET)
    order = sorted({row["label"] for row in rows})
    names = load_class_names(LABELS)
    return {Path(row["path"]).name: names[order.index(row["label"])] for row in rows}


def _true_categories() -> dict[str, frozenset[str]]:
    """The categories of every photo: of COCO's kinds of things in it, and all that they are kinds of."""
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
