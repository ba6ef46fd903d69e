"""Query pictures of what a program has at hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retrieval import InvalidQuery, Picture, Region, images, make_picture
from tests.drawing import draw_scene

PIXELS = draw_scene(2)


def decode(picture: Picture) -> Any:
    assert isinstance(picture.source, bytes)
    return images.decode_image(picture.source, name="test").pixels


def test_a_path_and_bytes_stay_as_they_are() -> None:
    box = Region(0, 0, 0.5, 0.5)
    assert make_picture("a/b.jpg", 2.0, region=box) == Picture(Path("a/b.jpg"), 2.0, region=box)
    assert make_picture(b"bytes", name="boat") == Picture(b"bytes")


def test_pixels_come_back_as_they_were_given() -> None:
    assert np.array_equal(decode(make_picture(PIXELS)), PIXELS)
    assert np.array_equal(decode(make_picture(PIXELS[::-1, ::-1])), PIXELS[::-1, ::-1])
    grey = PIXELS[:, :, 0]
    assert np.array_equal(decode(make_picture(grey)), np.dstack([grey] * 3))


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "CMYK", "YCbCr", "HSV", "RGBA", "LA", "F"])
def test_a_picture_of_pillow_may_have_any_mode(mode: str) -> None:
    picture = Image.fromarray(PIXELS).convert("L" if mode in ("LA", "F") else "RGB").convert(mode)
    shown = decode(make_picture(picture))
    near = np.asarray(picture.convert("RGB"), int)
    assert shown.shape == PIXELS.shape
    assert np.abs(shown.astype(int) - near).mean() < 3


def test_a_picture_of_pillow_is_turned_upright() -> None:
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # to be turned to the right
    Image.fromarray(PIXELS).save(file, "JPEG", quality=95, exif=exif)
    with Image.open(file) as opened:
        shown = decode(make_picture(opened))
    assert shown.shape == PIXELS.swapaxes(0, 1).shape
    assert np.abs(shown.astype(int) - np.rot90(PIXELS, 3)).mean() < 8


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (PIXELS / 255, "an array of float64; give uint8"),
        (PIXELS[:, :, :2], r"shape \(\d+, \d+, 2\); give"),
        (PIXELS[:0], r"shape \(0, "),
        (PIXELS[0, 0], r"shape \(3,\)"),
    ],
)
def test_other_arrays_are_refused(pixels: Any, words: str) -> None:
    with pytest.raises(InvalidQuery, match=words):
        make_picture(pixels)
