"""Files of visual vocabularies: `pictor train visual-words` writes them, and one comes with the program."""

from __future__ import annotations

import hashlib
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np

import data

from ..ranking.arrays import Float32Matrix
from ..ranking.visual_words import SIGNATURE_BITS, Vocabulary

_LEVELS = 127  # of a number of a leaf, on either side of 0


def visual_vocabulary_to_bytes(vocabulary: Vocabulary) -> bytes:
    """The file of a vocabulary: arrays in NumPy's format, the leaves as whole numbers of 8 bits."""
    scales = np.abs(vocabulary.leaves).max(axis=(0, 1)) / _LEVELS
    buffer = BytesIO()
    np.savez(
        buffer,
        mean=vocabulary.mean.astype(np.float16),
        axes=vocabulary.axes.astype(np.float16),
        branches=vocabulary.branches.astype(np.float16),
        scales=scales.astype(np.float32),
        leaves=np.rint(vocabulary.leaves / scales).astype(np.int8),
    )
    return buffer.getvalue()


def read_visual_vocabulary(file: bytes) -> Vocabulary:
    """The inverse of `visual_vocabulary_to_bytes`. The checksum is that of the file.

    Raises ValueError or KeyError for a file that holds something else.
    """
    with np.load(BytesIO(file), allow_pickle=False) as arrays:
        mean, axes, branches, scales, leaves = (
            arrays[name].astype(np.float32) for name in ("mean", "axes", "branches", "scales", "leaves")
        )
    directions = draw_directions(axes.shape[1])
    checksum = hashlib.sha256(file).hexdigest()
    return Vocabulary(mean, axes, branches, leaves * scales, directions, checksum)


@cache
def load_bundled_vocabulary() -> Vocabulary:
    """The vocabulary that comes with the program, read once."""
    return read_visual_vocabulary(Path(data.VISUAL_WORDS).read_bytes())


def draw_directions(dimension: int) -> Float32Matrix:
    """SIGNATURE_BITS orthogonal directions, (dimension, SIGNATURE_BITS); always the same ones.

    They are drawn as whole numbers and made orthogonal by Gram and Schmidt, so that they are alike on every
    machine.
    """
    drawn = np.random.default_rng(0).integers(-1000, 1001, (SIGNATURE_BITS, dimension)).astype(np.float64)
    for number, direction in enumerate(drawn):
        for before in drawn[:number]:
            direction -= (direction @ before) * before
        direction /= np.sqrt((direction * direction).sum())
    directions: Float32Matrix = np.ascontiguousarray(drawn.T, np.float32)
    return directions
