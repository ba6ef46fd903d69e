"""Every descriptor alone, with the bundled backbone: mean average precision, P@10 and cost.

Leave-one-out on the labelled sets, and on a set of textures where the data have one (a folder for each class
in data/textures). Cost: the time for a batch of 32 pictures, relative to the subject's in the same run.
Texture and layout reuse the subject's pass, so their cost is what they add to it.
--size N: every N-th picture counts.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.upkeep.opening import open_or_create
from retrieval import Library, evaluation
from retrieval.descriptors import registry
from retrieval.descriptors.network import AbstractNetworkDescriptor
from retrieval.pictures.images import RGB, decode_image

from .sets import BUNDLED, LABELLED, ROOT, why_unavailable

BATCH, ROUNDS = 32, 7
TEXTURES = ROOT / "data" / "textures"

Features = npt.NDArray[np.float32]
Labelled = list[tuple[Path, str]]


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by set and descriptor."""
    if reason := why_unavailable():
        sys.exit(reason)
    sets = {
        labelled_set.name: labelled_pictures(labelled_set.name) for labelled_set in LABELLED
    } | texture_pictures()
    with tempfile.TemporaryDirectory() as folder, open_or_create(Path(folder), BUNDLED) as library:
        figures = _measure_costs(library, [load_pixels(path) for path, _ in sets["corel1k"][:BATCH]])
        for name, pictures in sets.items():
            figures |= {
                f"{name} {key}": value for key, value in _measure_set(library, pictures[::size]).items()
            }
    return {"figures": figures, "beside": {}}


def labelled_pictures(name: str) -> Labelled:
    """The pictures of a set with their labels."""
    base = ROOT / "data" / name
    with (base / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [(base / row["path"], row["label"]) for row in csv.DictReader(file)]


def texture_pictures() -> dict[str, Labelled]:
    """The set of textures, where the data have one."""
    found = [(path, path.parent.name) for path in sorted(TEXTURES.rglob("*.jpg"))]
    return {"textures": found} if found else {}


def load_pixels(path: Path) -> RGB:
    """The picture as it is indexed."""
    return decode_image(path.read_bytes(), name=path.name).pixels


def describe_pictures(library: Library, pictures: Sequence[RGB]) -> dict[str, Features]:
    """(picture, dimension) by signal, as they are stored."""
    found = library.describe(pictures)
    return {
        space.descriptor: np.stack([row[space.id] for row in found]).astype(np.float32)
        for space in library.spaces
        if space.dimension
    }


def _measure_set(library: Library, pictures: Labelled) -> dict[str, float]:
    batches = [pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH)]
    found = [describe_pictures(library, [load_pixels(path) for path, _ in batch]) for batch in batches]
    labels = np.array([label for _, label in pictures])
    figures: dict[str, float] = {}
    for signal in found[0]:
        judged = evaluation.mean_figures(
            _judge_queries(np.concatenate([batch[signal] for batch in found]), labels)
        )
        figures |= {f"{signal} {measure_name}": judged[measure_name] for measure_name in ("mAP", "P@10")}
    return figures


def _judge_queries(rows: Features, labels: npt.NDArray[Any]) -> list[evaluation.QueryFigures]:
    judged = []
    for place, cosines in enumerate(rows @ rows.T):
        order = np.argsort(-np.round(cosines, 5), kind="stable")
        relevance = (labels == labels[place])[order[order != place]]
        if relevance.any():
            judged.append(evaluation.evaluate_ranking(str(labels[place]), relevance, int(relevance.sum())))
    return judged


def _measure_costs(library: Library, pictures: list[RGB]) -> dict[str, float]:
    """The time of each descriptor, and of all together with one shared pass, relative to the subject's."""
    tasks: dict[str, Callable[[], Any]] = {"all": lambda: library.describe(pictures)}
    taken: dict[str, list[float]] = {"all": []}
    made = [
        registry.create_descriptor(
            space.descriptor,
            space.configuration,
            backbones=library.path / "backbones",
            settings=library.settings,
        )
        for space in library.spaces
        if space.dimension
    ]
    for descriptor in made:
        tasks[descriptor.name] = lambda descriptor=descriptor: descriptor.describe(pictures)  # type: ignore[misc]
        taken[descriptor.name] = []
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            taken[name].append(time.perf_counter() - start)
    ratios = {name: median(times) / median(taken["subject"]) for name, times in taken.items()}
    adding = {descriptor.name for descriptor in made if isinstance(descriptor, AbstractNetworkDescriptor)} - {
        "subject"
    }
    return {f"cost {name}": ratio - (name in adding) for name, ratio in ratios.items()}
