"""Geometric verification: whether one picture is (a part of) another, by keypoints that agree on a map. Pure.

Keypoints are matched by their descriptors. A match has a position, a scale and an angle on both sides, so it
proposes a similarity transform. The one that most matches agree with is refined to an affine map. All
proposals are tried; nothing is random.

Sources: Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004 (the ratio test);
Philbin, Chum, Isard, Sivic & Zisserman, "Object retrieval with large vocabularies and fast spatial matching",
CVPR 2007 (one match makes a proposal, and the best one is refined).
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

LEAST_INLIERS = (
    5  # a match with fewer does not count: unrelated pictures have at most 3 (benchmarks/copies.py)
)
RATIO = 0.85  # a match must be nearer than this share of the distance to the second best
MOST_MATCHES = 100  # the surest ones; more change no result, and proposals cost their square
TOLERANCE = 3.0  # pixels of the reduced candidate by which an inlier may miss its position
COARSE = 4.0  # factor on the tolerance while only a similarity is proposed
OCTAVES, RADIANS = 1.0, 0.6  # by which scale and angle of an inlier may differ from those of the proposal
STRETCH = 2.5  # largest ratio between the scales of an affine map in its two directions
LARGEST = 8.0  # and its largest scale; the smallest is 1 / LARGEST
LEAST_WIDTH = 3.0  # pixels: points on one line, as of a signature, determine no map and show no scene
ROUNDS = 4  # of refinement, at most
APART = 4  # pixels: positions that are closer count once

Pairs: TypeAlias = npt.NDArray[np.int64]  # (match, 2): numbers of the keypoints of query and candidate
Affine: TypeAlias = npt.NDArray[np.float64]  # (3, 2): (x, y, 1) @ affine is the position in the other picture


@final
@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What two pictures have in common: how many keypoints agree, and the map that they agree on.

    `inliers` counts distinct positions. `points`: (agreeing match, 4), x and y in the query and in the
    candidate, as shares of width and height. `transform`: (2, 3), maps (x, y, 1) of the query to (x, y) of
    the candidate, both as shares; its determinant is negative for a mirrored picture. Both are empty without
    a map.
    """

    inliers: int
    transform: Affine
    points: Float32Matrix

    @property
    def is_verified(self) -> bool:
        """Whether the inliers are enough to say that one picture holds (a part of) the other."""
        return self.inliers >= LEAST_INLIERS


NO_MATCH: Final = Match(0, np.zeros((0, 3)), np.zeros((0, 4), np.float32))


def inlier_closeness(inliers: npt.ArrayLike) -> Float64Scores:
    """How sure matches are, from 0 to 1: n / (n + LEAST_INLIERS); 0 for n below LEAST_INLIERS."""
    counts = np.asarray(inliers, np.float64)
    return np.where(counts >= LEAST_INLIERS, counts / (counts + LEAST_INLIERS), 0.0)


def choose_candidates(rankings: Sequence[Ranking], count: int) -> Int64Ids:
    """The first `count` images to verify: the first of each ranking, then the second of each, and so on.

    Rankings take turns because copies change in different ways: a grey copy is far away by its colours, and a
    small, coarse one is close by nothing else.
    """
    if not rankings:
        return np.empty(0, np.int64)
    ranks = np.concatenate([np.arange(len(ranking)) for ranking in rankings])
    turns = np.concatenate([np.full(len(ranking), turn) for turn, ranking in enumerate(rankings)])
    ids = np.concatenate([ranking.ids for ranking in rankings])[np.lexsort((turns, ranks))]
    _, first = np.unique(ids, return_index=True)
    return ids[np.sort(first)][:count].astype(np.int64)


def match_pictures(query: Keypoints, candidate: Keypoints) -> Match:
    """Compare two pictures; one may be cropped, rotated, scaled, stretched, mirrored, or have a banner."""
    return Verifier(query).match_candidate(candidate)


@final
class Verifier:
    """One query, ready to be compared with many candidates."""

    def __init__(self, query: Keypoints) -> None:
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
        plain_match = _find_agreement(self._sides[0], candidate, _match_descriptors(plain))
        mirrored_match = _find_agreement(self._sides[1], candidate, _match_descriptors(mirrored))
        is_mirrored = mirrored_match.inliers > plain_match.inliers
        return _unmirror_match(mirrored_match) if is_mirrored else plain_match


def rank_verified(query: Keypoints, pictures: Iterable[tuple[int, Keypoints]]) -> Ranking:
    """The images with which the query is verified to share keypoints, by falling number of inliers."""
    verifier = Verifier(query)
    matches = {image_id: verifier.match_candidate(keypoints) for image_id, keypoints in pictures}
    inliers = {image_id: match.inliers for image_id, match in matches.items() if match.is_verified}
    return Ranking.from_scores(list(inliers), list(inliers.values()))


def _reciprocal_lengths(descriptors: Float32Matrix) -> Float32Vector:
    """1 / length of each descriptor, from sums of whole numbers: the same on every machine."""
    reciprocals: Float32Vector = 1 / np.sqrt(np.maximum((descriptors * descriptors).sum(axis=1), 1))
    return reciprocals


def _match_descriptors(cosines: Float32Matrix) -> Pairs:
    """The surest matches: each is the best of the other, and clearly better than the query's second best."""
    numbers = np.arange(len(cosines))
    best = cosines.argmax(axis=1)
    mutual = cosines.argmax(axis=0)[best] == numbers
    first = cosines[numbers, best]
    cosines[numbers, best] = -1  # this table was made for this pair of pictures
    second = cosines.max(axis=1)
    # The squared distance of unit vectors is 2 − 2 cosine.
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
    """Which matches agree with the best proposal in everything, and which at least in scale and angle.

    The best proposal is the one with which most matches agree; of equal ones, that of the surest match.
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


def _to_complex(positions: Float32Matrix) -> npt.NDArray[np.complex128]:
    return positions[:, 0].astype(np.float64) + 1j * positions[:, 1]


def _refine_mapping(
    here: Affine, there: Affine, near: tuple[BoolVector, BoolVector]
) -> tuple[Affine, BoolVector] | None:
    """The least-squares map of the agreeing matches, until these stay the same; None if implausible."""
    agreeing, alike = near
    rows = np.column_stack([here, np.ones(len(here))])
    for _ in range(ROUNDS):
        fitted = _fit_affine(rows[agreeing], there[agreeing])
        if fitted is None:
            return None
        affine = fitted
        # Rounded, so that the last bits of the sums of a processor decide nothing.
        missed = np.hypot(*(rows @ affine - there).T).round(3)
        before, agreeing = agreeing, alike & (missed < TOLERANCE)
        if np.array_equal(before, agreeing):
            break
    return affine, agreeing


def _fit_affine(rows: Affine, there: Affine) -> Affine | None:
    """The least-squares map; None where it mirrors, flattens, shrinks or enlarges more than is plausible."""
    if len(rows) < 3 or _width_across(rows[:, :2]) < LEAST_WIDTH:
        return None
    affine: Affine = np.linalg.lstsq(rows, there, rcond=None)[0].astype(np.float64)
    large, small = np.linalg.svd(affine[:2], compute_uv=False)
    bounded = small > 1 / LARGEST and large < min(LARGEST, STRETCH * small)
    return affine if bounded and np.linalg.det(affine[:2]) > 0 else None


def _width_across(positions: Affine) -> float:
    """The standard deviation of positions across the line that fits them best."""
    across = np.linalg.svd(positions - positions.mean(axis=0), compute_uv=False)[1]
    return float(across) / math.sqrt(len(positions))


def _count_distinct(positions: Float32Matrix) -> int:
    """How many cells of APART pixels hold positions: one corner has many keypoints, at several angles."""
    return len(np.unique(positions // APART, axis=0))


def _to_shares(affine: Affine, query: Keypoints, candidate: Keypoints) -> Affine:
    size = np.array([candidate.width - 1 or 1, candidate.height - 1 or 1])
    scale = np.array([query.width - 1 or 1, query.height - 1 or 1, 1])
    transform: Affine = (affine * scale[:, None] / size).T
    return transform


def _unmirror_match(match: Match) -> Match:
    """A match of the mirrored query, expressed for the query as it is: x becomes 1 − x."""
    if not match.inliers:
        return match
    across, down, offset = match.transform.T
    points = match.points.copy()
    points[:, 0] = 1 - points[:, 0]
    return Match(match.inliers, np.stack([-across, down, across + offset], axis=1), points)
