"""When cleaning pictures helps: mean average precision of degraded copies, with and without it.

Every picture of a sample of corel1k is degraded in one way, cleaned by one step (setting `enhance` of the
preprocessing), described by the bundled backbone, and looked up among all others, treated in the same way.
Figures are named by damage and step; "none" is without a step, "as they are" without damage. The gain of
each step has its 95 % interval (bootstrap over queries). --size N: N pictures (default 300).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval import Settings, evaluation, fetch_backbone, images
from retrieval.descriptors.subject import Subject
from retrieval.pictures.images import RGB

from .sets import BACKBONE, BUNDLED_FILE, ROOT, why_unavailable
from .subjects import subjects_of_set

SIZE, RESAMPLES, BATCH = 300, 1000, 50
FILTERS = ("median:3", "gaussian-low:1.5", "butterworth-low:0.3:2", "clahe:2:8")
HIGH = ("gaussian-high:30", "butterworth-high:0.02:2", "clahe:2:8")
CROPS = ("crop:edge", "crop:threshold", "crop:region")
Damage = Callable[[RGB, np.random.Generator], RGB]


def measure(size: int | None = None) -> dict[str, Any]:
    """Mean average precision by damage and step, and each step's gain over none."""
    if reason := why_unavailable():
        sys.exit(reason)
    pictures, labels = _load_sample(size or SIZE)
    figures: dict[str, float] = {}
    for damage, (spoil, steps) in DAMAGES.items():
        random = np.random.default_rng(0)
        spoilt = [spoil(picture, random) for picture in pictures]
        plain = _average_precisions(_describe_cleaned(spoilt, ""), labels)
        figures[f"{damage}: none"] = float(plain.mean())
        for step in steps:
            found = _average_precisions(_describe_cleaned(spoilt, step), labels)
            figures |= _gain_figures(f"{damage}: {step}", found, plain)
    return {"figures": figures, "beside": {}}


def _load_sample(size: int) -> tuple[list[RGB], np.ndarray]:
    rows = [(path, label) for path, label, _ in subjects_of_set("corel1k")]
    chosen = [rows[place] for place in np.linspace(0, len(rows) - 1, size).astype(int)]
    data = [(ROOT / "data" / "corel1k" / path).read_bytes() for path, _ in chosen]
    return [images.decode_image(content, name="corel1k").pixels for content in data], np.array(
        [label for _, label in chosen]
    )


def _describe_cleaned(pictures: Sequence[RGB], step: str) -> np.ndarray:
    backbone = fetch_backbone(BACKBONE, str(BUNDLED_FILE), **({"enhance": step} if step else {}))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{backbone.sha256}.safetensors").write_bytes(backbone.weights)
        subject = Subject(backbone.subject_configuration(), Path(folder), Settings())
        batches = [pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH)]
        return np.concatenate([subject.describe(batch) for batch in batches])


def _average_precisions(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The average precision of every picture as a query among the others."""
    cosines = features @ features.T
    np.fill_diagonal(cosines, -np.inf)
    found = np.argsort(-cosines, axis=1, kind="stable")[:, :-1]
    right = labels[found] == labels[:, None]
    return np.array([evaluation.average_precision(row.tolist(), int(row.sum())) for row in right])


def _gain_figures(name: str, found: np.ndarray, plain: np.ndarray) -> dict[str, float]:
    gains = found - plain
    chosen = np.random.default_rng(0).integers(0, len(gains), (RESAMPLES, len(gains)))
    low, high = np.quantile(gains[chosen].mean(axis=1), [0.025, 0.975]).tolist()
    return {name: float(found.mean()), f"{name}, gain": float(gains.mean()),
            f"{name}, gain from": low, f"{name}, gain to": high}  # fmt: skip


# -- damages ---------------------------------------------------------------------------------------


def _keep_picture(picture: RGB, _: np.random.Generator) -> RGB:
    return picture


def _add_specks(picture: RGB, random: np.random.Generator) -> RGB:
    """Every tenth pixel black or white, as of a bad sensor or a dirty film."""
    spoilt, hit = picture.copy(), random.random(picture.shape[:2])
    spoilt[hit < 0.05], spoilt[hit > 0.95] = 0, 255
    return spoilt


def _add_grain(picture: RGB, random: np.random.Generator) -> RGB:
    """Gaussian noise of 30 levels, as at night."""
    return _round_levels(picture + random.normal(0, 30, picture.shape))


def _fade_picture(picture: RGB, _: np.random.Generator) -> RGB:
    """A fifth of the contrast, as of old prints."""
    return _round_levels(128 + (picture.astype(float) - 128) * 0.2)


def _shade_picture(picture: RGB, random: np.random.Generator) -> RGB:
    """Light that falls to a seventh from one side to the other, as of a page beside a window."""
    falling = np.linspace(1, 0.15, picture.shape[1])[None, :, None]
    return _round_levels(picture * (falling if random.random() < 0.5 else falling[:, ::-1]))


def _frame_picture(picture: RGB, random: np.random.Generator) -> RGB:
    """On a scanner's lid of near white: the picture takes about a sixth of it, anywhere."""
    height, width = picture.shape[:2]
    small = images.resize_pixels(picture, max(1, width // 2), max(1, height // 2))
    lid = _round_levels(245 + random.normal(0, 2, (int(height * 1.2), int(width * 1.2), 3)))
    top = int(random.integers(0, lid.shape[0] - small.shape[0]))
    left = int(random.integers(0, lid.shape[1] - small.shape[1]))
    lid[top : top + small.shape[0], left : left + small.shape[1]] = small
    return lid


def _round_levels(values: np.ndarray) -> RGB:
    levels: RGB = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels


DAMAGES: Mapping[str, tuple[Damage, Sequence[str]]] = {
    "as they are": (_keep_picture, (*FILTERS, *HIGH[:2], *CROPS)),
    "specks": (_add_specks, FILTERS),
    "grain": (_add_grain, FILTERS),
    "faded": (_fade_picture, ("clahe:2:8", "clahe:8:8")),
    "shaded": (_shade_picture, HIGH),
    "wide margins": (_frame_picture, CROPS),
}
