"""The first images of a ranking in a better order: expansion, re-ranking and diversity. Pure.

Features are rows of length 1, (image, number), of the *first* images of the ranking, in its order. As many
images take part as there are rows; the others keep their order behind them. Scores still fall, and the first
images stay above the others, so that every page is a part of one list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from .arrays import BoolMatrix, FeatureMatrix, Float32Vector, Float64Matrix, Float64Scores, Int64Matrix
from .ranking import SCORE_DECIMALS, Ranking, inner_products

FIRST = 200  # images that are re-ranked; k-reciprocal and diffusion cost the cube of it
EXPANDED = 10  # images that a query is expanded by
POWERS: Final[Mapping[str, float]] = {"average": 0.0, "alpha": 3.0}  # by the name of the expansion

_RANGE_DECIMALS = 12  # finer than the steps between rounded values, scaled into any range of scores
_LEAST_RANGE = 1e-6


# -- query expansion ----------------------------------------------------------------------------


def expand_query(query: Float32Vector, nearest: FeatureMatrix, *, power: float) -> Float32Vector:
    """The query averaged with what it found first: query + Σ max(0, cosine)^power · feature, at length 1.

    `query` has length 1. A power of 0 is average query expansion, in which features that point away from the
    query still count nothing; 3 is the usual alpha weighting. A query of zeros stays zeros.

    Sources: Chum, Philbin, Sivic, Isard and Zisserman, "Total recall", ICCV 2007; Radenović, Tolias and
    Chum, "Fine-tuning CNN image retrieval with no human annotation", PAMI 2019.
    """
    rows = nearest.astype(np.float64)
    cosines = rows @ query.astype(np.float64)
    weights = np.where(cosines > 0, np.maximum(cosines, 0.0) ** power, 0.0)
    total = query + weights @ rows
    length = float(np.linalg.norm(total))
    return (total / (length or 1.0)).astype(np.float32)


# -- re-ranking of the first --------------------------------------------------------------------


def rerank_k_reciprocal(
    ranking: Ranking,
    query: Float32Vector,
    features: FeatureMatrix,
    *,
    k: int = 20,
    k_smooth: int = 6,
    plain: float = 0.3,
) -> Ranking:
    """The first images by how many neighbours they share with the query.

    They are ordered by (1 − plain) · Jaccard distance + plain · distance, where the distance is 1 − cosine.
    Two images are k-reciprocal neighbours when each is among the k nearest of the other, itself included.
    The set of an image is extended by the sets (of k / 2) of those members that share two thirds with it.
    Members count exp(−distance), smoothed over the k_smooth nearest.

    Source: Zhong, Zheng, Cao and Li, "Re-ranking person re-identification with k-reciprocal encoding",
    CVPR 2017. Here the sets are limited to the first images and the query.
    """
    cosines = _pairwise_cosines(query, features)
    order = np.argsort(-cosines, axis=1, kind="stable")
    reciprocal, half = (_mutual_neighbours(order, count) for count in (k, k // 2))
    shared = half.astype(np.float64) @ reciprocal.T
    joining = reciprocal & (2 / 3 * half.sum(axis=1) <= shared.T)
    members = reciprocal | (joining.astype(np.float64) @ half > 0)
    weights = members * np.exp(cosines - 1)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    smooth = weights[order[:, :k_smooth]].mean(axis=1)
    common = np.minimum(smooth[0], smooth[1:]).sum(axis=1)
    jaccard = 1 - common / (2 - common)
    return reorder_ranking(ranking, -(1 - plain) * jaccard - plain * (1 - cosines[0, 1:]))


def rerank_by_diffusion(
    ranking: Ranking, query: Float32Vector, features: FeatureMatrix, *, k: int = 15, alpha: float = 0.9
) -> Ranking:
    """The first images by what reaches them when the query spreads over the graph of near images.

    The graph connects mutual k nearest neighbours with the weights cosine³, W, and S = D^−½ W D^−½. The
    amounts are the solution f of (I − alpha · S) f = y, where y is 1 at the query and 0 elsewhere. Images
    that nothing reaches come last, by their cosine.

    Sources: Zhou, Weston, Gretton, Bousquet and Schölkopf, "Ranking on data manifolds", NIPS 2003;
    Iscen, Tolias, Avrithis, Furon and Chum, "Efficient diffusion on region manifolds", CVPR 2017.
    """
    cosines = _pairwise_cosines(query, features)
    order = np.argsort(-cosines, axis=1, kind="stable")
    joined = _mutual_neighbours(order, k + 1) & ~np.eye(len(cosines), dtype=bool)
    weights = joined * np.maximum(cosines, 0.0) ** 3
    degrees = np.sqrt(np.maximum(weights.sum(axis=1), 1e-12))
    spreading = np.eye(len(cosines)) - alpha * weights / degrees[:, None] / degrees
    amounts = np.linalg.solve(spreading, np.eye(len(cosines))[0])[1:]
    best = max(float(amounts.max(initial=0.0)), 1e-12)
    reached = np.round(amounts / best, SCORE_DECIMALS)
    return reorder_ranking(ranking, np.where(reached > 0, 1 + reached, cosines[0, 1:] - 1))


# -- diversity ----------------------------------------------------------------------------------


def diversify_ranking(ranking: Ranking, features: FeatureMatrix, *, diversity: float) -> Ranking:
    """The first images one by one, each time the best of (1 − diversity) · relevance − diversity · likeness.

    Relevance is the score, scaled to 0 … 1 over the first images. Likeness is the largest cosine to an image
    that was chosen before, scaled so that the least cosine of two first images is 0. A diversity of 0 leaves
    the ranking as it is. Equal values keep their order.

    Source: maximal marginal relevance, with lambda = 1 − diversity: Carbonell and Goldstein, "The use of
    MMR, diversity-based reranking for reordering documents and producing summaries", SIGIR 1998.
    """
    count = min(len(features), len(ranking))
    if diversity == 0 or not count:
        return ranking
    cosines = inner_products(features[:count])
    least = min(float(cosines.min()), 0.99)
    scaled = np.maximum(cosines - least, 0.0) / (1 - least)
    relevance = (1 - diversity) * _scale_to_unit(ranking.scores[:count])
    likeness, order_values = np.zeros(count), np.zeros(count)
    is_left = np.ones(count, bool)
    for number in range(count):
        values = np.round(relevance - diversity * likeness, SCORE_DECIMALS)
        chosen = int(np.argmax(np.where(is_left, values, -np.inf)))
        is_left[chosen], order_values[chosen] = False, count - number
        likeness = np.maximum(likeness, scaled[chosen])
    return reorder_ranking(ranking, order_values)


# -- shared steps -------------------------------------------------------------------------------


def reorder_ranking(ranking: Ranking, values: Float64Scores) -> Ranking:
    """The first len(values) images by falling value, equal ones by id; the others behind them, as they were.

    Their scores are the values, scaled into the range of the scores that these images had.
    """
    count = min(len(values), len(ranking))
    if not count:
        return ranking
    highest, lowest = ranking.scores[0], ranking.scores[count - 1]
    # A thousandth is left at the bottom, so that the last of them stays above others of the same score.
    shares = 0.001 + 0.999 * _scale_to_unit(np.round(values[:count], SCORE_DECIMALS))
    scores = np.round(lowest + max(highest - lowest, _LEAST_RANGE) * shares, _RANGE_DECIMALS)
    first = Ranking.from_scores(ranking.ids[:count], scores)
    ids = np.concatenate([first.ids, ranking.ids[count:]])
    return Ranking(ids, np.concatenate([first.scores, ranking.scores[count:]]))


def _scale_to_unit(values: Float64Scores) -> Float64Scores:
    """The values, scaled to 0 … 1; all 1 where they are equal."""
    least, most = float(values.min()), float(values.max())
    scaled: Float64Scores = (values - least) / (most - least) if most > least else np.ones(len(values))
    return scaled


def _pairwise_cosines(query: Float32Vector, features: FeatureMatrix) -> Float64Matrix:
    """The cosines of the query, which comes first, and the images with one another."""
    return inner_products(np.vstack([query[None, :].astype(np.float32), features.astype(np.float32)]))


def _mutual_neighbours(order: Int64Matrix, count: int) -> BoolMatrix:
    """Which two rows are each among the `count` nearest of the other."""
    near = np.zeros(order.shape, bool)
    np.put_along_axis(near, order[:, :count], True, axis=1)
    mutual: BoolMatrix = near & near.T
    return mutual
