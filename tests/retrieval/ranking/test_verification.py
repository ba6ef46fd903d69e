"""Verification: planted maps are found with their points, and unrelated pictures have no match."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval import Ranking
from retrieval.ranking.descriptor_matches import MOST_MATCHES
from retrieval.ranking.keypoints import NO_KEYPOINTS, Keypoints, decode_keypoints, encode_keypoints
from retrieval.ranking.verification import (
    LEAST_INLIERS,
    Verifier,
    choose_candidates,
    inlier_closeness,
    match_pictures,
    rank_matches,
    verify_pictures,
)
from tests.retrieval.ranking.test_keypoints import random_keypoints


def move_keypoints(picture: Keypoints, linear: np.ndarray, offset: tuple[float, float] = (0, 0)) -> Keypoints:
    """The same keypoints, moved by a map; those that leave the frame are dropped."""
    places = picture.positions @ linear.T + np.array(offset)
    inside = ((places >= 0) & (places <= (255, 255))).all(axis=1)
    turn, scale = np.arctan2(linear[1, 0], linear[0, 0]), np.sqrt(np.linalg.det(linear))
    made = Keypoints(
        256,
        256,
        places[inside].astype(np.float32),
        picture.scales[inside] * np.float32(scale),
        picture.angles[inside] + np.float32(turn),
        picture.descriptors[inside],
    )
    return decode_keypoints(encode_keypoints(made))


def rotation_matrix(degrees: float, scale: float = 1.0) -> np.ndarray:
    turn = np.deg2rad(degrees)
    return scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


MAPS = {
    "none": (rotation_matrix(0), (0, 0)),
    "crop": (rotation_matrix(0, 2.2), (-90, -70)),
    "shrink": (rotation_matrix(0, 0.4), (30, 60)),
    "10°": (rotation_matrix(10), (30, 0)),
    "90°": (rotation_matrix(90), (150, 5)),
    "stretch": (np.diag([1.25, 0.9]), (0, 0)),
    "shear": (np.array([[1, 0.2], [0, 1]]), (5, 5)),
}


@pytest.mark.parametrize("name", MAPS)
def test_a_planted_map_is_found_with_its_points(name: str) -> None:
    query = random_keypoints(120)
    linear, offset = MAPS[name]
    candidate = move_keypoints(query, linear, offset)
    match = match_pictures(query, candidate)
    assert match.is_verified
    assert match.inliers >= min(len(candidate), MOST_MATCHES) * 0.6
    assert np.linalg.det(match.transform[:, :2]) > 0
    # The map, in shares, takes the points of the query to those of the candidate, and both are as planted.
    here, there = np.split(match.points, 2, axis=1)
    assert np.abs(np.column_stack([here, np.ones(len(here))]) @ match.transform.T - there).max() < 7 / 255
    planted = here * (query.width - 1, query.height - 1) @ linear.T + np.array(offset)
    assert np.abs(planted / 255 - there).max() < 2 / 255


def test_a_mirrored_picture_is_found_with_a_map_that_turns_it_over() -> None:
    query = random_keypoints(100, width=256, height=256)
    match = match_pictures(query, query.mirror_keypoints())
    assert match.is_verified
    assert match.transform == pytest.approx(np.array([[-1, 0, 1], [0, 1, 0]]), abs=0.01)
    assert match.points[:, 0] == pytest.approx(1 - match.points[:, 2], abs=0.01)
    assert match.points[:, 1] == pytest.approx(match.points[:, 3], abs=0.01)


def test_the_inverse_of_a_match_is_found_as_well() -> None:
    query = random_keypoints(120)
    candidate = move_keypoints(query, rotation_matrix(30, 0.7), (80, 20))
    there, back = match_pictures(query, candidate), match_pictures(candidate, query)
    assert abs(there.inliers - back.inliers) <= 0.1 * there.inliers
    whole = np.vstack([there.transform, [0, 0, 1]]) @ np.vstack([back.transform, [0, 0, 1]])
    assert whole == pytest.approx(np.eye(3), abs=0.03)


def test_pictures_with_nothing_in_common_have_no_match() -> None:
    counts = [
        match_pictures(random_keypoints(120, seed=seed), random_keypoints(120, seed=seed + 100)).inliers
        for seed in range(20)
    ]
    assert max(counts) < LEAST_INLIERS


def test_the_same_descriptors_at_random_places_are_no_match() -> None:
    query = random_keypoints(120)
    random = np.random.default_rng(8)
    scattered = Keypoints(
        256,
        256,
        random.uniform(0, 255, (120, 2)).astype(np.float32),
        query.scales,
        query.angles,
        query.descriptors,
    )
    assert match_pictures(query, scattered).inliers < LEAST_INLIERS


def test_many_keypoints_of_one_corner_count_once() -> None:
    query, other = random_keypoints(60), random_keypoints(60, seed=1)
    heap = Keypoints(
        200, 150, np.full((60, 2), 50, np.float32), query.scales, query.angles, query.descriptors
    )
    assert match_pictures(heap, heap).inliers <= 1
    assert match_pictures(heap, other).inliers <= 1


@pytest.mark.parametrize("linear", [rotation_matrix(0, 0.1), np.diag([1.0, 0.3])], ids=["tiny", "flat"])
def test_a_map_beyond_reason_is_no_match(linear: np.ndarray) -> None:
    query = random_keypoints(120, width=256, height=256)
    assert match_pictures(query, move_keypoints(query, linear, (100, 100))).inliers < LEAST_INLIERS


def test_points_in_one_line_are_no_match() -> None:
    query = random_keypoints(60)
    line = np.column_stack([np.linspace(10, 190, 60), np.full(60, 70)]).astype(np.float32)
    row = Keypoints(200, 150, line, query.scales, np.zeros(60, np.float32), query.descriptors)
    assert match_pictures(row, row).inliers == 0


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_keypoints_match_nothing(count: int) -> None:
    few = random_keypoints(count) if count else NO_KEYPOINTS
    for one, other in ((few, random_keypoints(50)), (random_keypoints(50), few), (few, few)):
        assert match_pictures(one, other).inliers == 0
        assert match_pictures(one, other).points.shape == (0, 4)


def test_verifying_changes_nothing_and_gives_the_same_again() -> None:
    query, candidate = (
        random_keypoints(100),
        move_keypoints(random_keypoints(100), rotation_matrix(20), (60, 0)),
    )
    before = encode_keypoints(query), encode_keypoints(candidate)
    verifier = Verifier(query)
    first, second = verifier.match_candidate(candidate), verifier.match_candidate(candidate)
    assert (encode_keypoints(query), encode_keypoints(candidate)) == before
    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.transform, second.transform)


def test_closeness_rises_from_one_half_and_never_reaches_one() -> None:
    counts = np.arange(100)
    found = inlier_closeness(counts)
    assert not found[:LEAST_INLIERS].any()
    assert found[LEAST_INLIERS] == 0.5
    assert (np.diff(found[LEAST_INLIERS:]) > 0).all()
    assert found.max() < 1


def test_candidates_take_turns_and_come_once() -> None:
    first, second = Ranking.from_scores([7, 8, 9], [3, 2, 1]), Ranking.from_scores([9, 5, 7, 1], [4, 3, 2, 1])
    assert choose_candidates([first, second], 10).tolist() == [7, 9, 8, 5, 1]
    assert choose_candidates([second, first], 3).tolist() == [9, 7, 5]
    assert choose_candidates([first, Ranking.from_scores([], [])], 2).tolist() == [7, 8]
    assert choose_candidates([], 5).tolist() == []


def test_the_ranking_holds_what_is_verified_by_falling_inliers() -> None:
    query = random_keypoints(120)
    whole, part = (
        move_keypoints(query, rotation_matrix(0)),
        move_keypoints(query, rotation_matrix(0, 2.2), (-90, -70)),
    )
    pictures = [(4, part), (3, random_keypoints(120, seed=50)), (9, whole), (2, NO_KEYPOINTS)]
    found = rank_matches(verify_pictures(query, pictures))
    assert found.ids.tolist() == [9, 4]
    assert found.scores.tolist() == [
        match_pictures(query, whole).inliers,
        match_pictures(query, part).inliers,
    ]
    assert not verify_pictures(NO_KEYPOINTS, [(1, whole)])
    assert not len(rank_matches({}))


def test_without_the_mirror_image_only_the_picture_as_it_is_is_compared() -> None:
    query = random_keypoints(120)
    verifier = Verifier(query, mirrored=False)
    assert verifier.match_candidate(query).inliers == match_pictures(query, query).inliers
    assert not verifier.match_candidate(query.mirror_keypoints()).is_verified
