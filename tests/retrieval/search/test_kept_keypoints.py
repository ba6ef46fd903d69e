"""Keypoints that several searches compare are loaded once, as long as they are among the last ones used."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.ranking.keypoints import NO_KEYPOINTS, Keypoints
from retrieval.search.kept_keypoints import KeptKeypoints
from tests.retrieval.ranking.test_keypoints import random_keypoints

STORED = {number: random_keypoints(3, seed=number) for number in range(1, 7)} | {7: NO_KEYPOINTS}


def test_what_is_kept_is_not_loaded_again_and_the_rest_is_what_is_stored() -> None:
    loaded: list[list[int]] = []

    def load(ids: Sequence[int]) -> dict[int, Keypoints]:
        loaded.append(list(ids))
        return {image_id: STORED[image_id] for image_id in ids if image_id in STORED}

    kept = KeptKeypoints(most=4)
    for ids in ([3, 1, 99], [1, 2, 7], [3, 5, 6, 4], [1, 4, 5, 6, 3, 2]):
        found = kept.find_keypoints(ids, load)
        assert list(found) == sorted(set(ids) - {99})
        assert all(found[image_id] is STORED[image_id] for image_id in found)
    assert loaded == [[1, 3, 99], [2, 7], [4, 5, 6], [1, 2]]
