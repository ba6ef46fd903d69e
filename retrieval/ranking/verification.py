"""Geometric verification: whether one picture is (a part of) another, by keypoints that agree on a map. Pure.

Keypoints are matched by their descriptors; each match, having a place, a scale and an angle on both sides,
proposes a similarity; the one that most matches agree with is refined to an affine map. All proposals are
tried, so nothing is drawn at random.

Sources: Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004 (the ratio test);
Philbin, Chum, Isard, Sivic & Zisserman, "Object retrieval with large vocabularies and fast spatial matching",
CVPR 2007 (one match makes a proposal, the best one is refined).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, final

import numpy as np
import numpy.typing as npt

from .arrays import BoolVector, Float32Matrix, Float32Vector, Float64Scores, Int64Ids
from .keypoints import Keypoints
from .ranking import Ranking

LEAST_INLIERS = 5  # from which on a match counts: unrelated pictures have 3 at most (benchmarks/copies.py)
RATIO = 0.85  # a match must be nearer than this share of the distance to the second best
MOST_MATCHES = 100  # the surest ones; more change no verdict, and proposals cost their square
TOLERANCE = 3.0  # pixels, of the reduced candidate, by which an inlier may miss its place
COARSE = 4.0  # times that tolerance while only a similarity is proposed
OCTAVES, RADIANS = 1.0, 0.6  # by which scale and angle of an inlier may differ from the proposal's
STRETCH = 2.5  # at most, between the two directions of an affine map
LARGEST = 8.0  # and its scale, either way
LEAST_WIDTH = 3.0  # pixels: points in one line, as of a signature, fix no map and tell of no scene
ROUNDS = 4  # of refinement, at most
APART = 4  # pixels: places that are nearer count once

Pairs: TypeAlias = npt.NDArray[np.int64]  # (match, 2): numbers of keypoints, query's and candidate's
Affine: TypeAlias = npt.NDArray[np.float64]  # (3, 2): (x, y, 1) @ affine is the place in the other picture


@final
@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What two pictures have in common: how many keypoints agree, and the map that they agree on.

    `inliers` counts distinct places. `points`: (agreeing match, 4), the place in the query and in the
    candidate, x and y each as shares of width and height. `transform`: (2, 3), takes (x, y, 1) of the
    query to (x, y) of the candidate, both as shares; its determinant is negative for a mirrored picture.
    Both are empty when there is no map.
    """

    inliers: int
    transform: Affine
    points: Float32Matrix

    @property
    def is_verified(self) -> bool:
        """Whether that is enough to say that one holds (a part of) the other."""
        return self.inliers >= LEAST_INLIERS


NO_MATCH: Final = Match(0, np.zeros((0, 3)), np.zeros((0, 4), np.float32))


def inlier_closeness(inliers: npt.ArrayLike) -> Float64Scores:
    """How sure matches are, from 0 to 1: n / (n + LEAST_INLIERS), 1/2 where they begin to count; 0 below."""
    counts = np.asarray(inliers, np.float64)
    return np.where(counts >= LEAST_INLIERS, counts / (counts + LEAST_INLIERS), 0.0)


def choose_candidates(rankings: Sequence[Ranking], count: int) -> Int64Ids:
    """The first `count` images to verify: the first of each ranking, then the second of each, and so on.

    Rankings take turns because a change that one signal does not survive another does: a grey copy is
    nowhere near by its colours, and a small, coarse one is by nothing else.
    """
    places = np.concatenate([np.arange(len(ranking)) for ranking in rankings] or [np.empty(0, np.int64)])
    turns = np.concatenate([np.full(len(ranking), turn) for turn, ranking in enumerate(rankings)] or [places])
    ids = np.concatenate([ranking.ids for ranking in rankings] or [places])[np.lexsort((turns, places))]
    _, first = np.unique(ids, return_index=True)
    return ids[np.sort(first)][:count].astype(np.int64)


def match_pictures(query: Keypoints, candidate: Keypoints) -> Match:
    """Compare two pictures; one may be cropped, turned, scaled, stretched, mirrored, or hold a banner."""
    return Verifier(query).match_candidate(candidate)


@final
class Verifier:
    """One query, ready to be compared with many candidates."""

    def __init__(self, query: Keypoints) -> None:
        self._width = query.width
        self._sides = (query, query.mirror_keypoints())
        self._descriptors = np.concatenate([side.descriptors for side in self._sides])
        self._reciprocals = _reciprocal_lengths(self._descriptors)

    def match_candidate(self, candidate: Keypoints) -> Match:
        """What a candidate has in common with the query, or with its mirror image if that is more."""
        if min(len(self._sides[0]), len(candidate)) < 2:
            return NO_MATCH
        cosines = self._descriptors @ candidate.descriptors.T
        cosines *= self._reciprocals[:, None] * _reciprocal_lengths(candidate.descriptors)
        plain, mirrored = np.split(cosines, 2)
        found = _find_agreement(self._sides[0], candidate, _match_descriptors(plain))
        other = _find_agreement(self._sides[1], candidate, _match_descriptors(mirrored))
        return _unmirror_match(other) if other.inliers > found.inliers else found


def rank_verified(query: Keypoints, pictures: Iterable[tuple[int, Keypoints]]) -> Ranking:
    """The images that the query is verified to have in common with, by falling number of inliers."""
    verifier = Verifier(query)
    found = {image_id: verifier.match_candidate(keypoints).inliers for image_id, keypoints in pictures}
    kept = {image_id: inliers for image_id, inliers in found.items() if inliers >= LEAST_INLIERS}
    return Ranking.from_scores(list(kept), list(kept.values()))


def _reciprocal_lengths(descriptors: Float32Matrix) -> Float32Vector:
    """One by the length of each descriptor, from sums of whole numbers: the same on every machine."""
    reciprocals: Float32Vector = 1 / np.sqrt(np.maximum((descriptors * descriptors).sum(axis=1), 1))
    return reciprocals


def _match_descriptors(cosines: Float32Matrix) -> Pairs:
    """The surest matches: each the other's best, and clearly better than the query's second best."""
    numbers = np.arange(len(cosines))
    best = cosines.argmax(axis=1)
    mutual = cosines.argmax(axis=0)[best] == numbers
    first = cosines[numbers, best]
    cosines[numbers, best] = -1  # the table is ours, made for this pair of pictures
    second = cosines.max(axis=1)
    # Of unit vectors the squared distance is 2 − 2 cosine.
    shares = np.maximum(1 - first, 0) / np.maximum(1 - second, 1e-6)
    kept = np.flatnonzero(mutual & (shares < RATIO**2))
    kept = kept[np.argsort(shares[kept], kind="stable")][:MOST_MATCHES]
    return np.stack([kept, best[kept]], axis=1)


def _find_agreement(query: Keypoints, candidate: Keypoints, pairs: Pairs) -> Match:
    if len(pairs) < 3:
        return NO_MATCH
    here, there = query.positions[pairs[:, 0]], candidate.positions[pairs[:, 1]]
    near = _near_best_proposal(query, candidate, pairs)
    refined = _refine_mapping(here.astype(np.float64), there.astype(np.float64), near)
    if refined is None:
        return NO_MATCH
    affine, agreeing = refined
    kept = pairs[agreeing]
    points = np.concatenate(
        [query.relative_positions[kept[:, 0]], candidate.relative_positions[kept[:, 1]]], axis=1
    )
    inliers = min(_count_distinct(here[agreeing]), _count_distinct(there[agreeing]))
    return Match(inliers, _to_shares(affine, query, candidate), points)


def _near_best_proposal(
    query: Keypoints, candidate: Keypoints, pairs: Pairs
) -> tuple[BoolVector, BoolVector]:
    """Which matches agree with the best proposal in all, and which in scale and angle at least.

    The best is the one with which most agree; of equal ones, that of the surest match.
    """
    here, there = _to_complex(query.positions[pairs[:, 0]]), _to_complex(candidate.positions[pairs[:, 1]])
    octaves = np.log2(candidate.scales[pairs[:, 1]] / query.scales[pairs[:, 0]])
    turns = candidate.angles[pairs[:, 1]] - query.angles[pairs[:, 0]]
    proposed = np.exp2(octaves) * np.exp(1j * turns)
    missed = np.abs(proposed[:, None] * (here[None] - here[:, None]) + there[:, None] - there[None])
    turned = np.abs(np.angle(np.exp(1j * (turns[:, None] - turns[None]))))
    alike = (np.abs(octaves[:, None] - octaves[None]) < OCTAVES) & (turned < RADIANS)
    near = alike & (missed < COARSE * TOLERANCE)
    best = near.sum(axis=1).argmax()
    return near[best], alike[best]


def _to_complex(places: Float32Matrix) -> npt.NDArray[np.complex128]:
    return places[:, 0].astype(np.float64) + 1j * places[:, 1]


def _refine_mapping(
    here: Affine, there: Affine, near: tuple[BoolVector, BoolVector]
) -> tuple[Affine, BoolVector] | None:
    """The least-squares map of the agreeing matches, until they stay the same; None where none is sane."""
    agreeing, alike = near
    rows = np.column_stack([here, np.ones(len(here))])
    for _ in range(ROUNDS):
        fitted = _fit_affine(rows[agreeing], there[agreeing])
        if fitted is None:
            return None
        affine = fitted
        # Rounded, so that the last bits of a processor's sums decide nothing.
        missed = np.hypot(*(rows @ affine - there).T).round(3)
        before, agreeing = agreeing, alike & (missed < TOLERANCE)
        if np.array_equal(before, agreeing):
            break
    return affine, agreeing


def _fit_affine(rows: Affine, there: Affine) -> Affine | None:
    """A map that keeps handedness, and neither flattens nor shrinks nor enlarges beyond reason; or None."""
    if len(rows) < 3 or _width_across(rows[:, :2]) < LEAST_WIDTH:
        return None
    affine: Affine = np.linalg.lstsq(rows, there, rcond=None)[0].astype(np.float64)
    large, small = np.linalg.svd(affine[:2], compute_uv=False)
    bounded = small > 1 / LARGEST and large < min(LARGEST, STRETCH * small)
    return affine if bounded and np.linalg.det(affine[:2]) > 0 else None


def _width_across(places: Affine) -> float:
    """The standard deviation of places across the line that they lie nearest to."""
    across = np.linalg.svd(places - places.mean(axis=0), compute_uv=False)[1]
    return float(across) / math.sqrt(len(places))


def _count_distinct(places: Float32Matrix) -> int:
    """How many cells of APART pixels the places lie in: one corner has many keypoints, at several angles."""
    return len(np.unique(places // APART, axis=0))


def _to_shares(affine: Affine, query: Keypoints, candidate: Keypoints) -> Affine:
    size = np.array([candidate.width - 1 or 1, candidate.height - 1 or 1])
    scale = np.array([query.width - 1 or 1, query.height - 1 or 1, 1])
    transform: Affine = (affine * scale[:, None] / size).T
    return transform


def _unmirror_match(match: Match) -> Match:
    """A match of the mirrored query, told of the query as it is: x becomes 1 − x."""
    if not match.inliers:
        return match
    across, down, offset = match.transform.T
    points = match.points.copy()
    points[:, 0] = 1 - points[:, 0]
    return Match(match.inliers, np.stack([-across, down, across + offset], axis=1), points)
