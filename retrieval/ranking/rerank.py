"""A ranking's first images in a better order: expansion, re-ranking, diversity, and sameness in tiers. Pure.

Where features are asked for, they are rows of length 1, (image, number), of the *first* images of the
ranking and in its order: as many as there are rows take part, and the rest keeps its order behind them.
Scores stay falling and the first stay above the rest, so that every page is a piece of one list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .arrays import Float64Scores, Int64Ids
from .ranking import SCORE_DECIMALS, Ranking, round_scores

Vector = npt.NDArray[np.float32]
Features = npt.NDArray[np.float16] | npt.NDArray[np.float32]
Relation = npt.NDArray[np.bool_]  # (image, image): whether one stands in the relation to the other

FIRST = 200  # images that are re-ranked; k-reciprocal and diffusion cost the cube of it
EXPANDED = 10  # images that a query is expanded by
POWERS: Final[Mapping[str, float]] = {"average": 0.0, "alpha": 3.0}  # by the name of the expansion

_RANGE_DECIMALS = 12  # finer than the steps between rounded values, scaled into any range of scores
_LEAST_RANGE = 1e-6


# -- query expansion ----------------------------------------------------------------------------


def expand_query(query: Vector, nearest: Features, *, power: float) -> Vector:
    """The query averaged with what it found first: query + Σ max(0, cosine)^power · feature, at length 1.

    `query` has length 1. A power of 0 is average query expansion, where what points away from the query
    still counts nothing; 3 is the usual alpha weighting. Zeros stay zeros.

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
    ranking: Ranking, query: Vector, features: Features, *, k: int = 20, k_smooth: int = 6, plain: float = 0.3
) -> Ranking:
    """The first images by how far their neighbours are the query's: (1 − plain) · Jaccard + plain · distance.

    Two images are k-reciprocal neighbours when each is among the k nearest of the other, itself counted.
    An image's set is joined by the sets (of k / 2) of its members that share two thirds with it; members
    count exp(−distance), smoothed over the k_smooth nearest; the distance is 1 − cosine.

    Source: Zhong, Zheng, Cao and Li, "Re-ranking person re-identification with k-reciprocal encoding",
    CVPR 2017. Here the sets lie within the first images and the query.
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
    ranking: Ranking, query: Vector, features: Features, *, k: int = 15, alpha: float = 0.9
) -> Ranking:
    """The first images by what reaches them when the query spreads over the graph of near images.

    The graph joins mutual k nearest by cosine³, W, with S = D^−½ W D^−½. Amounts are the solution f of
    (I − alpha · S) f = y, where y is 1 at the query and 0 elsewhere; an image that nothing reaches goes
    by its cosine below those that something reaches.

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


def diversify_ranking(ranking: Ranking, features: Features, *, diversity: float) -> Ranking:
    """The first images one by one, each time the best of (1 − diversity) · relevance − diversity · likeness.

    Relevance is the score, scaled to 0 … 1 over the first images; likeness is the largest cosine to an
    image that was taken before, scaled so that the least of two of them is 0. A diversity of 0 leaves the
    ranking as it is. Equal ones go by their former rank.

    Source: maximal marginal relevance, with lambda = 1 − diversity: Carbonell and Goldstein, "The use of
    MMR, diversity-based reranking for reordering documents and producing summaries", SIGIR 1998.
    """
    count = min(len(features), len(ranking))
    if diversity == 0 or not count:
        return ranking
    cosines = _inner_products(features[:count])
    least = min(float(cosines.min()), 0.99)
    likes = np.maximum(cosines - least, 0.0) / (1 - least)
    relevance = (1 - diversity) * _scale_to_unit(ranking.scores[:count])
    likeness, places = np.zeros(count), np.zeros(count)
    left = np.ones(count, bool)
    for place in range(count):
        values = np.round(relevance - diversity * likeness, SCORE_DECIMALS)
        taken = int(np.argmax(np.where(left, values, -np.inf)))
        left[taken], places[taken] = False, count - place
        likeness = np.maximum(likeness, likes[taken])
    return reorder_ranking(ranking, places)


# -- the same picture, the same scene -----------------------------------------------------------

HASH_BITS = 8  # of 64 in which the hashes of one picture may differ, turned or mirrored as suits
COPY_SUBJECT = 0.5  # least cosine of the subjects of one picture: hashes of unlike ones meet by chance
SCENE_SUBJECT, SCENE_COLOUR = 0.85, 0.95  # least cosines of one scene


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What sameness is judged by, of the first images in their order: hashes, subjects and colours."""

    hashes: Int64Ids  # retrieval.pictures.images.perceptual_hash
    subjects: Features
    colours: Features


def find_same_pictures(looks: Looks) -> Relation:
    """Which images are one picture: resized, compressed, greyed, turned by 90°, mirrored, hardly cropped.

    At most HASH_BITS bits between the hashes, in the best of the eight ways to lay one on the other, and
    a cosine of the subjects of at least COPY_SUBJECT. A hash of 0, of a picture of one colour, tells
    nothing. Larger crops and other rotations are beyond it.
    """
    known = looks.hashes != 0
    near = (_hash_distances(looks.hashes) <= HASH_BITS) & known & known[:, None]
    same: Relation = near & (_inner_products(looks.subjects) >= COPY_SUBJECT)
    return same


def find_same_scenes(looks: Looks) -> Relation:
    """Which images show one scene: one picture, or both subject and colour as near as hardly else."""
    near = (_inner_products(looks.subjects) >= SCENE_SUBJECT) & (
        _inner_products(looks.colours) >= SCENE_COLOUR
    )
    return find_same_pictures(looks) | near


def collapse_ranking(ranking: Ranking, same: Relation) -> tuple[Ranking, dict[int, tuple[int, ...]]]:
    """The ranking without those that are the same as a better one, and these, best first, by that one's id.

    Each of the first images, in rank order, goes to the best-ranked representative that it is the same
    as, or becomes one itself; what is only the same as a collapsed image is not collapsed with it.
    """
    ids = ranking.ids[: len(same)].tolist()
    chosen: list[int] = []  # places of the representatives
    copies: dict[int, list[int]] = {}
    for place, image_id in enumerate(ids):
        leader = next((each for each in chosen if same[each, place]), None)
        if leader is None:
            chosen.append(place)
        else:
            copies.setdefault(ids[leader], []).append(image_id)
    gone = [each for group in copies.values() for each in group]
    return ranking.without(gone), {leader: tuple(group) for leader, group in copies.items()}


# -- what they share ----------------------------------------------------------------------------


def reorder_ranking(ranking: Ranking, values: Float64Scores) -> Ranking:
    """The first len(values) images by falling value, equal ones by id; the rest behind them, as it was.

    Their scores are the values, scaled into the range of the scores that these images had.
    """
    count = min(len(values), len(ranking))
    if not count:
        return ranking
    highest, lowest = ranking.scores[0], ranking.scores[count - 1]
    # A thousandth is left below, so that the last of the first stays above a rest of the same score.
    within = 0.001 + 0.999 * _scale_to_unit(np.round(values[:count], SCORE_DECIMALS))
    scores = np.round(lowest + max(highest - lowest, _LEAST_RANGE) * within, _RANGE_DECIMALS)
    first = Ranking.from_scores(ranking.ids[:count], scores)
    ids = np.concatenate([first.ids, ranking.ids[count:]])
    return Ranking(ids, np.concatenate([first.scores, ranking.scores[count:]]))


def _scale_to_unit(values: Float64Scores) -> Float64Scores:
    """The values from 0 to 1; all 1 where they are equal."""
    least, most = float(values.min()), float(values.max())
    scaled: Float64Scores = (values - least) / (most - least) if most > least else np.ones(len(values))
    return scaled


def _pairwise_cosines(query: Vector, features: Features) -> Float64Scores:
    """Of the query, which comes first, and the images, with one another."""
    return _inner_products(np.vstack([query[None, :].astype(np.float32), features.astype(np.float32)]))


def _inner_products(features: Features) -> Float64Scores:
    rows = features.astype(np.float32)
    return round_scores(rows @ rows.T)


def _mutual_neighbours(order: npt.NDArray[np.int64], count: int) -> Relation:
    """Who is among the `count` nearest of whom, and the other way round."""
    near = np.zeros(order.shape, bool)
    np.put_along_axis(near, order[:, :count], True, axis=1)
    mutual: Relation = near & near.T
    return mutual


def _hash_distances(hashes: Int64Ids) -> npt.NDArray[np.int64]:
    """Bits between each two hashes, (image, image), the least of the eight ways to turn and mirror one.

    Of the 8 × 8 frequencies 1 to 8, turning over a diagonal transposes them, and mirroring changes the
    sign of the odd ones of its direction; a sign is a bit, as the median is next to 0.
    """
    bits = np.unpackbits(hashes.astype(">i8").view(np.uint8).reshape(-1, 8), axis=1)
    planes = bits.reshape(-1, 8, 8)
    odd = (np.arange(8) % 2 == 0).astype(np.uint8)  # the first place is frequency 1
    distances = _count_different_bits(bits, bits)
    for turned in (planes, planes.transpose(0, 2, 1)):
        for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
            laid = turned ^ (odd[:, None] * down) ^ (odd * across)
            distances = np.minimum(distances, _count_different_bits(bits, laid.reshape(-1, 64)))
    return distances


def _count_different_bits(
    ones: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int64]:
    left, right = (1 - 2 * each.astype(np.float32) for each in (ones, others))
    between: npt.NDArray[np.int64] = ((64 - left @ right.T) / 2).astype(np.int64)
    return between
