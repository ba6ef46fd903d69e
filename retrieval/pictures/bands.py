"""Reads pictures that Pillow reduces to eight bits or refuses; the only module that imports tifffile.

These are colours of more than eight bits and pictures of several bands: 16 bits in PNG (W3C, PNG 3rd edition)
and PPM, integers and floats of every size in TIFF (Adobe, TIFF 6.0), as software of cameras, microscopes and
satellites writes them. tifffile and imagecodecs are loaded when the first such file is read. The files may be
hostile: callers check the size in the header before they read the values.
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

from .logluv import LOGL, LOGLUV, read_logluv
from .metadata.tiff import Tiff

Values = npt.NDArray[Any]  # (row, column) or (row, column, 3): integers or floats

_PPM: Final = re.compile(
    rb"P6(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,5})\s", re.DOTALL
)
_PNG_SAMPLES: Final = {2: 3, 4: 2, 6: 4}  # by colour type: colour, grey with opacity, colour with opacity
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _EXTRA, _FORMAT, _PROFILE = 277, 338, 339, 34675
# The default of each tag, for a TIFF without it.
_TAG_DEFAULTS: Final = {
    _WIDTH: 0,
    _HEIGHT: 0,
    _BITS: 1,
    _COMPRESSION: 1,
    _PHOTOMETRIC: 0,
    _SAMPLES: 1,
    _FORMAT: 1,
}
_INVERTED, _GREY, _COLOUR, _LAB, _FLOAT = 0, 1, 2, 8, 3
# None, LZW, Deflate (two numbers), PackBits, LZMA and Zstandard: the lossless ones.
_COMPRESSIONS: Final = (1, 5, 8, 32946, 32773, 34925, 50000)
_PREMULTIPLIED, _OPACITY = 1, 2  # kinds of extra samples; all other kinds have no defined meaning


@dataclass(frozen=True, slots=True)
class BandsHeader:
    """Format (PNG, PPM or TIFF), size in pixels, samples of a pixel, and bits of a sample.

    `logarithmic` is LOGL or LOGLUV for a TIFF with such values, which become floats of 32 bits.
    """

    format: str
    width: int
    height: int
    samples: int
    bits: int
    logarithmic: int = 0

    @property
    def size_in_bytes(self) -> int:
        """The memory that all values take."""
        return self.width * self.height * self.samples * -(-self.bits // 8)


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """The values of a picture as in its file: one band, or three.

    `opacity` is 0 to 255 for each pixel, or None when all are opaque; with `is_premultiplied` the values were
    multiplied by it. With `is_inverted` the smallest value is white. With `is_lab` the values are CIELAB of
    16 bits: L* from 0 to 65535, a* and b* with a sign, in 256ths (Adobe, TIFF 6.0, section 23). `profile` is
    an ICC profile, or b"".
    """

    values: Values
    opacity: npt.NDArray[np.uint8] | None = None
    is_premultiplied: bool = False
    is_inverted: bool = False
    is_lab: bool = False
    profile: bytes = b""


def read_header(data: bytes) -> BandsHeader | None:
    """The header of a file for `read_bands`; None for files that Pillow reads without loss, and for others.

    `read_bands` is for colour of more than eight bits, CIELAB of 16 bits, LogLuv, grey of 16 bits with
    opacity, grey in floats of 16 and 64 bits, and TIFF of several bands that are not declared to be colours.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[24:25] == b"\x10" and data[25:26] != b"\0":
        width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
        return BandsHeader("PNG", width, height, _PNG_SAMPLES.get(data[25], 4), 16)
    if header := _match_ppm(data):
        width, height, maximum, _ = header
        return BandsHeader("PPM", width, height, 3, 16) if 255 < maximum < 65536 else None
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        tags = {**_TAG_DEFAULTS, **_read_tags(data)}
        if tags[_PHOTOMETRIC] in (LOGL, LOGLUV):
            return BandsHeader("TIFF", tags[_WIDTH], tags[_HEIGHT], 3, 32, tags[_PHOTOMETRIC])
        if _is_banded(tags):
            return BandsHeader("TIFF", tags[_WIDTH], tags[_HEIGHT], tags[_SAMPLES], tags[_BITS])
    return None


def read_bands(data: bytes, header: BandsHeader) -> Bands:
    """Read the values: the first three of several bands, as red, green and blue, and the first of two.

    A sample that is declared to be opacity is not a band. The values of a PPM are scaled to a maximum of
    65535, as Pillow does for PGM. Raises whatever the libraries raise, and ValueError for files that they
    would misread.
    """
    if not header.width * header.height:
        raise ValueError("it has no pixels")
    if header.logarithmic == LOGL:
        raise ValueError("its values are logarithms of grey (LogL); save it as LogLuv or with floats")
    if header.logarithmic:
        return Bands(read_logluv(data, header.width, header.height))
    if header.format == "TIFF":
        return _read_tiff(data, header.size_in_bytes)
    return _read_png(data) if header.format == "PNG" else _read_ppm(data)


def _match_ppm(data: bytes) -> tuple[int, int, int, int] | None:
    """Width, height, maximum value and the offset of the values of a colour PPM; None for other files."""
    match = _PPM.match(data)
    if match is None:
        return None
    width, height, maximum = (int(number) for number in match.groups())
    return width, height, maximum, match.end()


def _read_tags(data: bytes) -> Mapping[int, int]:
    """The tags of _TAG_DEFAULTS in the first page of a TIFF; of several values the first."""
    tiff = Tiff.from_bytes(data)
    if tiff is None:  # a BigTIFF, with 64-bit offsets
        with _import_tifffile().TiffFile(BytesIO(data)) as file:
            values = {tag: file.pages.first.tags.valueof(tag) for tag in _TAG_DEFAULTS}
        return {tag: int(np.ravel(value)[0]) for tag, value in values.items() if value is not None}
    sizes = dict.fromkeys((_BITS, _FORMAT), 2)
    fields = tiff.read_first_directory(_TAG_DEFAULTS)
    return {
        tag: int.from_bytes(value[: sizes.get(tag, 4)], tiff.order) for tag, value in fields.items() if value
    }


def _is_banded(tags: Mapping[int, int]) -> bool:
    samples, bits = tags[_SAMPLES], tags[_BITS]
    if tags[_PHOTOMETRIC] == _COLOUR:
        return bits > 8
    if tags[_PHOTOMETRIC] == _LAB:
        return bits == 16 and samples >= 3
    if tags[_PHOTOMETRIC] not in (_INVERTED, _GREY):
        return False
    has_odd_floats = tags[_FORMAT] == _FLOAT and bits != 32  # Pillow reads floats of 32 bits
    return samples > 2 or (samples == 2 and bits > 8) or has_odd_floats


def _read_png(data: bytes) -> Bands:
    import imagecodecs

    values = imagecodecs.png_decode(data)
    if values.ndim == 2 or values.shape[2] not in (2, 4):
        return Bands(values)
    band_count = values.shape[2] - 1
    return Bands(_select_bands(values, band_count), _scale_opacity(values[..., band_count]))


def _read_ppm(data: bytes) -> Bands:
    header = _match_ppm(data)
    if header is None:
        raise ValueError("no PPM header")
    width, height, maximum, start = header
    count = width * height * 3
    if len(data) < start + 2 * count:
        raise ValueError("not enough values")
    values = np.frombuffer(data, ">u2", count, start).reshape(height, width, 3)
    if maximum != 65535:
        values = (np.minimum(values, maximum).astype(np.uint32) * 65535 // maximum).astype(np.uint16)
    return Bands(values)


def _read_tiff(data: bytes, max_bytes: int) -> Bands:
    with _import_tifffile().TiffFile(BytesIO(data)) as file:
        page = file.pages.first
        _check_page(page, max_bytes)
        values = page.asarray(squeeze=False, maxworkers=1)  # one thread: several pictures are decoded at once
        extra = [int(kind) for kind in page.extrasamples]
        facts = {
            "is_inverted": page.photometric == _INVERTED,
            "is_lab": page.photometric == _LAB,
            "profile": page.tags.valueof(_PROFILE) or b"",
        }
    values = values[0, 0] if values.shape[0] == 1 else np.moveaxis(values[:, 0, :, :, 0], 0, 2)
    # Extra samples are the last ones, so an index from the end is valid in `extra` and in `values`.
    opacities = [index - len(extra) for index, kind in enumerate(extra) if kind in (_PREMULTIPLIED, _OPACITY)]
    bands = _select_bands(values, values.shape[2] - len(opacities))
    if not opacities:
        return Bands(bands, **facts)
    opacity = opacities[0]
    return Bands(bands, _scale_opacity(values[..., opacity]), extra[opacity] == _PREMULTIPLIED, **facts)


def _check_page(page: Any, max_bytes: int) -> None:
    if page.nbytes > max_bytes:  # the caller checked the size in the header only
        raise ValueError("its header states two different sizes")
    if page.compression not in _COMPRESSIONS:
        raise ValueError(f"its bands have compression {int(page.compression)}; save it with LZW or Deflate")
    if len(set(np.ravel(page.tags.valueof(_BITS, 1)))) > 1 or page.imagedepth > 1:
        raise ValueError("its bands have different numbers of bits; save it with equal ones")
    if len(page.dataoffsets) < math.prod(page.chunked):  # tifffile would fill the rest with black
        raise ValueError("not enough strips or tiles")


def _select_bands(values: Values, band_count: int) -> Values:
    """The first three bands, or the first one of fewer than three, as a contiguous array."""
    return np.ascontiguousarray(values[..., :3] if band_count >= 3 else values[..., 0])


def _scale_opacity(values: Values) -> npt.NDArray[np.uint8]:
    """Opacity from 0 to 255. Integers are opaque at their largest value, floats at 1."""
    opaque = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    shares = np.nan_to_num(values.astype(np.float32)) / opaque
    return np.asarray(np.clip(shares * 255 + 0.5, 0, 255), np.uint8)


@cache
def _import_tifffile() -> Any:
    import tifffile  # takes a third of a second, and few libraries have such files

    # Its warnings are about faults that do no harm.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)
    return tifffile
