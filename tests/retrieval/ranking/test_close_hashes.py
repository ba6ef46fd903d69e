"""Close hashes are found among all without comparing all."""

from __future__ import annotations

import numpy as np

from retrieval.pictures.images import perceptual_hash
from retrieval.ranking.copies import HASH_BITS, _hash_distances, find_close_hashes, measure_distances
from tests.drawing import draw_scene


def flip_bits(hashes: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    flips = [sum(1 << int(bit) for bit in random.permutation(63)[:count]) for _ in hashes]
    return hashes ^ np.array(flips, np.int64)


def test_most_pairs_are_found_and_none_that_is_not_close() -> None:
    random = np.random.default_rng(3)
    hashes = random.integers(1, 2**62, 400)
    everything = np.concatenate([hashes, *(flip_bits(hashes, count, random) for count in (2, 4, 8))])
    pairs = find_close_hashes(everything)
    assert (np.diff(pairs[:, 0]) >= 0).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert measure_distances(everything, pairs).max() <= HASH_BITS
    found = {tuple(pair) for pair in pairs.tolist()}
    shares = [np.mean([(row, row + 400 * step) in found for row in range(400)]) for step in (1, 2, 3)]
    assert shares[0] == 1
    assert shares[1] > 0.97
    assert shares[2] > 0.65


def test_turned_and_mirrored_pictures_are_close() -> None:
    scene = draw_scene(4)
    turned = [scene, scene[:, ::-1], scene[::-1], np.rot90(scene), np.ascontiguousarray(scene.swapaxes(0, 1))]
    hashes = np.array([perceptual_hash(np.ascontiguousarray(pixels)) for pixels in turned], np.int64)
    pairs = find_close_hashes(hashes)
    assert measure_distances(hashes, pairs).tolist() == _hash_distances(hashes)[*pairs.T].tolist()
    assert set(pairs.ravel().tolist()) == {0, 1, 2, 3, 4}


def test_equal_hashes_are_a_chain_and_images_without_one_are_in_no_pair() -> None:
    assert find_close_hashes(np.array([7, 0, 7, 0, 7], np.int64)).tolist() == [[0, 2], [2, 4]]
    assert find_close_hashes(np.array([], np.int64)).shape == (0, 2)
    assert measure_distances(np.array([0, 0], np.int64), np.array([[0, 1]])).tolist() == [64]
