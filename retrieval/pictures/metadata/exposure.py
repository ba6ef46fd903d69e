"""How a picture was taken: rating, lens, and the settings of the camera, each as a short text.

Aperture is the f-number, exposure the time in seconds (1/250, 2.5), focal the focal length in millimetres.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .facts import Pair
from .tiff import Tiff, Values

RATING, LENS, ISO, APERTURE, EXPOSURE, FOCAL = 0x4746, 0xA434, 0x8827, 0x829D, 0x829A, 0x920A  # tags of EXIF
TAGS: Final = (RATING, LENS, ISO, APERTURE, EXPOSURE, FOCAL)
_MAX_RATING: Final = 5
_RATIO: Final = re.compile(r"(\d{1,10}(?:\.\d{1,15})?)(?:/(\d{1,10}(?:\.\d{1,15})?))?(?![\w/.])")
_NO_LENSES: Final = ("", "----", "unknown", "none", "n/a", "0")  # what cameras and programs write for none
_UNKNOWN_ISO: Final = 65535  # the number is too large for its field
_MIN_PLAIN_TIME: Final = 0.3  # seconds; shorter times are fractions


def read_exposure_facts(tiff: Tiff, fields: Values) -> Iterator[Pair]:
    """What the values of TAGS state, as far as they are valid; the lens as it is written."""
    yield "rating", format_rating(str(_first_number(tiff, fields.get(RATING, b""))))
    yield "lens", fields.get(LENS, b"").partition(b"\0")[0].decode("utf-8", "ignore")
    iso = _first_number(tiff, fields.get(ISO, b""))
    yield "iso", str(iso) if 0 < iso < _UNKNOWN_ISO else ""
    yield "aperture", _format_number(_read_ratio(tiff, fields.get(APERTURE, b"")))
    yield "exposure", _format_time(_read_ratio(tiff, fields.get(EXPOSURE, b"")))
    yield "focal", _format_number(_read_ratio(tiff, fields.get(FOCAL, b"")))


def format_setting(field: str, text: str) -> str:
    """A lens or a setting as XMP and exiftool write it (28/10, 2.8, 50.0 mm), in the form of this module.

    "" for a setting that is no number, or 0, and for an unknown lens.
    """
    if field == "lens":
        return "" if text.strip().lower() in _NO_LENSES else text
    number = _parse_ratio(text)
    if field == "iso":
        return str(round(number)) if number > 0 and number != _UNKNOWN_ISO else ""
    return _format_time(number) if field == "exposure" else _format_number(number)


def _parse_ratio(text: str) -> float:
    """The number or the ratio of two numbers at the beginning of a text; 0 for an invalid one."""
    match = _RATIO.match(text.strip())
    if not match or not float(match[2] or 1):
        return 0.0
    return float(match[1]) / float(match[2] or 1)


def format_rating(text: str) -> str:
    """The number of stars from 1 to 5; "" for none, for rejected pictures (-1), and for what is no number."""
    number = text.strip()[:4].removesuffix(".0")
    return number if number in map(str, range(1, _MAX_RATING + 1)) else ""


def _first_number(tiff: Tiff, data: bytes) -> int:
    """The first number of two bytes, or the number of four bytes if that is 0; 0 for no number."""
    return int.from_bytes(data[:2], tiff.order) or int.from_bytes(data[:4], tiff.order)


def _read_ratio(tiff: Tiff, data: bytes) -> float:
    """The first ratio; 0 for an invalid one."""
    numerator, denominator = (int.from_bytes(data[start : start + 4], tiff.order) for start in (0, 4))
    return numerator / denominator if denominator else 0.0


def _format_number(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if 0.05 <= number < 100_000 else ""


def _format_time(seconds: float) -> str:
    if 0 < seconds < _MIN_PLAIN_TIME:
        return f"1/{min(round(1 / seconds), 1_000_000)}"
    return _format_number(seconds)
