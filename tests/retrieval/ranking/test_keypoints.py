"""Keypoints: they come back as they were stored, and those of a mirrored picture follow without detection."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.ranking.keypoints import (
    NO_KEYPOINTS,
    SIDE,
    Keypoints,
    decode_keypoints,
    encode_keypoints,
    quantize_histograms,
)


def random_keypoints(count: int, width: int = 200, height: int = 150, seed: int = 0) -> Keypoints:
    """Keypoints at random positions, rounded as stored ones are."""
    random = np.random.default_rng(seed)
    made = Keypoints(
        width,
        height,
        positions=random.uniform(0, (width - 1, height - 1), (count, 2)).astype(np.float32),
        scales=random.uniform(2, 60, count).astype(np.float32),
        angles=random.uniform(0, 2 * np.pi, count).astype(np.float32),
        descriptors=random.integers(0, 4, (count, 128)).astype(np.float32),
    )
    return decode_keypoints(encode_keypoints(made))


@given(st.integers(1, 40), st.integers(2, SIDE), st.integers(2, SIDE), st.integers(0, 9))
def test_what_was_stored_is_stored_alike_again(count: int, width: int, height: int, seed: int) -> None:
    stored = random_keypoints(count, width, height, seed)
    assert (len(stored), stored.width, stored.height) == (count, width, height)
    assert encode_keypoints(decode_keypoints(encode_keypoints(stored))) == encode_keypoints(stored)


def test_storing_moves_a_keypoint_by_little() -> None:
    random = np.random.default_rng(4)
    made = Keypoints(
        256,
        100,
        positions=random.uniform(0, (255, 99), (50, 2)).astype(np.float32),
        scales=random.uniform(2, 90, 50).astype(np.float32),
        angles=random.uniform(-7, 7, 50).astype(np.float32),
        descriptors=random.integers(0, 4, (50, 128)).astype(np.float32),
    )
    stored = decode_keypoints(encode_keypoints(made))
    assert np.abs(stored.positions - made.positions).max() <= 0.5
    assert np.abs(np.log2(stored.scales / made.scales)).max() <= 1 / 32 + 1e-6
    assert np.abs(np.angle(np.exp(1j * (stored.angles - made.angles)))).max() <= np.pi / 256 + 1e-6
    assert np.array_equal(stored.descriptors, made.descriptors)


def test_the_stored_form_is_read_with_struct_alone() -> None:
    descriptor = np.tile(np.float32([1, 0, 3, 2]), 32)
    one = Keypoints(
        200,
        150,
        np.float32([[10, 20]]),
        np.float32([8]),
        np.float32([np.pi / 2]),
        descriptor[None],
    )
    width, height, x, y, scale, angle, numbers = struct.unpack("<6B32s", encode_keypoints(one))
    assert (width + 1, height + 1, x, y, scale / 16, angle / 256) == (200, 150, 10, 20, 3, 0.25)
    assert numbers == bytes([1 + 3 * 16 + 2 * 64]) * 32


def test_no_keypoints_take_no_bytes() -> None:
    assert encode_keypoints(NO_KEYPOINTS) == b""
    assert len(decode_keypoints(b"")) == 0


@pytest.mark.parametrize("length", [1, 3, 37, 39])
def test_a_blob_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"have {length} bytes instead of 2 \\+ 36 for each"):
        decode_keypoints(bytes(length))


def test_levels_are_the_rounded_roots_of_shares() -> None:
    histogram = np.zeros((1, 128))
    histogram[0, :4] = 90, 9, 1, 0
    # The roots of 0.9, 0.09, 0.01 are 0.95, 0.3, 0.1, which are 7.6, 2.4 and 0.8 steps of 1/8.
    assert quantize_histograms(histogram)[0, :5].tolist() == [3, 2, 1, 0, 0]
    assert not quantize_histograms(np.zeros((2, 128))).any()


def test_mirroring_twice_changes_nothing() -> None:
    stored = random_keypoints(30)
    once = stored.mirror_keypoints()
    assert encode_keypoints(once) != encode_keypoints(stored)
    assert encode_keypoints(once.mirror_keypoints()) == encode_keypoints(stored)


def test_shares_run_from_edge_to_edge() -> None:
    corners = Keypoints(
        101, 51, np.float32([[0, 0], [100, 50], [50, 25]]), *(np.zeros(shape) for shape in (3, 3, (3, 128)))
    )
    assert corners.relative_positions.tolist() == [[0, 0], [1, 1], [0.5, 0.5]]
