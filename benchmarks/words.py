"""Words among pictures that nobody described: names and sentences, through the word tower alone.

Names of classes among the pictures of caltech101, corel1k and grocery81 (mean average precision, the share of
right ones among the first ten, and the worst class); categories and captions among those of coco_mini;
captions among the tenth of flickr_train that the tower was not made from. Nothing of what names or captions
say is in the libraries: files have numbers for names. Names are also asked as a search does, with the labels
that were predicted. Also the time to open the tower and to encode a text. With PICTOR_TEXT_ENCODER set to the
folder of the encoder, texts are asked with it.
--size N: the first N sets.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from data import WORD_TOWER
from retrieval import FUSED, Library, Query, Text, evaluation, load_word_tower

from .indexed import open_numbered
from .sets import BUNDLED, ROOT, why_unavailable

NAMED = ("caltech101", "corel1k", "grocery81")
DESCRIBED = ("coco_mini", "flickr_train")
SETS = ("coco_mini", *NAMED, "flickr_train")
HELD_OUT = 10  # every tenth picture of flickr_train, from the tenth on, was not learned from
FIRST = (1, 5, 10)  # among which the picture of a caption shall be
TIMED = 500  # captions

Figures = dict[str, float]
Relevance = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NamedPicture:
    """A picture of a set: its file, its labels in words, and its captions."""

    path: Path
    labels: tuple[str, ...]
    captions: tuple[str, ...]


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by set and measure, with the bundled backbone."""
    if reason := why_unavailable():
        sys.exit(reason)
    figures: Figures = {}
    for name in SETS[:size]:
        figures |= measure_set(name)
    return {"figures": figures | measure_times()}


def measure_set(name: str) -> Figures:
    """The figures of one set."""
    pictures = read_pictures(name)
    with open_numbered(name, [picture.path for picture in pictures], BUNDLED) as library:
        numbers = _picture_numbers(library)
        figures = _measure_captions(library, name, pictures, numbers) if name in DESCRIBED else {}
        return figures | (_measure_names(library, name, pictures, numbers) if name != "flickr_train" else {})


def measure_times() -> Figures:
    """Seconds until the tower is open, and until it has encoded a caption."""
    start = time.perf_counter()
    tower = load_word_tower(WORD_TOWER)
    opened = time.perf_counter() - start
    captions = [caption for picture in read_pictures("coco_mini") for caption in picture.captions][:TIMED]
    taken: list[float] = []
    for caption in captions:
        start = time.perf_counter()
        tower.encode_text(caption)
        taken.append(time.perf_counter() - start)
    return {"seconds to open the tower": opened, "milliseconds a caption": 1000 * median(taken)}


def read_pictures(name: str) -> list[NamedPicture]:
    """The pictures of a set; of flickr_train those that were held out."""
    folder = ROOT / "data" / name
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pictures = [
        NamedPicture(
            folder / row["path"],
            tuple(label.replace("_", " ").replace("-", " ") for label in row["label"].split("|")),
            tuple(caption.strip() for caption in row["caption"].split("||")),
        )
        for row in rows
    ]
    return pictures[HELD_OUT - 1 :: HELD_OUT] if name == "flickr_train" else pictures


def _picture_numbers(library: Library) -> dict[int, set[int]]:
    """The numbers of the pictures by image id; an image that occurs several times has several."""
    with library.catalog.reading() as reader:
        images = reader.load_images(reader.find_ids().tolist())
    return {
        image.id: {int(Path(place.display).stem) for place in image.locations} for image in images.values()
    }


def _measure_names(
    library: Library, name: str, pictures: Sequence[NamedPicture], numbers: dict[int, set[int]]
) -> Figures:
    labels = sorted({label for picture in pictures for label in picture.labels})
    found: dict[str, tuple[float, float, float]] = {}
    for label in labels:
        right = {number for number, picture in enumerate(pictures) if label in picture.labels}
        relevance = _rank_relevance(library, label, right, numbers)
        searched = _rank_relevance(library, label, right, numbers, FUSED)
        count = sum(bool(own & right) for own in numbers.values())
        found[label] = (
            evaluation.average_precision(relevance, count),
            evaluation.average_precision(searched, count),
            float(relevance[:10].sum() / 10),
        )
    means = np.array(list(found.values())).mean(axis=0).tolist()
    worst = min(labels, key=lambda label: found[label][0])
    return {
        f"{name} names mAP": means[0],
        f"{name} names P@10": means[2],
        f"{name} names, with predicted labels, mAP": means[1],
        f"{name} names, worst: {worst}": found[worst][0],
    }


def _measure_captions(
    library: Library, name: str, pictures: Sequence[NamedPicture], numbers: dict[int, set[int]]
) -> Figures:
    ranks = [
        int(np.append(np.flatnonzero(_rank_relevance(library, caption, {number}, numbers)), 10**9)[0])
        for number, picture in enumerate(pictures)
        for caption in picture.captions
    ]
    return {f"{name} captions R@{first}": float(np.mean(np.array(ranks) < first)) for first in FIRST}


def _rank_relevance(
    library: Library, text: str, right: set[int], numbers: dict[int, set[int]], signal: str = "meaning"
) -> Relevance:
    """For each image in the order of a signal, whether it is a right one; none for a text without one."""
    ranking = library.rank_signals(Query((Text(text),))).get(signal)
    ids = ranking.ids.tolist() if ranking else []
    return np.array([bool(numbers[image_id] & right) for image_id in ids], bool)
