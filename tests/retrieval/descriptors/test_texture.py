"""The texture descriptor: which channels are active together, at whatever positions."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.descriptors.channel_projection import reduce_channels
from retrieval.descriptors.texture import describe_textures

RANDOM = np.random.default_rng(4)


def stage(channels: int, side: int, pictures: int = 1) -> np.ndarray:
    return RANDOM.standard_normal((pictures, channels, side, side)).astype(np.float32)


def test_a_worked_feature() -> None:
    """Two channels at two positions, (1, 2) and (3, 0): g = (1 + 4)/2, (3 + 0)/2, 9/2, the second with twice the weight.

    The signed roots √2.5, √(1.5 √2), √4.5 have the length √(7 + 1.5 √2); the means (3, 4) become (0.6, 0.8).
    """
    eighth = np.array([[[[1, 2]], [[3, 0]]]], np.float32)
    sixteenth = np.array([[[[3, 3]], [[5, 3]]]], np.float32)
    pairs = np.array([2.5, 1.5 * 2**0.5, 4.5]) ** 0.5 / (7 + 1.5 * 2**0.5) ** 0.5
    expected = np.array([*pairs, 0.6, 0.8, 1e-3])
    assert describe_textures(eighth, sixteenth)[0] == pytest.approx(
        expected / np.linalg.norm(expected), abs=1e-6
    )


def test_places_do_not_matter() -> None:
    eighth, sixteenth = stage(40, 8), stage(200, 4)
    order = RANDOM.permutation(64)
    moved = eighth.reshape(1, 40, 64)[..., order].reshape(eighth.shape)
    [one] = describe_textures(eighth, sixteenth)
    [other] = describe_textures(moved, sixteenth[:, :, ::-1])
    assert one @ other == pytest.approx(1, abs=1e-5)
    assert one @ describe_textures(stage(40, 8), stage(200, 4))[0] < 0.9


@pytest.mark.parametrize(("paired", "averaged", "dimension"), [(2, 3, 7), (25, 160, 486), (512, 1024, 486)])
def test_however_many_channels_there_are_features_stay_short(
    paired: int, averaged: int, dimension: int
) -> None:
    assert describe_textures(stage(paired, 6, 3), stage(averaged, 3, 3)).shape == (3, dimension)


def test_a_network_that_sees_nothing_still_gives_a_direction() -> None:
    rows = describe_textures(np.zeros((2, 9, 4, 4), np.float32), np.zeros((2, 9, 2, 2), np.float32))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(2))


def test_mixing_keeps_few_channels_as_they_are_and_of_many_about_their_inner_products() -> None:
    few = stage(9, 3).reshape(1, 9, 9)
    assert reduce_channels(few, 9) is few
    many = RANDOM.standard_normal((200, 96, 1)).astype(np.float32)
    less = reduce_channels(many, 48)[..., 0]
    assert less.shape == (200, 48)
    kept_share = (less**2).sum(axis=1) / (many[..., 0] ** 2).sum(axis=1)
    assert kept_share.mean() == pytest.approx(0.5, abs=0.02)  # orthonormal rows: half of the length², evenly
    assert kept_share.std() < 0.1


def test_mixing_is_the_same_on_every_machine() -> None:
    """Stored features depend on these numbers: another sign or order needs a new version."""
    assert reduce_channels(np.eye(4, dtype=np.float32)[None], 2)[0] == pytest.approx(
        np.array([[0.5, -0.5, -0.5, -0.5], [0.653282, -0.270598, 0.270598, 0.653282]]), abs=1e-5
    )
