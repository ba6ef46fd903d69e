"""Enhancement: drawn pictures with known noise, light and outlines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrieval.descriptors.enhancement import (
    FILTERS,
    SEGMENTATIONS,
    STEP_NUMBERS,
    check_steps,
    enhance_picture,
    find_foreground,
)
from retrieval.descriptors.preprocessing import Preprocessing
from retrieval.errors import InvalidSetting, UnknownDescriptor
from retrieval.pictures.images import RGB

STEPS = ("median:3", "gaussian-low:1.5", "gaussian-high:8", "butterworth-low:0.3:2", "butterworth-high:0.05:2",
         "clahe:2:8", *(f"crop:{method}" for method in SEGMENTATIONS))  # fmt: skip


def draw_slope(height: int = 96, width: int = 128) -> RGB:
    """Light that changes slowly, and a square that is darker by forty levels."""
    ramp = np.linspace(60, 200, width)[None, :, None] * np.ones((height, 1, 3))
    ramp[30:60, 40:80] -= 40
    return ramp.astype(np.uint8)


def object_on(background: int, box: tuple[int, int, int, int], size: tuple[int, int] = (200, 300)) -> RGB:
    """A chequered object in a box (left, top, right, bottom) on a plain background with faint noise."""
    random = np.random.default_rng(0)
    picture = (background + random.integers(-2, 3, (*size, 3))).astype(np.uint8)
    left, top, right, bottom = box
    squares = np.add.outer(np.arange(bottom - top) // 8, np.arange(right - left) // 8) % 2
    picture[top:bottom, left:right] = np.where(squares[..., None], (200, 40, 40), (40, 60, 120))
    return picture


def mean_difference(one: RGB, other: RGB) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_the_median_takes_single_wrong_pixels_away() -> None:
    clean, random = draw_slope(), np.random.default_rng(1)
    noisy = clean.copy()
    noisy[random.random(clean.shape[:2]) < 0.08] = 255
    assert mean_difference(enhance_picture(noisy, ["median:3"])[0], clean) < 0.15 * mean_difference(
        noisy, clean
    )


@pytest.mark.parametrize("step", ["gaussian-low:1.5", "butterworth-low:0.25:2"])
def test_low_passes_take_noise_away(step: str) -> None:
    clean, random = draw_slope(), np.random.default_rng(2)
    noisy = np.clip(clean + random.normal(0, 20, clean.shape), 0, 255).astype(np.uint8)
    assert mean_difference(enhance_picture(noisy, [step])[0], clean) < 0.45 * mean_difference(noisy, clean)


@pytest.mark.parametrize("step", ["gaussian-high:12", "butterworth-high:0.03:2"])
def test_high_passes_take_uneven_light_away(step: str) -> None:
    enhanced = enhance_picture(draw_slope(), [step])[0].astype(float)
    left, right = enhanced[5:20, 20:30].mean(), enhanced[5:20, -30:-20].mean()
    assert abs(left - right) < 10  # 75 before
    assert enhanced[45, 55].mean() < enhanced[45, 20].mean() - 8  # the square is still there


def test_a_butterworth_filter_halves_what_is_at_its_cutoff() -> None:
    """A wave of a quarter of the highest frequency, filtered by H = 1/2: half of its amplitude is left."""
    wave = 128 + 80 * np.cos(np.pi * 0.25 * (np.arange(256) + 0.5))
    picture = np.repeat(np.repeat(wave[None, :, None], 64, 0), 3, 2).astype(np.uint8)
    filtered = FILTERS["butterworth-low"](picture, 0.25, 3)
    assert np.ptp(filtered[32].astype(int)) == pytest.approx(np.ptp(picture.astype(int)) / 2, abs=2)


def test_clahe_widens_a_narrow_contrast() -> None:
    dull = (draw_slope() // 8 + 110).astype(np.uint8)
    assert enhance_picture(dull, ["clahe:4:4"])[0].std() > 1.5 * dull.std()


@pytest.mark.parametrize("method", SEGMENTATIONS)
@pytest.mark.parametrize("background", [250, 12])
def test_a_thing_on_a_plain_background_is_found(method: str, background: int) -> None:
    region = find_foreground(object_on(background, (60, 50, 180, 140)), method)
    box = (region.left, region.top, region.left + region.width, region.top + region.height)
    assert box == pytest.approx((60 / 300, 50 / 200, 180 / 300, 140 / 200), abs=0.05)


@pytest.mark.parametrize("method", SEGMENTATIONS)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_nothing_is_cut_where_nothing_stands_out(method: str, level: int) -> None:
    plain = np.full((50, 70, 3), level, np.uint8)
    picture, part = enhance_picture(plain, [f"crop:{method}"])
    assert picture.shape == plain.shape
    assert (part.left, part.top, part.width, part.height) == (0, 0, 1, 1)


def test_a_frame_is_told_in_parts_of_the_original() -> None:
    picture = object_on(250, (60, 50, 180, 140))
    plain, cropping = Preprocessing(crop=1.0), Preprocessing(crop=1.0, enhance=("crop:threshold",))
    full, part = plain.visible_region(picture), cropping.visible_region(picture)
    assert full.height == pytest.approx(1)
    assert 0.15 < part.left < 0.35
    assert part.height == pytest.approx(0.45, abs=0.06)


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))),
    st.lists(st.sampled_from(STEPS), max_size=3),
)
@settings(deadline=None, max_examples=60)
def test_whatever_the_picture_a_picture_comes_out(picture: RGB, steps: list[str]) -> None:
    before = picture.copy()
    enhanced, part = enhance_picture(picture, steps)
    assert enhanced.dtype == np.uint8
    assert enhanced.ndim == 3
    assert enhanced.size
    assert np.array_equal(picture, before)
    again, same = enhance_picture(picture, steps)
    assert np.array_equal(enhanced, again)
    assert part == same


@pytest.mark.parametrize(
    "step",
    ["", "sharpen:1", "median", "median:4", "median:3:3", "gaussian-low:0", "gaussian-low:nan", "clahe:2",
     "butterworth-low:0.3", "butterworth-high:2:2", "crop", "crop:face", "crop:edge:1", "median:three"],
)  # fmt: skip
def test_what_is_no_step_is_refused_by_name(step: str) -> None:
    with pytest.raises(InvalidSetting, match=r"^enhance"):
        check_steps([step])


def test_every_filter_says_what_its_numbers_may_be() -> None:
    assert FILTERS.keys() == STEP_NUMBERS.keys()
    assert check_steps(STEPS[:8]) == STEPS[:8]
    with pytest.raises(InvalidSetting, match="9 steps"):
        check_steps(["median:3"] * 9)


def test_steps_are_part_of_the_preprocessing_and_so_of_the_fingerprint() -> None:
    plain = Preprocessing()
    assert "enhance" not in plain.as_json()
    enhancing = plain.with_overrides({"enhance": "median:3,crop:edge"})
    assert enhancing.enhance == ("median:3", "crop:edge")
    assert Preprocessing.from_json(enhancing.as_json()) == enhancing
    with pytest.raises(UnknownDescriptor):
        Preprocessing.from_json(enhancing.as_json() | {"enhancement_version": 0})
    picture = object_on(250, (60, 50, 180, 140))
    assert not np.array_equal(enhancing.prepare_batch([picture]), plain.prepare_batch([picture]))
