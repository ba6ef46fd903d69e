"""Deterministic pictures that the tests draw, and hostile files."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from retrieval.paths import display_path
from retrieval.pictures.images import RGB

Mask = npt.NDArray[np.bool_]


def draw_scene(seed: int, width: int = 160, height: int = 120) -> RGB:
    """Draw coloured shapes on a gradient; one seed gives one scene, whatever its size in pixels."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (x + 0.5) / width, (y + 0.5) / height
    first, second = random.uniform(40, 215, (2, 3))
    angle = random.uniform(0, 2 * np.pi)
    share = 0.5 + 0.35 * (np.cos(angle) * (2 * x - 1) + np.sin(angle) * (2 * y - 1))
    canvas = first + np.clip(share, 0, 1)[..., None] * (second - first)
    for _ in range(9):
        canvas[_draw_shape(random, x, y)] = random.uniform(0, 255, 3)
    return canvas.round().astype(np.uint8)


def _draw_shape(random: np.random.Generator, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> Mask:
    """The mask, (height, width), of a box, an ellipse, a diamond or a bar at a random position."""
    kind = random.integers(4)
    across = np.abs(x - random.uniform(0.1, 0.9)) / random.uniform(0.06, 0.22)
    down = np.abs(y - random.uniform(0.1, 0.9)) / random.uniform(0.06, 0.22)
    shapes = (np.maximum(across, down), np.hypot(across, down), across + down, across / 0.4 + down * 0.3)
    return np.asarray(shapes[kind] < 1)


def write_scenes(folder: Path, count: int, first: int = 0) -> list[Path]:
    """Write `count` scenes as JPEG files, with seeds from `first` on; returns their paths in that order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"scene-{seed:03}.jpg" for seed in range(first, first + count)]
    for seed, path in enumerate(paths, first):
        path.write_bytes(encode_picture(Image.fromarray(draw_scene(seed)), "JPEG", quality=92))
    return paths


def encode_picture(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Encode with Pillow; `options` are those of the format."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def encode_rotated(pixels: RGB, orientation: int, kind: str = "JPEG") -> bytes:
    """Encode a picture as a camera held sideways does: rotated pixels, and the orientation in EXIF."""
    methods = (None, 0, 3, 1, 5, 2, 6, 4)  # undoes orientation 1 to 8, as Image.Transpose
    method = methods[orientation - 1]
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = orientation
    rotated = image if method is None else image.transpose(Image.Transpose(method))
    options = {"quality": 95} if kind == "JPEG" else {}
    return encode_picture(rotated, kind, exif=exif.tobytes(), **options)


def make_bomb(side: int = 30_000) -> bytes:
    """Make a valid one-colour PNG of side x side one-bit pixels; 30,000 give 110 kB."""
    deflate = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    rows, rest = divmod(side, 100)
    body = b"".join([*(deflate.compress(row * 100) for _ in range(rows)), deflate.compress(row * rest)])
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body + deflate.flush()), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, data) for kind, data in chunks)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Frame one chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def half_transparent(pixels: RGB) -> Image.Image:
    """RGBA with an opaque left half and a fully transparent right half."""
    alpha = np.full(pixels.shape[:2], 255, np.uint8)
    alpha[:, pixels.shape[1] // 2 :] = 0
    return Image.fromarray(np.dstack([pixels, alpha]))


def grey_of_16_bits(pixels: RGB) -> npt.NDArray[np.uint16]:
    """The grey of a picture in 16 bits: 257 times its 8-bit grey."""
    return np.asarray(Image.fromarray(pixels).convert("L"), np.uint16) * np.uint16(257)


def _palette_with_alpha() -> bytes:
    return encode_picture(half_transparent(draw_scene(4)).quantize(64, Image.Quantize.FASTOCTREE), "PNG")


def _draw_animation() -> bytes:
    frames = [Image.fromarray(draw_scene(seed)) for seed in range(6, 9)]
    return encode_picture(frames[0], "GIF", save_all=True, append_images=frames[1:])


def _draw_photo(seed: int) -> bytes:
    return encode_picture(Image.fromarray(draw_scene(seed)), "JPEG", quality=92)


HOSTILE: dict[bytes, tuple[Callable[[], bytes], str | None]] = {
    b"truncated.jpg": (lambda: _draw_photo(1)[:2000], "truncated"),
    b"empty.jpg": (bytes, "empty-file"),
    b"notes.png": (lambda: b"This is text, whatever its name says.\n", "not-an-image"),
    b"bomb.png": (make_bomb, "too-many-pixels"),
    b"cmyk.jpg": (lambda: encode_picture(Image.fromarray(draw_scene(2)).convert("CMYK"), "JPEG"), None),
    b"sixteen-bit.png": (
        lambda: encode_picture(Image.fromarray(grey_of_16_bits(draw_scene(3))), "PNG"),
        None,
    ),
    b"palette-alpha.png": (_palette_with_alpha, None),
    b"rotated.jpg": (lambda: encode_rotated(draw_scene(5), 6), None),
    b"animated.gif": (_draw_animation, None),
    b"not-utf8-\xff.jpg": (lambda: _draw_photo(9), None),
    b"--help.jpg": (lambda: _draw_photo(10), None),
    b"tab\tline\nescape\x1b[2J.jpg": (lambda: _draw_photo(11), None),
    b"\"'<script>$(x)`x`.jpg": (lambda: _draw_photo(12), None),
    "right\u202eto-left\u200f.jpg".encode(): (lambda: _draw_photo(13), None),
    b"n" * 251 + b".jpg": (lambda: _draw_photo(14), None),
    "caf\u00e9.jpg".encode(): (lambda: _draw_photo(15), None),
    "cafe\u0301.jpg".encode(): (lambda: _draw_photo(16), None),
    b"CAF\xc3\x89.JPG": (lambda: _draw_photo(17), None),
    b"dot.png": (lambda: encode_picture(Image.new("RGB", (1, 1), (9, 99, 200)), "PNG"), None),
    b"line.png": (lambda: encode_picture(Image.new("RGB", (30_000, 1), (9, 99, 201)), "PNG"), None),
    b"black.png": (lambda: encode_picture(Image.new("RGB", (90, 60)), "PNG"), None),
}


def write_hostile_files(folder: Path) -> dict[str, str | None]:
    """Write every kind of hostile file; returns the problem code by displayed name, None for a good file.

    Also makes `loop`, a link to the folder itself; `pipe.jpg`, a pipe without a writer; a socket; and a
    sparse file of a terabyte.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, (make, _) in HOSTILE.items():
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:  # noqa: PTH123 (a bytes path)
            file.write(make())
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe.jpg")
    os.mknod(folder / "socket.jpg", stat.S_IFSOCK | 0o600)
    (folder / "huge.jpg").touch()
    os.truncate(folder / "huge.jpg", 1 << 40)
    codes = {display_path(name): code for name, (_, code) in HOSTILE.items()}
    special = {"pipe.jpg": "not-regular", "socket.jpg": "not-regular", "huge.jpg": "too-many-bytes"}
    return codes | special | {"loop": "symlink-skipped"}
