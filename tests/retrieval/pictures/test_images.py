"""Real files of every kind: what decodes looks right, what does not is refused by one error with a code."""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from retrieval import images
from retrieval.errors import ImageTooLarge, UnreadableImage
from retrieval.paths import display_path
from retrieval.pictures.files import DEFAULT_LIMITS, Limits, read_file
from retrieval.pictures.images import RGB, DecodedImage, decode_image
from tests.drawing import (
    draw_scene,
    encode_picture,
    encode_rotated,
    grey_of_16_bits,
    half_transparent,
    make_bomb,
    png_chunk,
    write_hostile_files,
    write_scenes,
)

SCENE = draw_scene(3)
DRAWN = Image.fromarray(SCENE)
GREY = np.asarray(DRAWN.convert("L"))
DITHERED = np.asarray(DRAWN.convert("1").convert("L"))
FRAMES = [Image.fromarray(draw_scene(seed)) for seed in (4, 5)]
PLAIN = b"P3\n20 15\n255\n" + b" ".join(b"%d" % value for value in draw_scene(3, 20, 15).ravel()) + b"\n"
SEEDS = {
    "jpeg": encode_picture(DRAWN, "JPEG", quality=92),
    "progressive": encode_picture(DRAWN, "JPEG", progressive=True),
    "png": encode_picture(DRAWN, "PNG"),
    "gif": encode_picture(DRAWN, "GIF"),
    "animated-gif": encode_picture(DRAWN, "GIF", save_all=True, append_images=FRAMES),
    "webp": encode_picture(DRAWN, "WEBP"),
    "lossless-webp": encode_picture(DRAWN, "WEBP", lossless=True, save_all=True, append_images=FRAMES),
    "bmp": encode_picture(DRAWN, "BMP"),
    "rle-bmp": encode_picture(DRAWN.quantize(16), "BMP"),
    "tiff": encode_picture(DRAWN, "TIFF"),
    "lzw-tiff": encode_picture(DRAWN, "TIFF", compression="tiff_lzw"),
    "ppm": encode_picture(DRAWN, "PPM"),
    "plain-ppm": PLAIN,
    "avif": encode_picture(DRAWN, "AVIF", quality=90),
    "heif": encode_picture(DRAWN, "HEIF", quality=90),
}


def decode_bytes(data: bytes) -> DecodedImage:
    return decode_image(data, name="it")


def decoding_error(data: bytes, limits: Limits = DEFAULT_LIMITS) -> UnreadableImage:
    with pytest.raises(UnreadableImage) as caught:
        decode_image(data, name="it", limits=limits)
    return caught.value


def mean_difference(first: RGB, second: RGB) -> float:
    """Mean difference in grey levels."""
    assert first.shape == second.shape
    return float(np.abs(first.astype(float) - second).mean())


def over_grey(grey: np.ndarray) -> RGB:
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def signal_to_noise(first: RGB, second: RGB) -> float:
    """Peak signal-to-noise ratio in dB."""
    return float(10 * np.log10(255**2 / ((first.astype(float) - second) ** 2).mean()))


def bits_apart(first: int, second: int) -> int:
    return ((first ^ second) & (2**64 - 1)).bit_count()


def raw_png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


SCENE_16 = (SCENE.astype(">u2") * 257).astype(">u2")


def tiff_of_16_bits() -> bytes:
    """Colour with 16 bits a channel, in one strip."""
    facts = (256, 4, 160), (257, 4, 120), (258, 3, 134), (259, 3, 1), (262, 3, 2), (273, 4, 140), (277, 3, 3), \
        (278, 4, 120), (279, 4, SCENE_16.nbytes), (284, 3, 1)  # fmt: skip
    entries = b""
    for tag, kind, value in facts:
        packed = struct.pack(">HH" if kind == 3 else ">I", *((value, 0) if kind == 3 else (value,)))
        entries += struct.pack(">HHI", tag, kind, 1) + packed
    bits = struct.pack(">HHII", 258, 3, 3, 134)
    entries = entries[:24] + bits + entries[36:]
    table = struct.pack(">H", len(facts)) + entries + bytes(4)
    return b"MM\0*" + struct.pack(">I", 8) + table + struct.pack(">HHH", 16, 16, 16) + SCENE_16.tobytes()


def gif_frames(count: int) -> bytes:
    """The scene, followed by `count` frames of one pixel; the same in other formats below."""
    frame = b"!\xf9\4\4\0\0\0\0," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2D\1\0"
    return SEEDS["animated-gif"][:-1] + frame * count + b";"


def webp_frames(count: int) -> bytes:
    pixels = encode_picture(Image.new("RGB", (2, 2)), "WEBP", lossless=True)[12:]
    head = bytes(6) + b"\1\0\0" * 2 + b"d\0\0\0"  # where, how large less one, how long
    frame = b"ANMF" + struct.pack("<I", len(head + pixels)) + head + pixels
    body = SEEDS["lossless-webp"][8:] + frame * count
    return b"RIFF" + struct.pack("<I", len(body)) + body


def png_frames(count: int) -> bytes:
    data, pixels = SEEDS["png"], zlib.compress(b"\0\1\2\3")

    def control_chunk(number: int, *size: int) -> bytes:
        return png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, *size, 0, 0, 1, 10, 0, 0))

    frames = b"".join(
        control_chunk(number, 1, 1) + png_chunk(b"fdAT", struct.pack(">I", number + 1) + pixels)
        for number in range(1, 2 * count, 2)
    )
    animation = png_chunk(b"acTL", struct.pack(">II", count + 1, 0)) + control_chunk(0, *DRAWN.size)
    return data[:33] + animation + data[33:-12] + frames + data[-12:]


def ycck_jpeg() -> bytes:
    """Four inks, of which three are stored as brightness and two colour differences, as Photoshop does."""
    *inks, black = DRAWN.convert("CMYK").split()
    stored = [
        channel.point(lambda level: 255 - level)
        for channel in Image.merge("RGB", inks).convert("YCbCr").split()
    ]
    data = encode_picture(Image.merge("CMYK", [*stored, black]), "JPEG", quality=95, subsampling=0)
    place = data.index(b"Adobe") + 11
    return data[:place] + b"\2" + data[place + 1 :]


BOMBS = {
    "one-bit": make_bomb(),
    "one-bit-of-49-kB": make_bomb(20_000),
    "gif": b"GIF89a\xff\xff\xff\xff\0\0\0!\xf9\4\x08\0\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\2D\1\0;",
    "bmp": b"BM" + struct.pack("<IIIIiiHHIIiiII", 99, 0, 54, 40, 65535, 65535, 1, 24, 0, 0, 0, 0, 0, 0),
    "png": raw_png(2**31 - 1, 2**31 - 1, 8, 0, b""),
    "ppm": b"P5 65535 65535 255\n",
    "webp": SEEDS["webp"].replace(b"\x9d\x01\x2a\xa0\0\x78\0", b"\x9d\x01\x2a\xff\x3f\xff\x3f"),
    "tiff": SEEDS["tiff"]
    .replace(struct.pack("<HHII", 256, 4, 1, 160), struct.pack("<HHII", 256, 4, 1, 65535))
    .replace(struct.pack("<HHII", 257, 4, 1, 120), struct.pack("<HHII", 257, 4, 1, 65535)),
}


class TestUpright:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_orientation_gives_the_same_picture(self, orientation: int, kind: str) -> None:
        picture = decode_bytes(encode_rotated(SCENE, orientation, kind))
        assert (picture.width, picture.height) == (160, 120)
        assert mean_difference(picture.pixels, SCENE) < 5

    def test_a_turned_photo_is_reduced_and_keeps_its_upright_size(self) -> None:
        picture = decode_bytes(encode_rotated(draw_scene(3, 1600, 1200), 6))
        assert (picture.width, picture.height, picture.pixels.shape) == (1600, 1200, (512, 683, 3))

    def test_damaged_exif_is_dropped(self) -> None:
        picture = decode_bytes(
            encode_picture(DRAWN, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 40)
        )
        assert picture.taken_at is None
        assert mean_difference(picture.pixels, SCENE) < 5

    @pytest.mark.parametrize(
        ("original", "changed", "expected"),
        [
            ("2019:05:04 13:02:01", "2020:01:01 00:00:00", datetime(2019, 5, 4, 13, 2, 1)),
            ("0000:00:00 00:00:00", "2020:01:01 00:00:00", datetime(2020, 1, 1)),
            ("2019:05:04 13:02:01\0\0", None, datetime(2019, 5, 4, 13, 2, 1)),
            ("yesterday", None, None),
            (None, None, None),
        ],
    )
    def test_time_of_exposure(
        self, original: str | None, changed: str | None, expected: datetime | None
    ) -> None:
        exif = Image.Exif()
        if original:
            exif.get_ifd(0x8769)[0x9003] = original
        if changed:
            exif[0x0132] = changed
        assert decode_bytes(encode_picture(DRAWN, "JPEG", exif=exif)).taken_at == expected

    @pytest.mark.parametrize(
        ("make", "model", "expected"),
        [
            ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
            ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
            ("Apple", "iPhone 12", "Apple iPhone 12"),
            ("FUJIFILM   ", "  X-T4\0\0", "FUJIFILM X-T4"),
            (None, "X-T4", "X-T4"),
            ("Apple", None, "Apple"),
            (None, None, ""),
            ("\0\0", " ", ""),
            ("a\x1b[2Jb\nc", "d\te", "a [2Jb c d e"),
            ("m" * 200, "n" * 200, "m" * 80 + " " + "n" * 80),
        ],
    )
    def test_camera(self, make: str | None, model: str | None, expected: str) -> None:
        exif = Image.Exif()
        exif[0x0131] = "a program"  # so that there is EXIF at all
        for tag, value in ((0x010F, make), (0x0110, model)):
            if value is not None:
                exif[tag] = value
        assert decode_bytes(encode_picture(DRAWN, "JPEG", exif=exif)).camera == expected

    def test_camera_of_a_damaged_exif_is_unknown(self) -> None:
        number = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIII", 0x010F, 3, 1, 7, 0)  # no text
        assert decode_bytes(encode_picture(DRAWN, "JPEG", exif=number)).camera == ""
        broken = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x0f\x01" * 40
        assert decode_bytes(encode_picture(DRAWN, "JPEG", exif=broken)).camera == ""
        assert decode_bytes(SEEDS["png"]).camera == ""


class TestColour:
    @pytest.mark.parametrize(
        ("data", "reference"),
        [
            (encode_picture(DRAWN.convert("CMYK"), "JPEG", quality=92), SCENE),
            (ycck_jpeg(), SCENE),
            (encode_picture(DRAWN.convert("CMYK"), "TIFF"), SCENE),
            (encode_picture(DRAWN.convert("YCbCr"), "TIFF"), SCENE),
            (encode_picture(DRAWN.quantize(256), "PNG"), SCENE),
            (encode_picture(DRAWN.convert("L"), "JPEG"), over_grey(GREY)),
            (encode_picture(Image.fromarray(grey_of_16_bits(SCENE)), "PNG"), over_grey(GREY)),
            (encode_picture(Image.fromarray(grey_of_16_bits(SCENE)), "TIFF"), over_grey(GREY)),
            (encode_picture(Image.fromarray(grey_of_16_bits(SCENE).astype(">u2")), "TIFF"), over_grey(GREY)),
            (b"P5 160 120 65535\n" + grey_of_16_bits(SCENE).astype(">u2").tobytes(), over_grey(GREY)),
            (b"P6 160 120 65535\n" + SCENE_16.tobytes(), SCENE),
            (tiff_of_16_bits(), SCENE),
            (encode_picture(DRAWN, "TIFF", compression="jpeg", quality=92), SCENE),
            (encode_picture(DRAWN, "TIFF", compression="tiff_adobe_deflate"), SCENE),
            (encode_picture(DRAWN.convert("1"), "PNG"), over_grey(DITHERED)),
            (encode_picture(DRAWN.convert("1"), "TIFF", compression="group4"), over_grey(DITHERED)),
        ],
        ids=[
            "cmyk-jpeg",
            "ycck-jpeg",
            "cmyk-tiff",
            "ycbcr",
            "palette",
            "grey",
            "png16",
            "tiff16",
            "tiff16-big",
            "pgm16",
            "ppm16",
            "tiff16-colour",
            "jpeg-tiff",
            "deflated-tiff",
            "one-bit",
            "fax",
        ],
    )
    def test_modes_look_like_their_reference(self, data: bytes, reference: RGB) -> None:
        assert mean_difference(decode_bytes(data).pixels, reference) < 10

    def test_sixteen_bit_colour(self) -> None:
        pixels = (SCENE.astype(">u2") * 257).astype(">u2")
        data = raw_png(160, 120, 16, 2, b"".join(b"\0" + row.tobytes() for row in pixels))
        assert mean_difference(decode_bytes(data).pixels, SCENE) < 1

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
    def test_what_is_transparent_is_white(self, mode: str) -> None:
        image = half_transparent(SCENE)
        data = encode_picture(
            image.quantize(128, Image.Quantize.FASTOCTREE) if mode == "P" else image.convert(mode), "PNG"
        )
        pixels = decode_bytes(data).pixels
        assert (pixels[:, 80:] == 255).all()
        assert (
            mean_difference(pixels[:, :80], over_grey(GREY)[:, :80] if mode == "LA" else SCENE[:, :80]) < 10
        )

    def test_one_transparent_colour_is_white(self) -> None:
        pixels = decode_bytes(
            encode_picture(Image.new("RGB", (9, 9), (1, 2, 3)), "PNG", transparency=(1, 2, 3))
        ).pixels
        assert (pixels == 255).all()

    def test_transparency_bleeds_no_hidden_colour_when_reduced(self) -> None:
        hidden = np.zeros((1200, 1200, 4), np.uint8)
        hidden[:, ::2] = (255, 255, 255, 255)
        assert decode_bytes(encode_picture(Image.fromarray(hidden), "PNG")).pixels.min() >= 254

    @pytest.mark.parametrize("value", [0, 7, 255, 40_000])
    def test_constant_pictures(self, value: int) -> None:
        pixels = decode_bytes(
            encode_picture(Image.fromarray(np.full((8, 8), value, np.uint16)), "PNG")
        ).pixels
        assert (pixels == (value if value < 256 else value // 257)).all()

    def test_floats_span_from_black_to_white(self) -> None:
        values = np.linspace(-3, 4, 64, dtype=np.float32).reshape(8, 8)
        values[0, 1] = np.nan
        pixels = decode_bytes(encode_picture(Image.fromarray(values), "TIFF")).pixels
        assert (pixels.min(), pixels.max()) == (0, 255)
        constant = np.full((8, 8), 1e30, np.float32)
        assert decode_bytes(encode_picture(Image.fromarray(constant), "TIFF")).pixels.max() == 0

    def test_embedded_profile_is_applied_and_a_broken_one_is_not(self) -> None:
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        swapped = srgb.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
        red = Image.new("RGB", (8, 8), (255, 0, 0))
        assert decode_bytes(encode_picture(red, "PNG", icc_profile=srgb)).pixels[0, 0].tolist() == [255, 0, 0]
        assert decode_bytes(encode_picture(red, "PNG", icc_profile=swapped)).pixels[0, 0].tolist() == [
            0,
            255,
            0,
        ]
        assert decode_bytes(encode_picture(red, "PNG", icc_profile=b"x" * 400)).pixels[0, 0].tolist() == [
            255,
            0,
            0,
        ]
        assert decode_bytes(encode_picture(red.convert("L"), "PNG", icc_profile=srgb)).pixels.std() == 0

    @pytest.mark.parametrize(
        "kind", ["animated-gif", "lossless-webp", "GIF", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"]
    )
    def test_first_frame_only(self, kind: str) -> None:
        several = {"save_all": True, "append_images": FRAMES}
        data = SEEDS[kind] if kind in SEEDS else encode_picture(DRAWN, kind, **several)
        assert mean_difference(decode_bytes(data).pixels, SCENE) < 10

    @pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
    @pytest.mark.parametrize("blank", ["black", "white", "dark", "transparent"])
    def test_frames_that_show_nothing_are_passed_over(self, kind: str, blank: str) -> None:
        """Reports: immich-app/immich 12801 (black), JamBrain/JamBrain 80 (fading in from white)."""
        colour = {"dark": (9, 3, 5, 255), "transparent": (0, 0, 0, 0)}.get(blank, blank)
        frames = [Image.new("RGBA", DRAWN.size, colour)] * 3 + [DRAWN.convert("RGBA")]
        frames[1:3] = [Image.new("RGBA", DRAWN.size, shade) for shade in ((1, 1, 1, 255), (0, 0, 0, 255))]
        options = {"save_all": True, "append_images": frames[1:], "disposal": 2} if kind == "GIF" else {
            "save_all": True, "append_images": frames[1:]}  # fmt: skip
        assert mean_difference(decode_bytes(encode_picture(frames[0], kind, **options)).pixels, SCENE) < 12

    def test_an_animation_that_never_shows_anything_is_its_first_frame(self) -> None:
        frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (200, 100, 50)]
        data = encode_picture(frames[0], "GIF", save_all=True, append_images=frames[1:])
        assert decode_bytes(data).pixels[0, 0].tolist() == [200, 0, 0]

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [("auto", (0, 3)), ("minmax", (0, 255)), ("percentile", (0, 255)), ("window:500:2000", (63, 191))],
    )
    def test_deep_grey_is_scaled_by_the_policy(self, policy: str, expected: tuple[int, int]) -> None:
        values = np.linspace(0, 1000, 4096).astype(np.uint16).reshape(64, 64)
        for kind in ("PNG", "TIFF"):
            data = encode_picture(Image.fromarray(values), kind)
            pixels = decode_image(data, name="it", limits=Limits(scaling=policy)).pixels
            assert (pixels.min(), pixels.max()) == expected
            assert pixels.shape == (64, 64, 3)
        assert np.array_equal(
            decode_image(SEEDS["png"], name="it", limits=Limits(scaling=policy)).pixels, SCENE
        )  # has eight bits already

    def test_picture_pairs_of_3d_cameras_are_jpeg(self) -> None:
        data = encode_picture(DRAWN, "MPO", save_all=True, append_images=FRAMES)
        picture = decode_bytes(data)
        assert picture.format == "jpeg"
        assert mean_difference(picture.pixels, SCENE) < 10


class TestWorkingSize:
    @pytest.mark.parametrize(
        ("width", "height", "expected"),
        [
            (4000, 3000, (683, 512)),
            (513, 513, (512, 512)),
            (512, 600, (512, 600)),
            (30, 20, (30, 20)),
            (1, 1, (1, 1)),
            (3000, 512, (2048, 350)),
            (30_000, 1, (2048, 1)),
            (1, 30_000, (1, 2048)),
        ],
    )
    def test_short_side_512_long_side_2048_never_larger(
        self, width: int, height: int, expected: tuple[int, int]
    ) -> None:
        picture = decode_bytes(encode_picture(Image.new("L", (width, height), 9), "PNG"))
        assert (picture.width, picture.height) == (width, height)
        assert picture.pixels.shape == (expected[1], expected[0], 3)

    @pytest.mark.parametrize(("width", "height"), [(1111, 777), (5000, 600), (700, 3001)])
    def test_reducing_twice_changes_nothing(self, width: int, height: int) -> None:
        once = decode_bytes(encode_picture(Image.fromarray(draw_scene(2, width, height)), "BMP")).pixels
        twice = decode_bytes(images.encode_png(once)).pixels
        assert np.array_equal(once, twice)

    def test_reduced_decoding_of_a_large_jpeg_shows_no_difference(self) -> None:
        data = encode_picture(Image.fromarray(draw_scene(3, 4000, 3000)), "JPEG", quality=92)
        with Image.open(BytesIO(data)) as whole:
            reference = images.resize_pixels(np.asarray(whole), 683, 512)
        assert signal_to_noise(decode_bytes(data).pixels, reference) > 40

    def test_resize_is_that_of_pillow(self) -> None:
        for size in [(53, 47), (320, 240), (160, 120)]:
            assert np.array_equal(
                images.resize_pixels(SCENE, *size), np.asarray(DRAWN.resize(size, Image.Resampling.BICUBIC))
            )


class TestRefusals:
    @pytest.mark.parametrize("kind", SEEDS)
    def test_half_a_file_is_never_half_a_picture(self, kind: str) -> None:
        """A picture of which a little is missing says so, and shows at least seven eighths of itself."""
        data = SEEDS[kind]
        whole = decode_bytes(data).pixels
        step = min(64, len(data) // 60 + 1)
        for cut in [*range(1, len(data), step), *range(len(data) - 9, len(data) - 3)]:
            try:
                picture = decode_bytes(data[:cut])
            except UnreadableImage as error:
                assert error.code in {"truncated", "broken", "not-an-image"}  # noqa: PT017
                continue
            if not picture.incomplete:
                assert np.array_equal(picture.pixels, whole), cut  # what follows the picture was missing
            elif kind == "progressive":
                assert mean_difference(picture.pixels, whole) < 20, "all of it, with less detail"
            else:
                assert (picture.pixels != whole).any(axis=2).mean() < 0.15

    @pytest.mark.parametrize(
        "kind",
        ["jpeg", "png", "gif", "webp", "bmp", "ppm", "plain-ppm", "avif", "heif"],
    )
    def test_cut_files_are_called_truncated(self, kind: str) -> None:
        data = SEEDS[kind]
        for share in (0.1, 0.2, 0.3):
            assert decoding_error(data[: int(len(data) * share)]).code == "truncated"

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"just words", "text"),
            (b"%PDF-1.7 ...", "PDF"),
            (b"<?xml version='1.0'?>\n<svg xmlns='x'/>", "SVG"),
            (b"<!DOCTYPE html><p>", "HTML"),
            (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
            (b"%!PS-Adobe-3.0 EPSF", "PostScript"),
            (b"push graphic-context\nviewbox 0 0 1 1", "text"),
            (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
            (bytes(range(200, 250)), "c8 c9 ca"),
        ],
    )
    def test_what_is_no_picture_is_named(self, data: bytes, words: str) -> None:
        error = decoding_error(data)
        assert error.code == "not-an-image"
        assert words in error.reason
        assert "supported are JPEG" in error.reason

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (SEEDS["lzw-tiff"], "tiff"),
            (SEEDS["gif"] + b"<html><script>", "gif"),
            (SEEDS["jpeg"] + b"PK\3\4" + bytes(300), "jpeg"),
            (SEEDS["png"] + b"<?php system($_GET['c']); ?>", "png"),
        ],
        ids=["other-ending", "html-behind", "zip-behind", "php-behind"],
    )
    def test_content_decides_and_not_the_name(self, tmp_path: Path, content: bytes, kind: str) -> None:
        (tmp_path / "it.png").write_bytes(content)
        assert decode_bytes(read_file(tmp_path / "it.png")).format == kind

    def test_what_is_switched_off_says_how_to_switch_it_on(self) -> None:
        code = (
            "import sys; sys.modules['pillow_heif'] = None\n"
            "from retrieval import images; from retrieval.errors import UnreadableImage\n"
            "try: images.decode_image(sys.stdin.buffer.read(), name='it')\n"
            "except UnreadableImage as error: print(error.code, error.reason)"
        )
        run = subprocess.run(
            [sys.executable, "-c", code], input=SEEDS["heif"], capture_output=True, check=True
        )
        assert run.stdout.startswith(
            b"not-an-image looks like a HEIC picture; pip install 'pictor[heif]' to read it; supported are"
        )

    def test_what_is_no_picture_starts_no_program_and_opens_no_file(self) -> None:
        code = (
            "import sys; from retrieval import images; from retrieval.errors import UnreadableImage\n"
            "seen = []\n"
            "watched = ('open', 'subprocess', 'os.exec', 'os.fork', 'os.posix_spawn', 'os.system', 'socket')\n"
            "sys.addaudithook(lambda name, what: name.startswith(watched) and seen.append((name, what)))\n"
            "for data in eval(sys.stdin.read()):\n"
            "    try: images.decode_image(data, name='it')\n"
            "    except UnreadableImage as error: print(error.code)\n"
            "assert not seen, seen\n"
            "open('/dev/null'); assert seen"
        )
        secret = "file:///etc/passwd"
        hostile = (
            f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{secret}">]><svg><text>&x;</text></svg>'.encode(),
            f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{secret}"/></svg>'.encode(),
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run showpage\n%%EOF\n",
            b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/Launch/F(x)>>>>endobj\n%%EOF",
            b"push graphic-context\nimage over 0,0 0,0 'ephemeral:/etc/passwd'\npop graphic-context",
            b'<?xml version="1.0"?><image><read filename="caption:&lt;?php ?&gt;"/></image>',
        )
        run = subprocess.run(
            [sys.executable, "-c", code], input=repr(hostile).encode(), capture_output=True, check=True
        )
        assert run.stdout.split() == [b"not-an-image"] * len(hostile)

    @pytest.mark.parametrize("many", [gif_frames, webp_frames, png_frames])
    def test_a_hundred_thousand_frames_cost_no_more_than_one(self, many: Callable[[int], bytes]) -> None:
        data = many(100_000)
        before = time.process_time()
        assert mean_difference(decode_bytes(data).pixels, SCENE) < 10
        assert time.process_time() - before < 1

    @pytest.mark.parametrize("kind", BOMBS)
    def test_a_bomb_is_refused_for_its_pixels(self, kind: str) -> None:
        assert isinstance(error := decoding_error(BOMBS[kind]), ImageTooLarge)
        assert error.code == "too-many-pixels"
        assert "megapixels; the limit is 200 (setting max_image_megapixels)" in str(error)

    def test_bombs_cost_no_memory(self) -> None:
        code = (
            "import sys; from resource import RUSAGE_SELF, getrusage\n"
            "from retrieval import images; from retrieval.errors import UnreadableImage\n"
            "bombs, before = eval(sys.stdin.read()), getrusage(RUSAGE_SELF).ru_maxrss\n"
            "for data in bombs:\n"
            "    try: images.decode_image(data, name='it')\n"
            "    except UnreadableImage as error: pass\n"
            "print(getrusage(RUSAGE_SELF).ru_maxrss - before)"
        )
        run = subprocess.run(
            [sys.executable, "-c", code],
            input=repr([*BOMBS.values()]),
            capture_output=True,
            text=True,
            check=True,
        )
        assert int(run.stdout) < 20_000  # kB; the smallest would take 400 MB

    def test_the_limit_is_a_setting(self) -> None:
        assert decoding_error(SEEDS["png"], Limits(max_megapixels=0.01)).code == "too-many-pixels"

    def test_metadata_bomb(self) -> None:
        text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2 << 20)))
        data = SEEDS["png"]
        assert decoding_error(data[:33] + text + data[33:]).code == "too-much-metadata"
        profile = png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(65 << 20)))
        assert decoding_error(data[:33] + profile + data[33:]).code == "too-much-metadata"

    def test_no_bytes(self) -> None:
        assert decoding_error(b"").code == "empty-file"

    @pytest.mark.parametrize("kind", SEEDS)
    def test_flipped_bits_give_a_picture_or_the_one_error(self, kind: str) -> None:
        chance = random.Random(kind)
        for _ in range(300 // len(SEEDS)):
            data = bytearray(SEEDS[kind])
            for _ in range(chance.choice((1, 4, 30))):
                place = chance.randrange(len(data) if chance.random() < 0.5 else min(200, len(data)))
                data[place] ^= 1 << chance.randrange(8)
            try:
                decode_image(bytes(data), name="it", limits=Limits(max_megapixels=4))
            except UnreadableImage as error:
                assert error.code and str(error).startswith("it: ")  # noqa: PT017, PT018

    def test_no_warning_reaches_the_user(self, tmp_path: Path) -> None:
        tiff = bytearray(SEEDS["lzw-tiff"])
        start = struct.unpack_from("<I", tiff, 4)[0]
        count = struct.unpack_from("<H", tiff, start)[0]
        struct.pack_into("<HHII", tiff, start + 2 + 12 * (count - 1), 0x9286, 2, 9999, 2**30)
        (tmp_path / "odd.tif").write_bytes(tiff)
        code = (
            "import sys; from retrieval import Limits, images, read_file\n"
            "images.decode_image(read_file(sys.argv[1]), name='odd', limits=Limits())"
        )
        run = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "odd.tif")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stderr == ""


class TestReading:
    def test_hostile_folder(self, tmp_path: Path) -> None:
        expected = write_hostile_files(tmp_path / "hostile")
        codes: dict[str, str | None] = {}
        for name in os.listdir(os.fsencode(tmp_path / "hostile")):
            try:
                decode_image(read_file(os.path.join(os.fsencode(tmp_path / "hostile"), name)), name="it")
                codes[display_path(name)] = None
            except UnreadableImage as error:
                codes[display_path(name)] = error.code
        assert codes == expected

    def test_a_folder_a_lost_file_and_a_zero_byte(self, tmp_path: Path) -> None:
        for path, code in [
            (tmp_path, "not-regular"),
            (tmp_path / "lost.jpg", "vanished"),
            (b"a\0", "unreadable"),
        ]:
            with pytest.raises(UnreadableImage) as caught:
                read_file(path)
            assert caught.value.code == code

    def test_a_sparse_terabyte_is_not_read(self, tmp_path: Path) -> None:
        with (tmp_path / "huge.jpg").open("wb") as file:
            file.truncate(1 << 40)
        with pytest.raises(ImageTooLarge, match=r"1099511\.628 MB; the limit is 1073\.742"):
            read_file(tmp_path / "huge.jpg")

    @pytest.mark.parametrize(
        ("path", "code"), [("/dev/zero", "not-regular"), ("/proc/self/status", "changed-while-reading")]
    )
    def test_what_never_ends_is_not_read(self, path: str, code: str) -> None:
        with pytest.raises(UnreadableImage) as caught:
            read_file(path)
        assert caught.value.code == code

    def test_a_socket_is_not_read(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "it.jpg"))
            with pytest.raises(UnreadableImage) as caught:
                read_file(tmp_path / "it.jpg")
        assert caught.value.code == "not-regular"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_permission_denied(self, tmp_path: Path) -> None:
        (tmp_path / "secret.jpg").touch(mode=0)
        with pytest.raises(UnreadableImage) as caught:
            read_file(tmp_path / "secret.jpg")
        assert caught.value.code == "permission-denied"

    def test_a_file_that_changes_meanwhile(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "growing.jpg"
        path.write_bytes(SEEDS["jpeg"])
        open_descriptor = os.fdopen

        def append_bytes(*arguments: object, **options: object) -> object:
            with path.open("ab") as file:
                file.write(b"more")
            return open_descriptor(*arguments, **options)  # type: ignore[call-overload]

        monkeypatch.setattr(os, "fdopen", append_bytes)
        with pytest.raises(UnreadableImage) as caught:
            read_file(path)
        assert caught.value.code == "changed-while-reading"

    def test_a_file_that_shrinks_meanwhile_is_never_half_a_picture(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "shrinking.jpg"
        path.write_bytes(SEEDS["jpeg"])
        open_descriptor = os.fdopen

        def cut_file(*arguments: object, **options: object) -> object:
            os.truncate(path, path.stat().st_size // 2)
            return open_descriptor(*arguments, **options)  # type: ignore[call-overload]

        monkeypatch.setattr(os, "fdopen", cut_file)
        with pytest.raises(UnreadableImage) as caught:
            read_file(path)
        assert caught.value.code == "changed-while-reading"
        monkeypatch.undo()
        assert decoding_error(read_file(path)).code == "truncated", "a quarter of it is left"

    def test_a_file_that_changed_once_is_read_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "growing.jpg"
        path.write_bytes(SEEDS["jpeg"])
        open_descriptor = os.fdopen

        def append_bytes(*arguments: object, **options: object) -> object:
            if path.stat().st_size == len(SEEDS["jpeg"]):
                path.write_bytes(SEEDS["png"] + SEEDS["jpeg"])
            return open_descriptor(*arguments, **options)  # type: ignore[call-overload]

        monkeypatch.setattr(os, "fdopen", append_bytes)
        assert read_file(path) == SEEDS["png"] + SEEDS["jpeg"]

    @pytest.mark.parametrize(
        ("path", "shown"),
        [
            (b"a\xff.jpg", "a\\xff.jpg"),
            ("grün 日本　👨\u200d👩.jpg".encode(), "grün 日本　👨\u200d👩.jpg"),
            (b"a\x1b[2J\nb", "a\\x1b[2J\\nb"),
            ("a\u202egpj.exe".encode(), "a\\u202egpj.exe"),
        ],
    )
    def test_names_are_shown_on_one_line(self, path: bytes, shown: str) -> None:
        assert display_path(path) == shown


class TestEncoding:
    def test_webp_fits_the_side_and_has_no_metadata(self) -> None:
        for side, size in [(80, (80, 60)), (500, (160, 120))]:
            with Image.open(BytesIO(images.encode_webp(SCENE, side=side))) as image:
                assert (image.format, image.size) == ("WEBP", size)
                assert not {"exif", "icc_profile", "xmp"} & set(image.info)

    def test_jpeg_keeps_the_time(self) -> None:
        moment = datetime(2021, 2, 3, 4, 5, 6)
        assert decode_bytes(images.encode_jpeg(SCENE, taken_at=moment)).taken_at == moment
        assert decode_bytes(images.encode_jpeg(SCENE)).taken_at is None
        assert b"Exif" not in images.encode_jpeg(SCENE)

    def test_png_keeps_every_pixel(self) -> None:
        picture = decode_bytes(images.encode_png(SCENE))
        assert picture.format == "png"
        assert np.array_equal(picture.pixels, SCENE)


class TestPerceptualHash:
    def test_survives_resizing_and_compression(self) -> None:
        for seed in range(12):
            original = draw_scene(seed, 640, 480)
            known = images.perceptual_hash(original)
            small = images.resize_pixels(original, 200, 150)
            poor = decode_bytes(images.encode_jpeg(original, quality=40)).pixels
            assert bits_apart(known, images.perceptual_hash(small)) <= 8
            assert bits_apart(known, images.perceptual_hash(poor)) <= 8

    def test_tells_scenes_apart(self) -> None:
        hashes = [images.perceptual_hash(draw_scene(seed)) for seed in range(20)]
        assert min(bits_apart(*pair) for pair in combinations(hashes, 2)) > 12

    def test_is_a_signed_64_bit_integer(self) -> None:
        hashes = [images.perceptual_hash(draw_scene(seed)) for seed in range(20)]
        assert all(-(2**63) <= value < 2**63 for value in hashes)
        assert min(hashes) < 0 < max(hashes)
        assert images.perceptual_hash(np.full((40, 30, 3), 77, np.uint8)) == 0


def test_threads_decode_alike(tmp_path: Path) -> None:
    files = [read_file(path) for path in write_scenes(tmp_path, 6)] * 8
    alone = [decode_bytes(data).pixels for data in files[:6]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(decode_bytes, files))
    assert all(np.array_equal(picture.pixels, alone[i % 6]) for i, picture in enumerate(together))


BY_CONTENT = Limits(background="content")


def draw_on_transparency(colour: tuple[int, ...], box: tuple[int, ...] = (20, 30, 70, 60)) -> Image.Image:
    image = Image.new("RGBA", (96, 96), (255, 255, 255, 0))
    ImageDraw.Draw(image).rectangle(box, fill=colour)
    return image


@pytest.mark.parametrize(
    ("colour", "box", "background"),
    [
        ((255, 255, 255, 255), (20, 30, 70, 60), 0),
        ((240, 240, 235, 255), (20, 30, 70, 60), 0),
        ((255, 255, 255, 120), (20, 30, 70, 60), 0),
        ((0, 0, 0, 255), (20, 30, 70, 60), 255),
        ((200, 30, 30, 255), (20, 30, 70, 60), 255),
        ((160, 160, 160, 255), (20, 30, 70, 60), 255),
        ((255, 255, 255, 255), (0, 0, 95, 94), 255),  # hardly anything is transparent
        ((255, 255, 255, 0), (20, 30, 70, 60), 255),  # nothing is visible
    ],
    ids=["white", "cream", "half", "black", "red", "grey", "nearly-opaque", "nothing"],
)
def test_the_background_is_chosen_by_content(
    colour: tuple[int, ...], box: tuple[int, ...], background: int
) -> None:
    """Report: wappalyzer/wappalyzer 1799 (a white logo that nobody sees, for it is shown on white)."""
    data = encode_picture(draw_on_transparency(colour, box), "PNG")
    assert decode_image(data, name="it", limits=BY_CONTENT).pixels[-1, -1].tolist() == [background] * 3
    assert decode_bytes(data).pixels[-1, -1].tolist() == [255] * 3, "white is the background elsewhere"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "GIF", "TIFF"])
def test_white_drawings_differ_in_every_format_with_transparency(kind: str) -> None:
    first, second = (
        decode_image(
            encode_picture(draw_on_transparency((255, 255, 255, 255), box), kind),
            name="it",
            limits=BY_CONTENT,
        )
        for box in ((20, 30, 70, 60), (10, 10, 20, 80))
    )
    assert mean_difference(first.pixels, second.pixels) > 20
