"""EXIF: what cameras write about a picture, and people in the file properties of Windows.

After Exif 2.32 (CIPA DC-008-2019); the XP tags are Microsoft's. Camera and orientation are read in `images`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from . import exposure
from .dates import DIGITIZED, MODIFIED, ORIGINAL
from .facts import MAX_TOTAL_BYTES, Pair, decode_text
from .keywords import split_keyword
from .tiff import Tiff, Values
from .user_comments import decode_user_comment

SOURCE: Final = "exif"
DESCRIPTION, ARTIST, EXIF, GPS = 0x010E, 0x013B, 0x8769, 0x8825
XP_TITLE, XP_COMMENT, XP_AUTHOR, XP_KEYWORDS, XP_SUBJECT = 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F
# The field of each date, and the tag with its time zone, since Exif 2.31.
DATES: Final = {0x9003: (ORIGINAL, 0x9011), 0x9004: (DIGITIZED, 0x9012), 0x0132: (MODIFIED, 0x9010)}
_ZONES: Final = tuple(zone for _, zone in DATES.values())
USER_COMMENT = 0x9286
POSITION: Final = (1, 2, 3, 4)
# Tag of the reference (N or S, E or W), tag of the angle, the negative reference, the largest angle.
LATITUDE, LONGITUDE = (1, 2, b"S", 90), (3, 4, b"W", 180)


def read_exif_facts(block: bytes) -> Iterator[Pair]:
    """Fields and values of a block that begins with the header of a TIFF; none for other blocks."""
    tiff = Tiff.from_bytes(block)
    if tiff is None:
        return
    # Some raw files have the dates and the comment in the first directory already.
    nested = (USER_COMMENT, *DATES, *_ZONES, *exposure.TAGS)
    xp_tags = (XP_TITLE, XP_COMMENT, XP_AUTHOR, XP_KEYWORDS, XP_SUBJECT)
    fields = tiff.read_first_directory((DESCRIPTION, ARTIST, EXIF, GPS, *xp_tags, *nested))
    fields = {**fields, **_read_directory(tiff, fields, EXIF, nested)}
    yield "title", _decode_utf16(fields, XP_TITLE)
    yield "caption", _decode_ascii(fields, DESCRIPTION)
    yield "caption", _decode_utf16(fields, XP_COMMENT)
    yield "caption", _decode_utf16(fields, XP_SUBJECT)
    yield "caption", decode_user_comment(fields.get(USER_COMMENT, b"")[:MAX_TOTAL_BYTES], tiff.order)
    for keyword in _decode_utf16(fields, XP_KEYWORDS).split(";"):
        yield from (("tag", tag) for tag in split_keyword(keyword))
    for name in f"{_decode_ascii(fields, ARTIST)};{_decode_utf16(fields, XP_AUTHOR)}".split(";"):
        yield "creator", name
    for tag, (field, zone) in DATES.items():
        yield field, f"{_decode_ascii(fields, tag).rstrip()} {_decode_ascii(fields, zone).strip()}"
    yield from exposure.read_exposure_facts(tiff, fields)
    yield "place", _format_position(tiff, _read_directory(tiff, fields, GPS, POSITION))


def read_position_facts(block: bytes) -> Iterator[Pair]:
    """The position in a block whose first directory is that of GPS, as Canon's CR3 has it."""
    if tiff := Tiff.from_bytes(block):
        yield "place", _format_position(tiff, tiff.read_first_directory(POSITION))


def _read_directory(tiff: Tiff, fields: Values, pointer: int, tags: tuple[int, ...]) -> Values:
    offset = int.from_bytes(fields.get(pointer, b""), tiff.order)
    return tiff.read_directory(offset, tags) if offset else {}


def _decode_ascii(fields: Values, tag: int) -> str:
    """Up to the first zero byte. The standard says ASCII; real files have UTF-8 or Latin-1."""
    return decode_text(fields.get(tag, b"")[:MAX_TOTAL_BYTES].partition(b"\0")[0])


def _decode_utf16(fields: Values, tag: int) -> str:
    return fields.get(tag, b"")[:MAX_TOTAL_BYTES].decode("utf-16-le", "ignore").partition("\0")[0]


def _format_position(tiff: Tiff, fields: Values) -> str:
    """Latitude and longitude in degrees, north and east positive; "" when there is no valid position."""
    north, east = _read_degrees(tiff, fields, *LATITUDE), _read_degrees(tiff, fields, *LONGITUDE)
    if north is None or east is None or not (north or east):  # a receiver without satellites writes 0, 0
        return ""
    return f"{north:.5f}, {east:.5f}"


def _read_degrees(
    tiff: Tiff, fields: Values, reference: int, angle: int, negative: bytes, maximum: int
) -> float | None:
    data, degrees = fields.get(angle, b""), 0.0
    if len(data) != 24:
        return None
    for offset, unit in ((0, 1), (8, 60), (16, 3600)):
        numerator = int.from_bytes(data[offset : offset + 4], tiff.order)
        denominator = int.from_bytes(data[offset + 4 : offset + 8], tiff.order)
        if not denominator and (numerator or not offset):
            return None
        degrees += numerator / (denominator or 1) / unit
    if degrees > maximum:
        return None
    return -degrees if fields.get(reference, b"")[:1].upper() == negative else degrees
