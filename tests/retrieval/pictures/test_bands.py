"""Colour of more than eight bits and pictures of bands: no value is lost before the policy scales it."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image, ImageCms

from retrieval.errors import UnreadableImage
from retrieval.pictures import bands
from retrieval.pictures.files import Limits
from retrieval.pictures.images import RGB, decode_image
from tests.drawing import draw_scene, encode_picture, png_chunk

SCENE = draw_scene(3)
SCENE_16 = SCENE.astype(np.uint16) * np.uint16(257)
Values = npt.NDArray[Any]


def encode_tiff(values: Values, **options: Any) -> bytes:
    buffer = BytesIO()
    tifffile.imwrite(buffer, values, **{"photometric": "rgb", "planarconfig": "contig", **options})
    return buffer.getvalue()


def encode_png(values: Values) -> bytes:
    return bytes(imagecodecs.png_encode(values))


def encode_ppm(values: Values, maximum: int) -> bytes:
    height, width = values.shape[:2]
    return b"P6\n# drawn\n%d %d\n%d\n" % (width, height, maximum) + values.astype(">u2").tobytes()


def decode_pixels(data: bytes, scaling: str = "auto") -> RGB:
    return decode_image(data, name="it", limits=Limits(scaling=scaling)).pixels


def decoding_error(data: bytes, limits: Limits = Limits()) -> UnreadableImage:  # noqa: B008 - a frozen value
    with pytest.raises(UnreadableImage) as caught:
        decode_image(data, name="it", limits=limits)
    return caught.value


def bands_first(values: Values) -> Values:
    """As files of separate planes hold them: (band, row, column)."""
    return np.moveaxis(values, 2, 0)


FIVE = np.dstack([SCENE_16, SCENE_16[..., ::-1]])[..., :5]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (encode_png(SCENE_16), "png"),
        (encode_ppm(SCENE_16, 65535), "ppm"),
        (encode_tiff(SCENE_16), "tiff"),
        (encode_tiff(SCENE_16, byteorder=">"), "tiff"),
        (encode_tiff(SCENE_16, bigtiff=True), "tiff"),
        (encode_tiff(SCENE_16, compression="lzw", predictor=True), "tiff"),
        (encode_tiff(SCENE_16, compression="zstd", tile=(64, 64)), "tiff"),
        (encode_tiff(bands_first(SCENE_16), planarconfig="separate", compression="zlib"), "tiff"),
        (encode_tiff(SCENE_16, photometric="minisblack"), "tiff"),
        (encode_tiff(SCENE, photometric="minisblack"), "tiff"),
        (encode_tiff(FIVE, photometric="minisblack"), "tiff"),
        (encode_tiff(bands_first(FIVE), photometric="minisblack", planarconfig="separate"), "tiff"),
        (encode_tiff(np.dstack([SCENE_16, SCENE_16[..., 0]]), extrasamples=["unspecified"]), "tiff"),
    ],
    ids=["png", "ppm", "tiff", "big-endian", "big-tiff", "lzw", "tiles", "planes", "bands", "8-bit-bands", "5-bands",
         "5-planes", "4-channels"],
)  # fmt: skip
def test_colour_of_every_make_looks_as_it_should(data: bytes, kind: str) -> None:
    image = decode_image(data, name="it")
    assert (image.width, image.height, image.format) == (160, 120, kind)
    assert np.abs(image.pixels.astype(int) - SCENE).max() <= 1


@pytest.mark.parametrize("kind", [np.uint16, np.int16, np.int32, np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    ("scaling", "low", "high"), [("minmax", 0, 2000), ("auto", None, None), ("window:1000:1000", 500, 1500)]
)
def test_every_policy_holds_for_colour(kind: Any, scaling: str, low: int | None, high: int | None) -> None:
    values = np.linspace(0, 2000, 48 * 64 * 3).reshape(48, 64, 3).astype(kind)
    if low is None or high is None:
        low, high = (0, 65535) if np.issubdtype(kind, np.integer) else (0, 2000)
    expected = np.clip((values.astype(float) - low) / (high - low) * 255, 0, 255)
    for data in (encode_tiff(values), *([encode_png(values)] if kind == np.uint16 else [])):
        assert np.abs(decode_pixels(data, scaling) - expected).max() <= 1


def test_bands_share_one_range_so_that_a_hue_stays() -> None:
    values = np.zeros((16, 16, 3), np.uint16)
    values[8:] = (4000, 2000, 1000)
    assert decode_pixels(encode_tiff(values), "minmax")[12, 8].tolist() == [255, 127, 63]
    assert decode_pixels(encode_png(values), "percentile")[12, 8].tolist() == [255, 127, 63]


def test_percentiles_of_a_large_picture_come_from_all_bands() -> None:
    values = np.zeros((1000, 1000, 3), np.uint16)
    values[..., 1] = np.linspace(0, 60_000, 1000).astype(np.uint16)
    green = decode_pixels(encode_tiff(values), "percentile")[..., 1].astype(int)
    assert green.min() == 0
    assert green[256, 256] == pytest.approx(129, abs=3)


def test_a_ppm_of_twelve_bits_counts_as_shares_of_its_maximum() -> None:
    assert (
        np.abs(decode_pixels(encode_ppm(SCENE.astype(np.uint16) * 16, 4080)).astype(int) - SCENE).max() <= 1
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encode_tiff(SCENE[..., 0].astype(np.float64), photometric="minisblack"), SCENE[..., 0]),
        (encode_tiff(SCENE[..., 0].astype(np.float16), photometric="minisblack"), SCENE[..., 0]),
        (encode_tiff(-SCENE[..., 0].astype(np.float64), photometric="miniswhite"), SCENE[..., 0]),
        (encode_tiff(SCENE_16[..., :2], photometric="minisblack"), SCENE[..., 0]),
    ],
    ids=["64-bit", "16-bit", "inverted", "two-bands"],
)
def test_grey_that_pillow_refuses(data: bytes, expected: Values) -> None:
    decoded = decode_pixels(data, "minmax").astype(int)
    low, high = int(expected.min()), int(expected.max())
    assert np.abs(decoded - ((expected.astype(float) - low) / (high - low) * 255)[..., None]).max() <= 1


OPAQUE = np.full(SCENE_16.shape[:2], 65535, np.uint16)
OPAQUE[:, 80:] = 0
FLOATS = encode_tiff((np.dstack([SCENE_16, OPAQUE]) / 65535).astype(np.float32), extrasamples=["unassalpha"])
HALF = np.full(SCENE_16.shape[:2], 32768, np.uint16)


@pytest.mark.parametrize(
    "data",
    [
        encode_png(np.dstack([SCENE_16, OPAQUE])),
        encode_png(np.dstack([SCENE_16[..., 0], OPAQUE])),
        encode_tiff(np.dstack([SCENE_16, OPAQUE]), extrasamples=["unassalpha"]),
        FLOATS,
        encode_tiff(
            np.dstack([SCENE_16[..., 0], OPAQUE]), photometric="minisblack", extrasamples=["unassalpha"]
        ),
    ],
    ids=["png", "grey-png", "tiff", "floats", "grey-tiff"],
)
def test_what_is_transparent_lies_over_white(data: bytes) -> None:
    decoded = decode_pixels(data, "window:0.5:1" if data is FLOATS else "auto")
    assert (decoded[:, 80:] == 255).all()
    assert np.abs(decoded[:, :80, 0].astype(int) - SCENE[:, :80, 0]).max() <= 1


def test_values_multiplied_by_their_opacity_are_not_darkened_twice() -> None:
    half = encode_tiff(np.dstack([SCENE_16 // 2, HALF]), extrasamples=["assocalpha"])
    assert np.abs(decode_pixels(half) - (SCENE / 2 + 127.5)).max() <= 2


def test_orientation_and_camera_count() -> None:
    turned = np.rot90(SCENE_16)  # as a camera held upright sees it
    data = encode_tiff(turned, extratags=[(274, 3, 1, 6, True), (271, 2, 4, "Leaf", True)])
    image = decode_image(data, name="it")
    assert (image.width, image.height, image.camera) == (160, 120, "Leaf")
    assert np.abs(image.pixels.astype(int) - SCENE).max() <= 1


def insert_chunk(data: bytes, kind: bytes, body: bytes, at: int) -> bytes:
    """A PNG with one more chunk at an offset."""
    return data[:at] + png_chunk(kind, body) + data[at:]


@pytest.mark.parametrize("at", [33, -12], ids=["before", "behind"])
def test_exif_of_a_png_of_16_bits_counts_wherever_it_stands(at: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode_png(np.ascontiguousarray(np.rot90(SCENE_16)))
    place = at if at > 0 else len(data) + at
    image = decode_image(insert_chunk(data, b"eXIf", exif.tobytes()[6:], place), name="it")
    assert np.abs(image.pixels.astype(int) - SCENE).max() <= 1


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_a_colour_profile_is_applied_to_high_bit_depth_as_to_any(kind: str) -> None:
    expected = decode_pixels(encode_picture(Image.fromarray(SCENE), "PNG", icc_profile=_swapped_profile()))
    data = (
        insert_chunk(encode_png(SCENE_16), b"iCCP", b"it\0\0" + zlib.compress(_swapped_profile()), 33)
        if kind == "png"
        else encode_tiff(SCENE_16, iccprofile=_swapped_profile())
    )
    decoded = decode_pixels(data)
    assert np.abs(decoded.astype(int) - expected).max() <= 2
    assert np.abs(decoded.astype(int) - SCENE).mean() > 5


def _swapped_profile() -> bytes:
    """The profile sRGB with the primaries of red and blue swapped."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack_from(">I", data, 128)[0]
    table = data[132 : 132 + 12 * count]
    swapped = table.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
    return data[:132] + swapped + data[132 + 12 * count :]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (encode_png(SCENE_16)[:3000], "truncated"),
        (encode_ppm(SCENE_16, 65535)[:9000], "truncated"),
        (encode_tiff(SCENE_16)[:9000], "broken"),
        (encode_tiff(SCENE_16, compression="lzw")[:9000], "broken"),
        (encode_tiff(SCENE, photometric="minisblack", compression="jpeg"), "broken"),
        (
            encode_tiff(SCENE_16).replace(
                struct.pack("<HHII", 257, 4, 1, 120), struct.pack("<HHII", 257, 4, 1, 9000)
            ),
            "truncated",
        ),
        (
            encode_png(SCENE_16)[:16] + struct.pack(">II", 60_000, 60_000) + encode_png(SCENE_16)[24:],
            "too-many-pixels",
        ),
        (b"P6 99999 99999 65535\n", "too-many-pixels"),
        (b"P6 0 5 65535\n", "broken"),
    ],
    ids=["png", "ppm", "tiff", "lzw-tiff", "jpeg-bands", "tall-tiff", "large-png", "large-ppm", "no-pixels"],
)
def test_what_cannot_be_read_is_refused_with_its_code(data: bytes, code: str) -> None:
    assert decoding_error(data).code == code


def test_bands_take_no_more_memory_than_the_largest_picture() -> None:
    many = encode_tiff(np.zeros((100, 100, 40), np.uint16), photometric="minisblack")
    assert decode_pixels(many).shape == (100, 100, 3)
    error = decoding_error(many, Limits(max_megapixels=0.02))
    assert (error.code, "40 bands of 100 × 100 values of 16 bits" in error.reason) == (
        "too-many-pixels",
        True,
    )


def test_no_more_is_read_than_the_header_said() -> None:
    with pytest.raises(ValueError, match="two different sizes"):
        bands.read_bands(encode_tiff(SCENE_16), bands.BandsHeader("TIFF", 10, 10, 3, 16))


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_pictures_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    seeds = [encode_png(SCENE_16[:20, :20] ^ 1), encode_tiff(SCENE_16[:20, :20]), encode_tiff(SCENE_16[:20, :20], compression="lzw"),
             encode_tiff(bands_first(FIVE[:20, :20]), photometric="minisblack", planarconfig="separate", compression="zlib"),
             encode_tiff(SCENE_16[:20, :20], bigtiff=True), encode_ppm(SCENE_16[:20, :20], 999)]  # fmt: skip
    for data in seeds:
        for _ in range(40):
            damaged = bytearray(data)
            for _ in range(chance.randint(1, 6)):
                damaged[chance.randrange(chance.choice([200, len(damaged)]))] = chance.randrange(256)
            try:
                image = decode_image(bytes(damaged), name="it", limits=Limits(max_megapixels=1))
            except UnreadableImage:
                continue
            assert image.pixels.dtype == np.uint8


@pytest.mark.parametrize(
    "data",
    [encode_picture(Image.fromarray(SCENE), "PNG"), encode_picture(Image.fromarray(SCENE), "TIFF"), encode_picture(Image.fromarray(SCENE), "PPM"),
     encode_picture(Image.fromarray(SCENE_16[..., 0]), "PNG"), encode_picture(Image.fromarray(SCENE_16[..., 0]), "TIFF"),
     encode_picture(Image.fromarray(SCENE[..., 0].astype(np.float32)), "TIFF"), encode_picture(Image.fromarray(SCENE).convert("CMYK"), "TIFF"),
     encode_picture(Image.fromarray(SCENE), "JPEG"), b"", b"II*\0"],
    ids=["png", "tiff", "ppm", "grey-png", "grey-tiff", "float-tiff", "cmyk", "jpeg", "nothing", "mark"],
)  # fmt: skip
def test_what_pillow_holds_whole_is_left_to_it(data: bytes) -> None:
    assert bands.read_header(data) is None


def test_the_readers_are_loaded_for_such_files_alone() -> None:
    code = """
import sys
from retrieval.pictures.images import decode_image
for size in sys.argv[1:]:
    decode_image(sys.stdin.buffer.read(int(size)), name="it")
    print({"tifffile", "imagecodecs"} & set(sys.modules))
"""
    plain, of_16_bits = encode_picture(Image.fromarray(SCENE), "TIFF"), encode_png(SCENE_16)
    sizes = [str(len(plain)), str(len(of_16_bits))]
    run = subprocess.run(
        [sys.executable, "-c", code, *sizes], input=plain + of_16_bits, capture_output=True, check=True
    )
    assert run.stdout.decode().splitlines() == ["set()", "{'imagecodecs'}"]


@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
@pytest.mark.parametrize("scaling", ["auto", "minmax"])
def test_cielab_of_16_bits(compression: str | None, scaling: str) -> None:
    """As Photoshop writes it; its values have a meaning, which no policy changes."""
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(Image.fromarray(SCENE), *profiles, outputMode="LAB")
    assert lab is not None
    values = np.asarray(lab).astype(np.uint16)  # a* and b* have a sign
    values = np.stack([values[..., 0] * 257, values[..., 1] << 8, values[..., 2] << 8], axis=-1)
    data = encode_tiff(values.astype(np.uint16), photometric="cielab", compression=compression)
    assert np.abs(decode_pixels(data, scaling).astype(int) - SCENE).mean() < 2
