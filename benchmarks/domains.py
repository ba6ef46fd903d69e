"""Quality on whole domains that a training did not see: the share of the teacher's mAP that a backbone holds.

PICTOR_BENCH_DOMAINS names a folder of domains, each a folder with one folder of pictures for every label.
Each is measured leave-one-out over the full ranking by the cosine of pooled features, and so are corel1k,
caltech101 and grocery81; at most 1,500 pictures count of any, the same number of every label where there
are enough. PICTOR_BENCH_CANDIDATE names the weights to measure (default: the bundled ones). With
PICTOR_BENCH_KEEP set, features are computed once. `teacher at N` is the teacher where it looks at the whole
short side in as many pixels as the candidate does. --size N: pictures of a domain, at most.
"""

from __future__ import annotations

import csv
import hashlib
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval import Backbone, evaluation, fetch_backbone, images
from retrieval.descriptors.runtimes.torch_runtime import TorchRuntime
from retrieval.descriptors.runtimes.weights import Weights

from .sets import BACKBONE, BUNDLED_FILE, LABELLED, ROOT, WEIGHTS, why_unavailable

MOST, BATCH = 1500, 32
SUFFIXES = (".jpg", ".jpeg", ".png")

Features = npt.NDArray[np.float32]
Labelled = list[tuple[Path, str]]  # picture, label


@dataclass(frozen=True, slots=True)
class Domain:
    """Pictures with labels, in a fixed order."""

    name: str
    pictures: tuple[tuple[Path, str], ...]


def measure(size: int | None = None) -> dict[str, Any]:
    """The candidate's mAP on every domain, and its share of the teacher's."""
    folder = os.environ.get("PICTOR_BENCH_DOMAINS")
    if reason := why_unavailable() or (None if folder else "PICTOR_BENCH_DOMAINS names no folder of domains"):
        sys.exit(reason)
    domains = [*_list_domains(Path(str(folder)), size or MOST), *_list_sets(size or MOST)]
    candidate = fetch_backbone(BACKBONE, os.environ.get("PICTOR_BENCH_CANDIDATE") or str(BUNDLED_FILE))
    teacher = fetch_backbone(BACKBONE, str(WEIGHTS))
    side = candidate.preprocessing.size
    small = fetch_backbone(BACKBONE, str(WEIGHTS), size=str(side), crop="1")
    found, wanted, beside = (
        {domain.name: _measure_domain(domain, backbone) for domain in domains}
        for backbone in (candidate, teacher, small)
    )
    figures = {f"{name} mAP": value for name, value in found.items()}
    figures |= {f"{name} share": value / wanted[name] for name, value in found.items()}
    return {"figures": figures, "beside": {"teacher": wanted, f"teacher at {side}": beside}}


def _list_domains(folder: Path, most: int) -> Iterator[Domain]:
    for domain in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(path for path in domain.rglob("*") if path.suffix.lower() in SUFFIXES)
        yield _choose_pictures(domain.name, [(path, path.parent.name) for path in files], most)


def _list_sets(most: int) -> Iterator[Domain]:
    for labelled in LABELLED:
        folder = ROOT / "data" / labelled.name
        with (folder / f"{labelled.name}.csv").open(encoding="utf-8", newline="") as file:
            rows = [(folder / row["path"], row["label"]) for row in csv.DictReader(file)]
        yield _choose_pictures(labelled.name, sorted(rows), most)


def _choose_pictures(name: str, pictures: Labelled, most: int) -> Domain:
    """The first pictures of every label, so many that they are at most `most` in all."""
    labels: dict[str, Labelled] = defaultdict(list)
    for picture in pictures:
        labels[picture[1]].append(picture)
    share = max(2, most // len(labels))
    return Domain(name, tuple(picture for some in labels.values() for picture in some[:share]))


def _measure_domain(domain: Domain, backbone: Backbone) -> float:
    """The mean average precision, each picture being the query once."""
    features = _provide_features(domain, backbone)
    labels = np.array([label for _, label in domain.pictures])
    judged = []
    for place, scores in enumerate(features @ features.T):
        order = np.argsort(-scores, kind="stable")
        relevance = labels[order[order != place]] == labels[place]
        if relevance.any():
            judged.append(evaluation.evaluate_ranking(labels[place], relevance, int(relevance.sum())))
    return float(evaluation.mean_figures(judged)["mAP"])


def _provide_features(domain: Domain, backbone: Backbone) -> Features:
    """Features of length 1, from the folder of kept ones where they are there."""
    kept = os.environ.get("PICTOR_BENCH_KEEP")
    if not kept:
        return _compute_features(domain, backbone)
    key = f"{domain.name} {[str(path) for path, _ in domain.pictures]} {backbone.preprocessing}"
    path = Path(kept, hashlib.sha256(key.encode() + backbone.weights).hexdigest()[:24] + ".npy")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, _compute_features(domain, backbone))
    features: Features = np.load(path)
    return features


def _compute_features(domain: Domain, backbone: Backbone) -> Features:
    weights = Weights(backbone.name, backbone.weights, WEIGHTS, backbone.preprocessing.size)
    runtime = TorchRuntime(weights, "cpu", "auto")
    pooled = []
    paths = iter([path for path, _ in domain.pictures])
    while some := list(islice(paths, BATCH)):
        batch = backbone.preprocessing.prepare_batch(_decode_pictures(some))
        pooled.append(np.asarray(runtime.run_batch(batch).pooled, np.float32))
    features = np.concatenate(pooled)
    unit: Features = features / np.linalg.norm(features, axis=1, keepdims=True)
    return unit


def _decode_pictures(paths: Sequence[Path]) -> list[images.RGB]:
    return [images.decode_image(path.read_bytes(), name=path.name).pixels for path in paths]
