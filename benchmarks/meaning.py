"""Words that find pictures without a description, and words and pictures in one query.

Every second picture of a set, in the order of its CSV, gets its caption; files are given numbers for names.
For each text among the captions: the mean average precision among the pictures without words, through the
caption bridge, and what a random order is expected to give. On grocery81 also the iconic picture of each
product as the query, alone and with its description, among all shelf photos, by the weight of `meaning`.
Intervals are 95 % of 1000 bootstrap samples of the queries. --size N: the first N sets.
"""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.run.captions import read_captions
from indexer.run.pipeline import index
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import FUSED, Library, Picture, Query, Ranking, Text, evaluation, path_bytes

from .indexed import ignore_events
from .sets import BUNDLED, ROOT, TEACHER, why_unavailable

SETS = ("grocery81", "corel1k", "coco_mini", "imagenet_sample1k")
GROCERY, ICONIC = "grocery81", "grocery81_iconic"
WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0)  # of meaning, beside words and subject at their defaults
SAMPLES = 1000
BETWEEN = "||"  # captions of one picture

Figures = dict[str, float]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CaptionedPicture:
    """A picture of a set: its file and its captions."""

    path: Path
    caption: str

    @property
    def first_caption(self) -> str:
        """The first caption, which serves as a query."""
        return self.caption.split(BETWEEN)[0].strip()


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures of the bundled backbone, and the same of its teacher."""
    if reason := why_unavailable():
        sys.exit(reason)
    bundled, teacher = (measure_backbone(spec, size) for spec in (BUNDLED, TEACHER))
    return {"figures": bundled, "beside": {"teacher": teacher}}


def measure_backbone(spec: LibrarySpec, size: int | None = None) -> Figures:
    """By set and measure, for one backbone."""
    found: Figures = {}
    for name in SETS[:size]:
        pictures = captioned_pictures(name)
        with open_half_captioned(pictures, spec) as library:
            numbers = _picture_numbers(library)
            found |= _measure_uncaptioned(library, name, pictures, numbers)
            if name == GROCERY:
                found |= _measure_fusion(library, pictures, numbers)
    return found


def captioned_pictures(name: str) -> list[CaptionedPicture]:
    """The pictures of a set, in the order of its CSV."""
    folder = ROOT / "data" / name
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [CaptionedPicture(folder / row["path"], row["caption"]) for row in csv.DictReader(file)]


@contextmanager
def open_half_captioned(
    pictures: Sequence[CaptionedPicture], spec: LibrarySpec, *, captioned: bool = True
) -> Iterator[Library]:
    """A library of the pictures with numbers as names, every second one with its captions, or none."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "pictures")
        folder.mkdir()
        with (folder / "captions.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["path", "caption"])
            for number, picture in enumerate(pictures):
                copy = folder / f"{number}{picture.path.suffix}"
                shutil.copyfile(picture.path, copy)
                if captioned and number % 2 == 0:
                    lines.writerow([copy.name, picture.caption])
        captions = read_captions(folder / "captions.csv")
        with open_or_create(Path(place, "library"), spec) as library:
            index(library, [path_bytes(folder)], captions=captions, on_event=ignore_events)
        with Library.open(Path(place, "library")) as library:
            yield library


def _picture_numbers(library: Library) -> dict[int, int]:
    """The number of each picture by image id; pictures with the same content count as the first of them."""
    with library.catalog.reading() as reader:
        images = reader.load_images(reader.find_ids().tolist())
    return {
        image.id: min(int(Path(place.display).stem) for place in image.locations) for image in images.values()
    }


def _measure_uncaptioned(
    library: Library, name: str, pictures: Sequence[CaptionedPicture], numbers: Mapping[int, int]
) -> Figures:
    """Texts among the pictures without words."""
    silent = {image: pictures[number].first_caption for image, number in numbers.items() if number % 2}
    texts = sorted(set(silent.values()))
    right = {text: {image for image, caption in silent.items() if caption == text} for text in texts}
    rankings = [library.rank_signals(Query((Text(text[:1000]),))).get("meaning") for text in texts]
    found = np.array([
        _average_precision(ranking, silent, right[text]) if ranking else 0.0
        for text, ranking in zip(texts, rankings, strict=True)
    ])  # fmt: skip
    chance = _expected_precision(len(silent), list(right.values()))
    known = np.array([ranking is not None for ranking in rankings])
    key = f"{name} text to uncaptioned"
    return {
        **_bootstrap_figures(f"{key} mAP", found),
        f"{key} times chance": float(found.mean() / chance),
        f"{key} texts": len(texts),
        f"{key} texts with a known word": float(known.mean()),
    }


def _measure_fusion(
    library: Library, pictures: Sequence[CaptionedPicture], numbers: Mapping[int, int]
) -> Figures:
    """The iconic pictures among all shelf photos: alone, and with their descriptions."""
    captions = {image: pictures[number].caption for image, number in numbers.items()}
    found: dict[str, list[float]] = {}
    for picture in captioned_pictures(ICONIC):
        right = {image for image, caption in captions.items() if caption == picture.caption}
        for name, ranking in _rank_iconic(library, picture).items():
            found.setdefault(name, []).append(_average_precision(ranking, captions, right))
    return {
        key: value
        for name, values in found.items()
        for key, value in _bootstrap_figures(f"{GROCERY} {name} mAP", np.array(values)).items()
    }


def _rank_iconic(library: Library, iconic: CaptionedPicture) -> dict[str, Ranking]:
    picture, text = Picture(iconic.path), Text(iconic.caption)
    alone, words = library.rank_signals(Query((picture,))), library.rank_signals(Query((text,)))
    both = {
        f"picture and text, meaning {weight:g}": library.rank_signals(
            Query((picture, text), weights={"meaning": weight})
        )[FUSED]
        for weight in WEIGHTS
    }
    return {
        "picture: subject": alone["subject"],
        "picture: fused": alone[FUSED],
        "text: words": words["words"],
        "text: meaning": words["meaning"],
        "text: fused": words[FUSED],
        "picture and text": library.rank_signals(Query((picture, text)))[FUSED],
        **both,
    }


def _average_precision(ranking: Ranking, among: Mapping[int, str], right: set[int]) -> float:
    relevance = np.array([image_id in right for image_id in ranking.ids.tolist() if image_id in among], bool)
    return evaluation.average_precision(relevance, len(right))


def _expected_precision(count: int, right: Sequence[set[int]]) -> float:
    """The mean average precision to be expected of `count` images in a random order.

    At rank k a right one finds (k − 1) (R − 1) / (N − 1) of the other R − 1 before it.
    """
    harmonic = float((1 / np.arange(1, count + 1)).sum())
    shares = [(len(images) - 1) / max(1, count - 1) for images in right]
    return float(np.mean([(harmonic + (count - harmonic) * share) / count for share in shares]))


def _bootstrap_figures(key: str, values: Values) -> Figures:
    samples = np.random.default_rng(0).choice(values, (SAMPLES, len(values))).mean(axis=1)
    low, high = np.percentile(samples, [2.5, 97.5]).tolist()
    return {key: float(values.mean()), f"{key}, low": low, f"{key}, high": high}
