"""EXIF: what cameras, and people through Windows, write about a picture.

After Exif 2.32 (CIPA DC-008-2019); the XP tags are Microsoft's. Date, camera and orientation are read where
the pixels are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .facts import MAX_TOTAL_BYTES, Pair, decode_text
from .tiff import Tiff, Values

SOURCE: Final = "exif"
DESCRIPTION, ARTIST, EXIF, GPS = 0x010E, 0x013B, 0x8769, 0x8825
XP_TITLE, XP_COMMENT, XP_AUTHOR, XP_KEYWORDS = 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E
USER_COMMENT = 0x9286
LATITUDE, LONGITUDE = (
    (1, 2, b"S", 90),
    (3, 4, b"W", 180),
)  # tag of the side, of the angle; negative side; most
# What cameras write where nobody said anything.
_CAMERA_DEFAULTS: Final = re.compile(
    r"(?i)(\w+ ){0,2}digital camera|samsung|sony dsc|dcim|exif_jpeg_picture|default|untitled"
)


def read_exif_facts(block: bytes) -> Iterator[Pair]:
    """Fields and values of a block that starts with the header of a TIFF; nothing where it does not."""
    tiff = Tiff.from_bytes(block)
    if tiff is None:
        return
    tags = (DESCRIPTION, ARTIST, EXIF, GPS, XP_TITLE, XP_COMMENT, XP_AUTHOR, XP_KEYWORDS)
    said = tiff.read_first_directory(tags)
    comment = _read_directory(tiff, said, EXIF, (USER_COMMENT,)).get(USER_COMMENT, b"")
    yield "title", _decode_utf16(said, XP_TITLE)
    for caption in (
        _decode_ascii(said, DESCRIPTION),
        _decode_utf16(said, XP_COMMENT),
        _decode_comment(comment, tiff),
    ):
        if not _CAMERA_DEFAULTS.fullmatch(caption.strip()):
            yield "caption", caption
    for tag in _decode_utf16(said, XP_KEYWORDS).split(";"):
        yield "tag", tag
    for name in f"{_decode_ascii(said, ARTIST)};{_decode_utf16(said, XP_AUTHOR)}".split(";"):
        yield "creator", name
    yield "place", _format_position(tiff, _read_directory(tiff, said, GPS, (1, 2, 3, 4)))


def _read_directory(tiff: Tiff, said: Values, pointer: int, tags: tuple[int, ...]) -> Values:
    offset = int.from_bytes(said.get(pointer, b""), tiff.order)
    return tiff.read_directory(offset, tags) if offset else {}


def _decode_ascii(said: Values, tag: int) -> str:
    """ASCII by the book, UTF-8 or Latin-1 in truth, up to the first zero."""
    return decode_text(said.get(tag, b"")[:MAX_TOTAL_BYTES].partition(b"\0")[0])


def _decode_utf16(said: Values, tag: int) -> str:
    return said.get(tag, b"")[:MAX_TOTAL_BYTES].decode("utf-16-le", "ignore").partition("\0")[0]


def _decode_comment(data: bytes, tiff: Tiff) -> str:
    """The first eight bytes name the code; of wide signs it is not said in which order the bytes are."""
    code, text = data[:8].rstrip(b"\0 "), data[8:MAX_TOTAL_BYTES]
    if code == b"UNICODE":
        orders = ("utf-16-le", "utf-16-be") if tiff.order == "little" else ("utf-16-be", "utf-16-le")
        readings = [text.decode(order, "ignore").partition("\0")[0] for order in orders]
        return max(readings, key=lambda each: sum(sign < "\u0250" for sign in each))
    return decode_text(text.partition(b"\0")[0]) if code in (b"ASCII", b"") else ""


def _format_position(tiff: Tiff, said: Values) -> str:
    """Latitude and longitude in degrees, north and east positive; empty where there is no true position."""
    north, east = (_read_degrees(tiff, said, *each) for each in (LATITUDE, LONGITUDE))
    if north is None or east is None or not (north or east):  # a receiver without satellites says 0, 0
        return ""
    return f"{north:.5f}, {east:.5f}"


def _read_degrees(
    tiff: Tiff, said: Values, side: int, angle: int, negative: bytes, most: int
) -> float | None:
    data, degrees = said.get(angle, b""), 0.0
    if len(data) != 24:
        return None
    for place, unit in ((0, 1), (8, 60), (16, 3600)):
        above, below = (int.from_bytes(data[at : at + 4], tiff.order) for at in (place, place + 4))
        if not below and (above or not place):
            return None
        degrees += above / (below or 1) / unit
    if degrees > most:
        return None
    return -degrees if said.get(side, b"")[:1].upper() == negative else degrees
