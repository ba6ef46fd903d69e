"""The map of a collection: a place in the plane for each image, near ones close together; clusters. Pure.

It begins with the two main directions. Then neighbours attract each other and others that are drawn at random
repel each other, along the gradients of a heavy-tailed similarity 1 / (1 + distance²).

Sources: McInnes, Healy and Melville, "UMAP: Uniform Manifold Approximation and Projection", 2018 (attraction
along edges, repulsion by negative samples); van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR
2008 (the heavy tail).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .arrays import Float32Matrix, Int64Matrix, Int64Vector

ROUNDS: Final = 80
REPELLED: Final = 3  # others at random that each image is repelled from, in each round
STEP: Final = 0.2
FARTHEST: Final = 4.0  # that two images at one place are pushed apart in one step
SPREAD: Final = 5.0  # standard deviation of the places at the beginning
CLUSTER_SIZE: Final = 40  # images at least for each cluster, on average
MOST_CLUSTERS: Final = 24
MAP_VERSION: Final = f"map 1, {ROUNDS} rounds, {REPELLED} repelled"


def place_images(directions: Float32Matrix, neighbours: Int64Matrix) -> Float32Matrix:
    """A place for each image, (image, 2), from 0 to 1; the same input always gives the same places.

    `directions`: (image, 2), along the two main directions. `neighbours`: (pair, 2), positions of images that
    are near each other, of whom the first may have several.
    """
    count, random = len(directions), np.random.default_rng(0)
    spread = directions.std(axis=0) + 1e-6
    places = ((directions - directions.mean(axis=0)) / spread * SPREAD).astype(np.float32)
    each = max(1.0, len(neighbours) / max(count, 1))
    for number in range(ROUNDS):
        step = STEP * (1 - number / ROUNDS)
        places += _attract(places, neighbours) * np.float32(step / each)
        for _ in range(REPELLED):
            places += _repel(places, random.permutation(count)) * np.float32(step)
    return _fit_into_square(places)


def _attract(places: Float32Matrix, neighbours: Int64Matrix) -> Float32Matrix:
    first, second = neighbours.T
    apart = places[first] - places[second]
    pull = apart * (-2 / (1 + np.square(apart).sum(axis=1, keepdims=True)))
    count = len(places)
    sums = [
        np.bincount(first, pull[:, axis], count) - np.bincount(second, pull[:, axis], count)
        for axis in (0, 1)
    ]
    return np.stack(sums, axis=1).astype(np.float32)


def _repel(places: Float32Matrix, others: Int64Vector) -> Float32Matrix:
    apart = places - places[others]
    distances = np.square(apart).sum(axis=1, keepdims=True)
    push = apart * (2 / ((0.01 + distances) * (1 + distances)))
    clipped: Float32Matrix = np.clip(push, -FARTHEST, FARTHEST).astype(np.float32)
    return clipped


def _fit_into_square(places: Float32Matrix) -> Float32Matrix:
    """The places, shrunk alike in both directions into a square from 0.01 to 0.99."""
    low, high = np.quantile(places, (0.002, 0.998), axis=0)
    middle, reach = (low + high) / 2, max(float((high - low).max()), 1e-6)
    inside = np.clip((places - middle) / reach + 0.5, 0, 1)
    fitted: Float32Matrix = (0.01 + 0.98 * inside).astype(np.float32)
    return fitted


def find_clusters(places: Float32Matrix) -> Int64Vector:
    """The cluster of each image, counted from 0, by k-means; the largest cluster comes first."""
    count = min(MOST_CLUSTERS, max(1, len(places) // CLUSTER_SIZE))
    random = np.random.default_rng(0)
    centres = _choose_centres(places, count, random)
    for _ in range(15):
        nearest = _find_nearest(places, centres)
        sums = np.stack([np.bincount(nearest, places[:, axis], count) for axis in (0, 1)], axis=1)
        sizes = np.bincount(nearest, minlength=count)[:, None]
        centres = np.where(sizes > 0, sums / np.maximum(sizes, 1), centres).astype(np.float32)
    nearest = _find_nearest(places, centres)
    order = np.argsort(-np.bincount(nearest, minlength=count), kind="stable")
    return np.argsort(order)[nearest]


def _choose_centres(places: Float32Matrix, count: int, random: np.random.Generator) -> Float32Matrix:
    """Centres that lie far apart (k-means++)."""
    chosen = [int(random.integers(len(places)))]
    distances = np.square(places - places[chosen[0]]).sum(axis=1).astype(np.float64)
    for _ in range(1, count):
        shares = np.cumsum(distances + 1e-12)
        chosen.append(int(np.searchsorted(shares, random.uniform(0, shares[-1]))))
        distances = np.minimum(distances, np.square(places - places[chosen[-1]]).sum(axis=1))
    return places[chosen]


def _find_nearest(places: Float32Matrix, centres: Float32Matrix) -> Int64Vector:
    crossed = np.square(centres).sum(axis=1) - 2 * places @ centres.T
    nearest: Int64Vector = crossed.argmin(axis=1)
    return nearest


def is_inside(places: Float32Matrix, corners: Float32Matrix) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which places lie in a polygon, by the number of edges that a ray from each of them crosses."""
    inside = np.zeros(len(places), bool)
    x, y = places.T
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        rise = y2 - y1 if y2 != y1 else 1.0
        inside ^= crosses & (x < (x2 - x1) * (y - y1) / rise + x1)
    return inside
