"""Geometric verification: whether one picture is (a part of) another, by keypoints that agree on a map. Pure.

Keypoints are matched by their descriptors. A match has a position, a scale and an angle on both sides, so it
proposes a similarity transform. The one that most matches agree with is refined to an affine map. All
proposals are tried; nothing is random.

Source: Philbin, Chum, Isard, Sivic & Zisserman, "Object retrieval with large vocabularies and fast spatial
matching", CVPR 2007 (one match makes a proposal, and the best one is refined).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeAlias, final

import numpy as np
import numpy.typing as npt

from .arrays import BoolVector, Float32Matrix, Float64Scores, Int64Ids
from .descriptor_matches import AT_ONCE, DescriptorMatcher, Pairs
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
LEAST_WIDTH = 3.0  # pixels, where they lie wider: points on one line, as of a signature, show no scene
ROUNDS = 4  # of refinement, at most
APART = 4  # pixels, where they lie wider: positions that are closer count once

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

    def __init__(self, query: Keypoints, *, mirrored: bool = True, least: int = LEAST_INLIERS) -> None:
        """`mirrored`: whether candidates are compared with the mirror image, too. `least`: what has fewer
        inliers may be told to have none, which saves most of the time.
        """
        self._sides = (query, query.mirror_keypoints()) if mirrored else (query,)
        self._matcher = DescriptorMatcher([side.descriptors for side in self._sides])
        self._least = least

    def match_candidate(self, candidate: Keypoints) -> Match:
        """What a candidate has in common with the query, or with its mirror image if that is more."""
        return self.match_candidates([candidate])[0]

    def match_candidates(self, candidates: Iterable[Keypoints]) -> list[Match]:
        """The same for each of many candidates, in less time than one by one."""
        if len(self._sides[0]) < 2:
            return [NO_MATCH for _ in candidates]
        found: list[Pairing] = []
        count = 0
        for some in _split_into_parts(candidates, AT_ONCE):
            found += self._pair_keypoints(count, some)
            count += len(some)
        matches = [[NO_MATCH] * len(self._sides) for _ in range(count)]
        for pairing, votes in _vote_all(found):
            if votes.suffice(self._least):
                matches[pairing.number][pairing.side] = _find_agreement(pairing, votes)
        return [_choose_side(*of_sides) for of_sides in matches]

    def _pair_keypoints(self, first: int, candidates: Sequence[Keypoints]) -> Iterator[Pairing]:
        """The keypoints that may be the same, where they are enough; candidates are numbered from `first`."""
        numbers = [number for number, candidate in enumerate(candidates) if len(candidate) >= 2]
        if not numbers:
            return
        matched = self._matcher.match([candidates[number].descriptors for number in numbers])
        for number, sides in zip(numbers, matched, strict=True):
            for side, pairs in enumerate(sides):
                if len(pairs) >= max(self._least, 3):  # three determine a map
                    yield Pairing(first + number, side, self._sides[side], candidates[number], pairs)


def verify_pictures(
    query: Keypoints, pictures: Iterable[tuple[int, Keypoints]], *, mirrored: bool = True
) -> dict[int, Match]:
    """What the images have in common with the query, for those that are verified to share keypoints."""
    ids: list[int] = []

    def list_candidates() -> Iterator[Keypoints]:
        for image_id, keypoints in pictures:
            ids.append(image_id)
            yield keypoints

    matches = Verifier(query, mirrored=mirrored).match_candidates(list_candidates())
    return {image_id: match for image_id, match in zip(ids, matches, strict=True) if match.is_verified}


def rank_matches(matches: Mapping[int, Match]) -> Ranking:
    """The images of verified matches, by falling number of inliers."""
    return Ranking.from_scores(list(matches), [match.inliers for match in matches.values()])


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """Keypoints of one side of the query and of a candidate that may be the same."""

    number: int
    side: int
    query: Keypoints
    candidate: Keypoints
    pairs: Pairs


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Which matches agree with the best proposal in everything, and which at least in scale and angle."""

    near: BoolVector
    alike: BoolVector

    def suffice(self, least: int) -> bool:
        """Whether these matches may agree on a map with so many inliers."""
        return int(self.near.sum()) >= 3 and int(self.alike.sum()) >= least


def _split_into_parts(candidates: Iterable[Keypoints], size: int) -> Iterator[list[Keypoints]]:
    following = iter(candidates)
    while part := list(islice(following, size)):
        yield part


def _choose_side(plain: Match, mirrored: Match = NO_MATCH) -> Match:
    return unmirror_match(mirrored) if mirrored.inliers > plain.inliers else plain


def _vote_all(pairings: Iterable[Pairing]) -> Iterator[tuple[Pairing, Votes]]:
    """The votes of each pairing; those with about as many matches are counted together."""
    by_size: dict[int, list[Pairing]] = defaultdict(list)
    for pairing in pairings:
        by_size[len(pairing.pairs).bit_length()].append(pairing)
    for some in by_size.values():
        yield from zip(some, _vote(some), strict=True)


def _vote(pairings: Sequence[Pairing]) -> list[Votes]:
    """The votes for the best proposal of each pairing.

    Each match proposes a map. The best is the one with which most matches agree; of equal ones, that of the
    surest match. Where a pairing has fewer matches than others, NaN stands, which agrees with nothing.
    """
    shape = len(pairings), max(len(pairing.pairs) for pairing in pairings)
    here, there = np.zeros(shape, np.complex128), np.zeros(shape, np.complex128)
    octaves, turns = np.full(shape, np.nan, np.float32), np.zeros(shape, np.float32)
    for row, pairing in enumerate(pairings):
        own = slice(len(pairing.pairs))
        query, candidate = pairing.pairs.T
        here[row, own] = _to_complex(pairing.query.positions[query])
        there[row, own] = _to_complex(pairing.candidate.positions[candidate])
        octaves[row, own] = np.log2(pairing.candidate.scales[candidate] / pairing.query.scales[query])
        turns[row, own] = pairing.candidate.angles[candidate] - pairing.query.angles[query]
    proposed = np.exp2(np.nan_to_num(octaves)) * np.exp(1j * turns)
    moved = proposed[:, :, None] * (here[:, None] - here[:, :, None]) + there[:, :, None]
    turned = np.abs(np.angle(np.exp(1j * (turns[:, :, None] - turns[:, None]))))
    alike = (np.abs(octaves[:, :, None] - octaves[:, None]) < OCTAVES) & (turned < RADIANS)
    near = alike & (np.abs(moved - there[:, None]) < COARSE * TOLERANCE)
    best = near.sum(axis=2).argmax(axis=1)
    lengths = [len(pairing.pairs) for pairing in pairings]
    return [
        Votes(near[row, chosen, :length], alike[row, chosen, :length])
        for row, (chosen, length) in enumerate(zip(best.tolist(), lengths, strict=True))
    ]


def _find_agreement(pairing: Pairing, votes: Votes) -> Match:
    query, candidate, pairs = pairing.query, pairing.candidate, pairing.pairs
    here, there = query.positions[pairs[:, 0]], candidate.positions[pairs[:, 1]]
    refined = _refine_mapping(here.astype(np.float64), there.astype(np.float64), votes)
    if refined is None:
        return NO_MATCH
    affine, agreeing = refined
    kept = pairs[agreeing]
    points = np.concatenate(
        [query.relative_positions[kept[:, 0]], candidate.relative_positions[kept[:, 1]]], axis=1
    )
    enlarges = np.linalg.det(affine[:2]) > 1
    inliers = _count_distinct((there if enlarges else here)[agreeing])
    return Match(inliers, _to_shares(affine, query, candidate), points)


def _to_complex(positions: Float32Matrix) -> npt.NDArray[np.complex128]:
    return positions[:, 0].astype(np.float64) + 1j * positions[:, 1]


def _refine_mapping(here: Affine, there: Affine, votes: Votes) -> tuple[Affine, BoolVector] | None:
    """The least-squares map of the agreeing matches, until these stay the same; None if implausible."""
    agreeing, alike = votes.near, votes.alike
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
    if len(rows) < 3 or max(_width_across(rows[:, :2]), _width_across(there)) < LEAST_WIDTH:
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


def unmirror_match(match: Match) -> Match:
    """A match of the mirrored query, expressed for the query as it is: x becomes 1 − x."""
    if not match.inliers:
        return match
    across, down, offset = match.transform.T
    points = match.points.copy()
    points[:, 0] = 1 - points[:, 0]
    return Match(match.inliers, np.stack([-across, down, across + offset], axis=1), points)
