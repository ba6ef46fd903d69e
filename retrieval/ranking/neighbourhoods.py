"""Neighbourhoods: features along the main directions of a library, averaged with those nearest to them. Pure.

A feature is centred, turned to the library's main directions and mildly whitened. Then, in each of ROUNDS
rounds, it is replaced by the weighted average of itself and the features nearest to it, with the weights
cosine ^ POWER. What is compared in the end is that average beside the feature's own directions, so that
pictures of one kind come together and the same picture is still found among them (docs/decisions/0006).

Sources: Jégou and Chum, "Negative evidences and co-occurences in image retrieval: the benefit of PCA and
whitening", ECCV 2012; Arandjelović and Zisserman, "Three things everyone should know to improve object
retrieval", CVPR 2012 (database-side augmentation); Radenović, Tolias and Chum, "Fine-tuning CNN image
retrieval with no human annotation", PAMI 2019 (weights by a power of the cosine).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]  # (row, number), of length 1 and float16's precision; or zeros
Features = npt.NDArray[np.float16] | npt.NDArray[np.float32]

COMPONENTS = 256  # directions kept; never more than half as many as there are images
WHITENING = 0.125  # a direction counts variance ** -WHITENING of its size; 0.5 would be full whitening
NEIGHBOURS = 15  # features in an average, itself counted
POWER = 3
ROUNDS = 2
OWN = 0.3  # share of a feature's own directions in the final cosine
LEAST = 100  # images; among fewer, fifteen are too large a share of everything to be called near
SAMPLE = 20_000  # images that the directions are taken from; more change them no further
SAME = 1e-5  # squared distance below which a row is its neighbour: storing as float16 costs less
RECIPE = (
    f"neighbours 1, {COMPONENTS} directions whitened {WHITENING}, {ROUNDS} rounds of {NEIGHBOURS} "
    f"with cosine^{POWER}, own {OWN}, from {LEAST} images"
)
_BLOCK = 2048  # rows multiplied at a time, so that memory stays flat


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """The centre of a library's features, (dimension,), and its main directions, (dimension, direction)."""

    centre: Rows
    directions: Rows

    def project(self, features: Features) -> Rows:
        """Each feature along the directions, as a row of length 1; a row of zeros stays one."""
        rows = np.empty((len(features), self.directions.shape[1]), np.float32)
        for start in range(0, len(features), _BLOCK):
            block = features[start : start + _BLOCK].astype(np.float32)
            directed = np.any(block != 0, axis=1, keepdims=True)
            rows[start : start + _BLOCK] = _unit((block - self.centre) @ self.directions * directed)
        return rows


def main_axes(features: Features) -> Axes | None:
    """The whitened principal axes of the features, or None where they are too few or all alike.

    Of more than SAMPLE features, SAMPLE evenly spaced ones count; features without a direction do not.
    """
    known = np.flatnonzero(np.any(features, axis=1))
    if len(known) < LEAST:
        return None
    evenly = known[np.linspace(0, len(known) - 1, min(len(known), SAMPLE)).astype(np.int64)]
    sample = features if len(evenly) == len(features) else features[evenly]
    centre = sample.mean(axis=0, dtype=np.float64)
    variances, directions = np.linalg.eigh(_covariance(sample, centre))
    kept = _kept(variances, len(sample))
    if not len(kept):
        return None
    scaled = _upright(directions[:, kept]) * variances[kept] ** -WHITENING
    return Axes(centre.astype(np.float32), scaled.astype(np.float32))


def averaged(rows: Rows, nearest: Rows, cosines: npt.NDArray[np.floating]) -> Rows:
    """Each row's average with its neighbours, of length 1.

    `nearest` is (row, neighbour, number), nearest first; `cosines` (row, neighbour). The average is
    Σ max(0, cosine)^POWER · neighbour over the NEIGHBOURS first. A row that is one of its neighbours
    counts among them; any other comes first of all, with the weight 1, and the last neighbour goes.
    """
    weights = np.maximum(cosines, 0.0).astype(np.float32) ** POWER
    distances = np.square(nearest - rows[:, None, :]).sum(axis=2)
    found = np.any(distances < SAME, axis=1)
    new = np.where(found, 0.0, 1.0).astype(np.float32)
    dropped = found[:, None] | (np.arange(weights.shape[1]) < NEIGHBOURS - 1)
    total = np.einsum("nk,nkd->nd", weights * dropped, nearest) + new[:, None] * rows
    return _unit(total)


def beside(own: Rows, averages: Rows) -> Rows:
    """Both in one row: its inner products are OWN · cosine of own + (1 − OWN) · cosine of averages."""
    shares = np.sqrt(np.array([1 - OWN, OWN], np.float32))
    return _unit(np.hstack([shares[0] * averages, shares[1] * own]))


def _unit(rows: Rows) -> Rows:
    """The rows at length 1, rounded as an index stores them, so that what is looked up is what lies there."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Rows = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float16).astype(np.float32)
    return scaled


def _covariance(sample: Features, centre: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    total = np.zeros((len(centre), len(centre)))
    for start in range(0, len(sample), _BLOCK):
        centred = sample[start : start + _BLOCK].astype(np.float64) - centre
        total += centred.T @ centred
    return total / len(sample)


def _kept(variances: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.int64]:
    """The places of the largest variances, falling, without those that are nothing but rounding."""
    largest = np.argsort(variances)[::-1][: min(COMPONENTS, count // 2)]
    kept: npt.NDArray[np.int64] = largest[variances[largest] > 1e-6 * max(variances.max(), 1e-6)]
    return kept


def _upright(directions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The directions, each with the sign that makes its largest number positive: the same on any machine."""
    largest = np.abs(directions).argmax(axis=0)
    turned: npt.NDArray[np.float64] = directions * np.sign(
        directions[largest, np.arange(directions.shape[1])]
    )
    return turned
