"""Neighbourhoods: features along the main directions of a library, averaged with the nearest ones. Pure.

A feature is centred, projected onto the main directions of the library and mildly whitened. In each of ROUNDS
rounds it is then replaced by the weighted average of itself and the features nearest to it, with the weights
cosine ^ POWER. The final row joins this average and the feature's own directions: pictures of one kind come
closer together, and the same picture is still found among them (docs/decisions/0006).

Sources: Jégou and Chum, "Negative evidences and co-occurences in image retrieval: the benefit of PCA and
whitening", ECCV 2012; Arandjelović and Zisserman, "Three things everyone should know to improve object
retrieval", CVPR 2012 (database-side augmentation); Radenović, Tolias and Chum, "Fine-tuning CNN image
retrieval with no human annotation", PAMI 2019 (weights by a power of the cosine).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import FeatureMatrix, Float32Matrix, Float32Vector, Float64Matrix, Float64Vector, Int64Vector

COMPONENTS = 256  # directions kept; never more than half as many as there are images
WHITENING = 0.125  # a direction counts variance ** -WHITENING of its size; 0.5 would be full whitening
NEIGHBOURS = 15  # features in an average, its own included
POWER = 3
ROUNDS = 2
OWN = 0.3  # share of the feature's own directions in the final cosine
LEAST = 100  # images; among fewer, fifteen are too large a share of all to be near
SAMPLE = 20_000  # images from which the directions are computed; more do not change them
SAME = 1e-5  # squared distance below which two rows are the same: rounding to float16 changes less
NEIGHBOURHOODS_VERSION = (
    f"neighbours 1, {COMPONENTS} directions whitened {WHITENING}, {ROUNDS} rounds of {NEIGHBOURS} "
    f"with cosine^{POWER}, own {OWN}, from {LEAST} images"
)
_BLOCK = 2048  # rows multiplied at a time, which limits memory


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """A direction of a space, such as the meaning of a text.

    It is no feature: the centre of the features is not subtracted from it, and it has no neighbours.
    """

    vector: Float32Vector | Float32Matrix  # (dimension,), or (direction, dimension) for several of them


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """The centre of a library's features, (dimension,), and its main directions, (dimension, direction)."""

    centre: Float32Vector
    directions: Float32Matrix

    def project_features(self, features: FeatureMatrix) -> Float32Matrix:
        """Each feature along the directions, as a row of length 1; a row of zeros stays zeros."""
        rows = np.empty((len(features), self.directions.shape[1]), np.float32)
        for start in range(0, len(features), _BLOCK):
            block = features[start : start + _BLOCK].astype(np.float32)
            has_direction = np.any(block != 0, axis=1, keepdims=True)
            rows[start : start + _BLOCK] = _unit_rows((block - self.centre) @ self.directions * has_direction)
        return rows

    def project_direction(self, direction: Direction) -> Float32Matrix:
        """A direction along these directions, as a row of length 1; a direction of zeros stays zeros."""
        return _unit_rows(np.atleast_2d(direction.vector) @ self.directions)


def main_axes(features: FeatureMatrix) -> Axes | None:
    """The whitened principal axes of the features, or None where they are too few or all alike.

    Of more than SAMPLE features, SAMPLE evenly spaced ones count; features of zeros do not.
    """
    directed = np.flatnonzero(np.any(features, axis=1))
    if len(directed) < LEAST:
        return None
    chosen = directed[np.linspace(0, len(directed) - 1, min(len(directed), SAMPLE)).astype(np.int64)]
    sample = features if len(chosen) == len(features) else features[chosen]
    centre = sample.mean(axis=0, dtype=np.float64)
    variances, directions = np.linalg.eigh(_covariance_matrix(sample, centre))
    kept = _largest_variances(variances, len(sample))
    if not len(kept):
        return None
    scaled = _fix_signs(directions[:, kept]) * variances[kept] ** -WHITENING
    return Axes(centre.astype(np.float32), scaled.astype(np.float32))


def average_neighbours(rows: Float32Matrix, nearest: Float32Matrix, cosines: Float32Matrix) -> Float32Matrix:
    """The average of each row with its neighbours, of length 1.

    `nearest` is (row, neighbour, number), nearest first, and `cosines` (row, neighbour). The average is
    Σ max(0, cosine)^POWER · neighbour over the first NEIGHBOURS. A row that is not among its neighbours is
    added to them with the weight 1, and the last of them is left out.
    """
    weights = np.maximum(cosines, 0.0).astype(np.float32) ** POWER
    distances = np.square(nearest - rows[:, None, :]).sum(axis=2)
    is_among = np.any(distances < SAME, axis=1)
    own_weights = np.where(is_among, 0.0, 1.0).astype(np.float32)
    counts = is_among[:, None] | (np.arange(weights.shape[1]) < NEIGHBOURS - 1)
    total = np.einsum("nk,nkd->nd", weights * counts, nearest) + own_weights[:, None] * rows
    return _unit_rows(total)


def join_directions(own: Float32Matrix, averages: Float32Matrix) -> Float32Matrix:
    """Both in one row; the product of two such rows is OWN · cosine + (1 − OWN) · cosine of averages."""
    shares = np.sqrt(np.array([1 - OWN, OWN], np.float32))
    return _unit_rows(np.hstack([shares[0] * averages, shares[1] * own]))


def _unit_rows(rows: Float32Matrix) -> Float32Matrix:
    """The rows at length 1, rounded as an index stores them, so that queries match stored rows exactly."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Float32Matrix = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float16).astype(np.float32)
    return scaled


def _covariance_matrix(sample: FeatureMatrix, centre: Float64Vector) -> Float64Matrix:
    total = np.zeros((len(centre), len(centre)))
    for start in range(0, len(sample), _BLOCK):
        centred = sample[start : start + _BLOCK].astype(np.float64) - centre
        total += centred.T @ centred
    return total / len(sample)


def _largest_variances(variances: Float64Vector, count: int) -> Int64Vector:
    """The indexes of the largest variances, falling, without those that are only rounding errors."""
    largest = np.argsort(variances)[::-1][: min(COMPONENTS, count // 2)]
    kept: Int64Vector = largest[variances[largest] > 1e-6 * max(variances.max(), 1e-6)]
    return kept


def _fix_signs(directions: Float64Matrix) -> Float64Matrix:
    """The directions, each with the sign that makes its largest number positive, as on every machine."""
    largest = np.abs(directions).argmax(axis=0)
    turned: Float64Matrix = directions * np.sign(directions[largest, np.arange(directions.shape[1])])
    return turned
