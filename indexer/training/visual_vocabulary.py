"""Makes a vocabulary of visual words: a tree of two levels of k-means over descriptors of keypoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from retrieval import (
    RetrievalError,
    draw_directions,
    find_fine_keypoints,
    find_keypoints,
    images,
    visual_vocabulary_to_bytes,
    visual_words,
)

DIMENSION = 64  # main directions that are kept
BRANCHES, LEAVES = 256, 256
ROUNDS = 10  # of k-means
MOST_AT_ONCE = 200_000  # descriptors that the main directions and the branches are made of
_BLOCK = 20_000  # rows at a time, to limit memory

OnStep: TypeAlias = Callable[[str, int, int, str], None]  # stage, done, total, note
Rows: TypeAlias = npt.NDArray[np.float32]  # (row, dimension)


def make_visual_vocabulary(folder: Path, seed: int, on_step: OnStep) -> bytes:
    """The file of a vocabulary, made of the pictures below a folder; the same pictures give the same words.

    Files that are no pictures are left out. Raises ValueError where there are fewer keypoints than words.
    """
    descriptors = np.concatenate([np.empty((0, 128), np.uint8), *_describe_pictures(folder, on_step)])
    if len(descriptors) < BRANCHES * LEAVES:
        raise ValueError(f"{len(descriptors):,} keypoints are too few for {BRANCHES * LEAVES:,} words")
    made = train_vocabulary(descriptors, np.random.default_rng(seed), on_step)
    return visual_vocabulary_to_bytes(made)


def _describe_pictures(folder: Path, on_step: OnStep) -> Iterator[npt.NDArray[np.uint8]]:
    """The descriptors of each picture, those of stored images and those of queries."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for number, path in enumerate(paths):
        on_step("keypoints", number, len(paths), path.name)
        try:
            pixels = images.decode_image(path.read_bytes(), name=path.name).pixels
        except RetrievalError:
            continue
        for find in (find_keypoints, find_fine_keypoints):
            yield find(pixels).descriptors.astype(np.uint8)


def train_vocabulary(
    descriptors: npt.NDArray[np.uint8], draws: np.random.Generator, on_step: OnStep
) -> visual_words.Vocabulary:
    """The tree of these descriptors, (keypoint, 128), as they are stored."""
    lengths = np.sqrt(np.maximum((descriptors.astype(np.float32) ** 2).sum(axis=1, keepdims=True), 1))
    sample = _draw_rows(descriptors, MOST_AT_ONCE, draws)
    rows = descriptors[sample] / lengths[sample]
    mean, axes = rows.mean(axis=0), _find_axes(rows)
    projected = np.concatenate(
        [
            (descriptors[start : start + _BLOCK] / lengths[start : start + _BLOCK] - mean) @ axes
            for start in range(0, len(descriptors), _BLOCK)
        ]
    )
    branches = cluster_rows(projected[sample], BRANCHES, draws)
    nearest = _find_nearest(projected, branches)
    leaves = np.empty((BRANCHES, LEAVES, DIMENSION), np.float32)
    for number in range(BRANCHES):
        on_step("words", number, BRANCHES, "")
        leaves[number] = cluster_rows(projected[nearest == number], LEAVES, draws)
    directions = draw_directions(DIMENSION)
    return visual_words.Vocabulary(mean, axes, branches, leaves, directions)


def _find_axes(rows: Rows) -> Rows:
    """The DIMENSION main directions of rows around their mean, as columns."""
    centred = rows - rows.mean(axis=0)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes: Rows = np.ascontiguousarray(directions[:, ::-1][:, :DIMENSION], np.float32)
    return axes


def cluster_rows(rows: Rows, count: int, draws: np.random.Generator) -> Rows:
    """The middles of `count` clusters, (cluster, dimension), by k-means from drawn rows.

    The middle of a cluster that has become empty is drawn anew.
    """
    centres = rows[draws.choice(len(rows), count, replace=len(rows) < count)].copy()
    for _ in range(ROUNDS):
        nearest = _find_nearest(rows, centres)
        sizes = np.bincount(nearest, minlength=count)
        order, filled = np.argsort(nearest, kind="stable"), sizes > 0
        starts = (np.cumsum(sizes) - sizes)[filled]
        centres[filled] = np.add.reduceat(rows[order], starts, axis=0) / sizes[filled, None]
        centres[~filled] = rows[draws.choice(len(rows), int((~filled).sum()))]
    return centres


def _find_nearest(rows: Rows, centres: Rows) -> npt.NDArray[np.int64]:
    blocks = (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))
    return np.concatenate([visual_words.find_nearest(block, centres) for block in blocks])


def _draw_rows(rows: npt.NDArray[np.uint8], most: int, draws: np.random.Generator) -> npt.NDArray[np.int64]:
    """The positions of at most `most` rows, rising."""
    return np.sort(draws.choice(len(rows), min(most, len(rows)), replace=False))
