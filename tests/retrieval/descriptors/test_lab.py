"""The colour descriptor: near colours are near, size does not matter, and no picture breaks it."""

import numpy as np
import pytest

from retrieval.descriptors.lab import (
    COARSE,
    DIMENSION,
    FINE,
    bin_memberships,
    colour_moments,
    describe_colours,
    mean_colours,
    reduce_picture,
    soft_histograms,
    to_lab,
)

RED, ORANGE, BLUE, GREEN = (220, 30, 30), (240, 140, 20), (30, 40, 210), (30, 160, 50)


def plain_picture(colour, height=40, width=60):
    return np.full((height, width, 3), colour, dtype=np.uint8)


def two_halves(left, right):
    return np.concatenate([plain_picture(left), plain_picture(right)], axis=1)


def draw_landscape():
    """A drawn picture with gradients, an edge and a spot: 90 rows, 140 columns."""
    row, column = np.mgrid[0:90, 0:140]
    sky = np.stack([90 + row, 140 + row // 2, 250 - column // 4], axis=-1)
    ground = np.stack([60 + column // 2, 110 - row // 3, 40 + row // 4], axis=-1)
    picture = np.where((row < 50)[..., None], sky, ground)
    sun = (row - 20) ** 2 + (column - 100) ** 2 < 150
    return np.where(sun[..., None], (250, 220, 60), picture).astype(np.uint8)


def likeness(one, other):
    return float(describe_colours(one) @ describe_colours(other))


def test_red_is_nearer_to_orange_than_to_blue():
    assert (
        likeness(plain_picture(RED), plain_picture(ORANGE))
        > likeness(plain_picture(RED), plain_picture(BLUE)) + 0.05
    )


def test_a_slightly_brighter_picture_stays_near():
    brighter = np.clip(draw_landscape().astype(int) + 8, 0, 255).astype(np.uint8)
    assert likeness(draw_landscape(), brighter) > 0.9


@pytest.mark.parametrize("times", [2, 5, 12])
def test_scale_does_not_matter(times):
    larger = draw_landscape().repeat(times, axis=0).repeat(times, axis=1)
    assert likeness(draw_landscape(), larger) > 0.98


def test_half_the_size_stays_near():
    assert likeness(draw_landscape(), draw_landscape()[::2, ::2]) > 0.95


def test_the_grid_tells_a_picture_from_its_mirror_but_less_than_from_other_colours():
    picture = two_halves(RED, BLUE)
    mirrored = likeness(picture, picture[:, ::-1])
    assert likeness(picture, two_halves(GREEN, ORANGE)) < mirrored < 0.95


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 3), (72, 72), (333, 1000)])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), RED])
def test_any_size_of_one_colour_gives_the_same_unit_vector(shape, colour):
    vector = describe_colours(plain_picture(colour, *shape))
    assert vector.shape == (DIMENSION,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert vector @ describe_colours(plain_picture(colour)) == pytest.approx(1, abs=1e-3)


def test_it_is_deterministic_and_leaves_the_picture_alone():
    picture = draw_landscape()
    first = describe_colours(picture)
    assert np.array_equal(first, describe_colours(picture))
    assert np.array_equal(picture, draw_landscape())


def test_a_view_with_strides_counts_like_its_copy():
    mirrored = draw_landscape()[:, ::-1]
    assert np.allclose(describe_colours(mirrored), describe_colours(mirrored.copy()), atol=1e-6)


def test_reducing_keeps_the_mean_colour():
    assert reduce_picture(draw_landscape()).mean(axis=(0, 1)) == pytest.approx(
        draw_landscape().mean(axis=(0, 1)), abs=0.5
    )


@pytest.mark.parametrize(
    ("rgb", "lab"),  # sRGB corners under D65, from the CIE formulas
    [
        ((0, 0, 0), (0, 0, 0)),
        ((255, 255, 255), (100, 0, 0)),
        ((119, 119, 119), (50.03, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_lab_of_known_colours(rgb, lab):
    assert to_lab(np.array([rgb], dtype=np.float32))[0] == pytest.approx(lab, abs=0.05)


def test_memberships_by_hand():
    shares = bin_memberships(np.array([0, 25, 60, 100, 130], dtype=np.float32), centres=(0, 50, 100))
    assert shares == pytest.approx(np.array([[1, 0, 0], [0.5, 0.5, 0], [0, 0.8, 0.2], [0, 0, 1], [0, 0, 1]]))


def test_a_worked_histogram():
    """One pixel (25, -10, 0) and one (100, 40, 40) on the centres (0, 50, 100) x (-40, -10, 10, 40) twice.

    The first lies midway in L* and b*, on a centre in a*: four bins get 1/4 each. The second has one bin.
    """
    region = np.array([[[25, -10, 0], [100, 40, 40]]], dtype=np.float32)
    expected = np.zeros((3, 4, 4))
    expected[0:2, 1, 1:3] = 1 / 8
    expected[2, 3, 3] = 1 / 2
    assert soft_histograms(region, axes=COARSE)[0].reshape(3, 4, 4) == pytest.approx(expected)


def test_histograms_sum_to_one():
    region = to_lab(draw_landscape().astype(np.float32)).reshape(1, -1, 3)
    for axes in (FINE, COARSE):
        assert soft_histograms(region, axes=axes).sum() == pytest.approx(1, abs=1e-4)


def test_moments_by_hand():
    """Values 0, 0, 0, 4: mean 1, variance (3 + 9) / 4 = 3, third central moment (27 - 3) / 4 = 6."""
    region = np.zeros((1, 4, 3), dtype=np.float32)
    region[0, 3, 0] = 4
    expected = [1, 0, 0, 3**0.5, 0, 0, 6 ** (1 / 3), 0, 0]
    assert colour_moments(region)[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 60), (0, 0, 255), (12, 200, 100)])
def test_the_mean_colour_can_be_read_back(colour):
    half = describe_colours(np.full((20, 30, 3), colour, np.uint8)).astype(np.float16)
    [mean] = mean_colours(half[None].astype(np.float32))
    assert np.abs(mean.astype(int) - colour).max() <= 1
