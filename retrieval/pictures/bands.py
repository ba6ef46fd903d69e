"""Reads what Pillow cuts to eight bits or refuses: deep colour, and pictures of bands; home of tifffile.

16 bits in PNG (W3C, PNG 3rd edition) and PPM, whole numbers and floats of every size in TIFF (Adobe, TIFF
6.0), as cameras' software, microscopes and satellites write them. The libraries are loaded when such a file
is met; everything in it is hostile, and callers bound its size before they let it be read.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .metadata.tiff import Tiff

Values = npt.NDArray[Any]  # (row, column) or (row, column, 3): whole numbers or floats

_PPM: Final = re.compile(
    rb"P6(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,5})\s", re.DOTALL
)
_PNG_SAMPLES: Final = {2: 3, 4: 2, 6: 4}  # by type of colour: colour, grey with opacity, colour with opacity
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _EXTRA, _FORMAT, _PROFILE = 277, 338, 339, 34675
# What a TIFF means that does not say so, by tag.
_TAG_DEFAULTS: Final = {
    _WIDTH: 0,
    _HEIGHT: 0,
    _BITS: 1,
    _COMPRESSION: 1,
    _PHOTOMETRIC: 0,
    _SAMPLES: 1,
    _FORMAT: 1,
}
_INVERTED, _GREY, _COLOUR, _FLOAT = 0, 1, 2, 3
# None, LZW, Deflate (by two numbers), PackBits, LZMA and Zstandard: those that lose nothing.
_COMPRESSIONS: Final = (1, 5, 8, 32946, 32773, 34925, 50000)
_PREMULTIPLIED, _OPACITY = 1, 2  # kinds of extra samples; of all others it is not said what they are


@dataclass(frozen=True, slots=True)
class BandsHeader:
    """What a file says before its values: PNG, PPM or TIFF, pixels, samples a pixel, and bits a sample."""

    format: str
    width: int
    height: int
    samples: int
    bits: int

    @property
    def size_in_bytes(self) -> int:
        """How much memory all values take."""
        return self.width * self.height * self.samples * -(-self.bits // 8)


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """The values of a picture as its file holds them, of one band or of three.

    `opacity` is 0 to 255 by pixel, or None where all are opaque; `is_premultiplied` says that the values were
    multiplied by it. `is_inverted` says that the least value is white. `profile` is an ICC profile, or b"".
    """

    values: Values
    opacity: npt.NDArray[np.uint8] | None = None
    is_premultiplied: bool = False
    is_inverted: bool = False
    profile: bytes = b""


def read_header(data: bytes) -> BandsHeader | None:
    """The header of a file that `read` is for; None for all that Pillow holds whole, and for no picture.

    Read here are colour of more than eight bits, grey of 16 bits with opacity, grey in floats of 16 and 64
    bits, and TIFF of several bands that are not said to be colours.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[24:25] == b"\x10" and data[25:26] != b"\0":
        width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
        return BandsHeader("PNG", width, height, _PNG_SAMPLES.get(data[25], 4), 16)
    if found := _PPM.match(data):
        width, height, most = map(int, found.groups())
        return BandsHeader("PPM", width, height, 3, 16) if 255 < most < 65536 else None
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        tags = {**_TAG_DEFAULTS, **_read_tags(data)}
        if _is_banded(tags):
            return BandsHeader("TIFF", tags[_WIDTH], tags[_HEIGHT], tags[_SAMPLES], tags[_BITS])
    return None


def read_bands(data: bytes, header: BandsHeader) -> Bands:
    """Read the values. Of more than three bands the first three are red, green and blue; of two the first.

    A band that is said to be opacity is no band. Values of a PPM are brought to a maximum of 65535, as those
    of PGM are. Raises whatever the libraries raise, ValueError for what they would misread.
    """
    if not header.width * header.height:
        raise ValueError("it has no pixels")
    if header.format == "TIFF":
        return _read_tiff(data, header.size_in_bytes)
    return _read_png(data) if header.format == "PNG" else _read_ppm(data)


def _read_tags(data: bytes) -> Mapping[int, int]:
    """The wanted tags of a TIFF's first page; of several values the first."""
    tiff = Tiff.from_bytes(data)
    if tiff is None:  # offsets of 64 bits
        with _import_tifffile().TiffFile(BytesIO(data)) as file:
            found = {tag: file.pages.first.tags.valueof(tag) for tag in _TAG_DEFAULTS}
        return {tag: int(np.ravel(value)[0]) for tag, value in found.items() if value is not None}
    sizes = dict.fromkeys((_BITS, _FORMAT), 2)
    said = tiff.read_first_directory(_TAG_DEFAULTS)
    return {
        tag: int.from_bytes(value[: sizes.get(tag, 4)], tiff.order) for tag, value in said.items() if value
    }


def _is_banded(tags: Mapping[int, int]) -> bool:
    samples, bits = tags[_SAMPLES], tags[_BITS]
    if tags[_PHOTOMETRIC] == _COLOUR:
        return bits > 8
    if tags[_PHOTOMETRIC] not in (_INVERTED, _GREY):
        return False
    floats_elsewhere = tags[_FORMAT] == _FLOAT and bits != 32
    return samples > 2 or (samples == 2 and bits > 8) or floats_elsewhere


def _read_png(data: bytes) -> Bands:
    import imagecodecs

    values = imagecodecs.png_decode(data)
    kept = values.shape[2] - 1 if values.ndim == 3 and values.shape[2] in (2, 4) else 0
    if not kept:
        return Bands(values)
    return Bands(_select_bands(values, kept), _scale_opacity(values[..., kept]))


def _read_ppm(data: bytes) -> Bands:
    found = _PPM.match(data)
    assert found is not None, "the header was read with it"
    width, height, most = map(int, found.groups())
    count = width * height * 3
    if len(data) < found.end() + 2 * count:
        raise ValueError("not enough values")
    values = np.frombuffer(data, ">u2", count, found.end()).reshape(height, width, 3)
    if most != 65535:
        values = (np.minimum(values, most).astype(np.uint32) * 65535 // most).astype(np.uint16)
    return Bands(values)


def _read_tiff(data: bytes, most: int) -> Bands:
    with _import_tifffile().TiffFile(BytesIO(data)) as file:
        page = file.pages.first
        _check_page(page, most)
        values = page.asarray(squeeze=False, maxworkers=1)  # one thread: pictures are decoded side by side
        extra = [int(each) for each in page.extrasamples]
        facts = {"is_inverted": page.photometric == _INVERTED, "profile": page.tags.valueof(_PROFILE) or b""}
    values = values[0, 0] if values.shape[0] == 1 else np.moveaxis(values[:, 0, :, :, 0], 0, 2)
    opaque = [place - len(extra) for place, each in enumerate(extra) if each in (_PREMULTIPLIED, _OPACITY)]
    kept = _select_bands(values, values.shape[2] - len(opaque))
    if not opaque:
        return Bands(kept, **facts)
    return Bands(kept, _scale_opacity(values[..., opaque[0]]), extra[opaque[0]] == _PREMULTIPLIED, **facts)


def _check_page(page: Any, most: int) -> None:
    if page.nbytes > most:  # than the caller allowed by the header
        raise ValueError("its header says two sizes")
    if page.compression not in _COMPRESSIONS:
        raise ValueError(f"compression {int(page.compression)} of bands; save it with LZW or Deflate")
    if len(set(np.ravel(page.tags.valueof(_BITS, 1)))) > 1 or page.imagedepth > 1:
        raise ValueError("bands of several depths; save it with equal ones")
    if len(page.dataoffsets) < math.prod(page.chunked):  # the rest would be taken to be black
        raise ValueError("not enough strips or tiles")


def _select_bands(values: Values, coloured: int) -> Values:
    """The first three bands, or the first where there are fewer of colour, in one piece."""
    return np.ascontiguousarray(values[..., :3] if coloured >= 3 else values[..., 0])


def _scale_opacity(values: Values) -> npt.NDArray[np.uint8]:
    """Whole numbers are opaque at their largest, floats at 1."""
    most = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    shares = np.nan_to_num(values.astype(np.float32)) / most
    return np.asarray(np.clip(shares * 255 + 0.5, 0, 255), np.uint8)


@cache
def _import_tifffile() -> Any:
    import tifffile  # takes a third of a second, and few libraries hold such a file

    logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)  # what a picture survives is no news
    return tifffile
