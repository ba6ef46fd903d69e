"""LogLuv: files packed by hand after its definition, and files that OpenCV writes."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from retrieval import DecoderProcess, Limits
from retrieval.errors import UnreadableImage
from retrieval.pictures.images import RGB, count_pixels, decode_image
from retrieval.pictures.logluv import read_logluv

WHITE = (0.1978, 0.4683)  # u' and v' of D65
RED = (0.4507, 0.5229)  # and of sRGB's red
SGI_RLE, SGI_24 = 34676, 34677  # compressions
SCREEN = "window:0.5:1"


def pack_row(luminances: list[float], colour: tuple[float, float]) -> bytes:
    """A row of 32-bit LogLuv: planes of sign and upper bits, lower bits, u and v, each one run of literals."""
    logs = [int(256 * (np.log2(luminance) + 64)) for luminance in luminances]
    u, v = (int(410 * part) for part in colour)
    planes = [[log >> 8 for log in logs], [log & 255 for log in logs], [u] * len(logs), [v] * len(logs)]
    return b"".join(bytes([len(plane), *plane]) for plane in planes)


def pack_tiff(width: int, rows: list[bytes], *, photometric: int = 32845) -> bytes:
    """A TIFF of one strip."""
    strip = b"".join(rows)
    tags = [
        (256, 3, width), (257, 3, len(rows)), (258, 3, 16), (259, 3, SGI_RLE), (262, 3, photometric),
        (273, 4, 8), (277, 3, 3 if photometric == 32845 else 1), (278, 3, len(rows)), (279, 4, len(strip)),
        (284, 3, 1), (339, 3, 2),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    header = struct.pack("<2sHI", b"II", 42, 8 + len(strip))
    return header + strip + struct.pack("<H", len(tags)) + entries + bytes(4)


def write_by_opencv(linear: npt.NDArray[np.float32], compression: int) -> bytes:
    """Linear red, green and blue as a file."""
    options = [cv2.IMWRITE_TIFF_COMPRESSION, compression]
    done, data = cv2.imencode(".tiff", np.ascontiguousarray(linear[..., ::-1]), options)
    assert done
    return bytes(data)


def decode_pixels(data: bytes, scaling: str = SCREEN) -> RGB:
    return decode_image(data, name="it", limits=Limits(scaling=scaling)).pixels


def test_grey_is_the_square_root_of_its_light() -> None:
    """What is brighter than white is white on a screen; black is the smallest logarithm."""
    row = pack_row([2**-20, 0.01, 0.0625, 0.25, 1.0, 100.0], WHITE)
    pixels = decode_pixels(pack_tiff(6, [row] * 6))
    assert np.abs(pixels[3].astype(int) - np.array([0, 25, 64, 128, 254, 255])[:, None]).max() <= 4


def test_colours_are_those_of_srgb() -> None:
    """The luminance of the red primary is 0.2126."""
    pixels = decode_pixels(pack_tiff(4, [pack_row([0.2126] * 4, RED)] * 4))
    red, green, blue = pixels[2, 2].astype(int)
    assert red >= 250
    assert max(green, blue) <= 25


def test_without_a_window_the_brightest_value_is_white() -> None:
    row = pack_row([0.01, 1.0, 100.0], WHITE)
    pixels = decode_pixels(pack_tiff(3, [row] * 3), "auto")
    assert pixels[1, 2].min() >= 250
    assert 15 <= pixels[1, 1].mean() <= 35  # a tenth of the range above the darkest


@pytest.mark.parametrize(("compression", "tolerance"), [(SGI_RLE, 0.03), (SGI_24, 0.12)])
def test_both_depths(compression: int, tolerance: float) -> None:
    random = np.random.default_rng(5)
    blocks = random.uniform(0.1, 4, (6, 8, 3)).astype(np.float32)
    linear = np.repeat(np.repeat(blocks, 10, 0), 10, 1)
    shown = read_logluv(write_by_opencv(linear, compression), 80, 60)
    assert np.abs(shown - np.sqrt(linear)).max() <= 2 * tolerance
    assert np.abs(shown - np.sqrt(linear)).mean() <= tolerance / 2


def test_it_is_decoded_in_a_process_of_its_own_with_its_size_and_format() -> None:
    data = write_by_opencv(np.full((30, 50, 3), 0.5, np.float32), SGI_RLE)
    assert count_pixels(data) == 1500
    process = DecoderProcess(Limits(scaling=SCREEN))
    process.open_content(data, "it")
    image = process.decode_page().image
    process.end_process()
    assert (image.width, image.height, image.format) == (50, 30, "tiff")
    assert np.abs(image.pixels.astype(int) - 180).max() <= 6  # 255 · √0.5


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pack_tiff(4, [pack_row([0.5] * 4, WHITE)] * 4, photometric=32844), "broken"),
        (pack_tiff(4, [pack_row([0.5] * 4, WHITE)] * 4)[:30] + bytes(20), "truncated"),
        (pack_tiff(4, [b"\x04" * 4] * 4), "broken"),
        (pack_tiff(0, [b""]), "broken"),
        (pack_tiff(60_000, [b"\x04" * 4] * 60_000), "too-many-pixels"),
    ],
    ids=["LogL", "cut", "garbage", "no pixels", "too large"],
)
def test_what_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableImage) as caught:
        decode_image(data, name="it")
    assert caught.value.code == code
