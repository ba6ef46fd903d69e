"""What bytes look like: whether a picture lacks its end, and what a file that is no picture is instead."""

from __future__ import annotations

import re
from typing import Final

SUPPORTED_FORMATS: Final = (
    "supported are JPEG, PNG, GIF, WebP, BMP, TIFF, PPM, AVIF, HEIC with pictor[heif], "
    "and the JPEG in cameras' raw files"
)
_SWITCHED_OFF: Final = {
    "HEIF": "looks like a HEIC picture; pip install 'pictor[heif]' switches them on",
    "AVIF": "looks like an AVIF picture, which the Pillow that is installed was built without",
}
_OTHERS: Final = (
    (rb"%PDF", "a PDF document"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript document"),
    (rb"....ftyp", "a film"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"\0\0\0\x0cJXL |\xff\x0a", "a JPEG XL picture"),
    (rb"8BPS", "a Photoshop document"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"(?i)\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!doctype svg[^>]*>\s*)?<svg", "an SVG drawing"),
    (rb"(?i)\s*<(!doctype )?html", "an HTML page"),
)  # what the first bytes look like


def ends_early(data: bytes) -> bool | None:
    """Tell whether a picture lacks its end by the rules of its container; None when it is no known kind."""
    if data.startswith(b"\xff\xd8\xff"):
        return b"\xff\xd9" not in data[-1024:]  # some cameras pad after the end marker
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND" not in data[-1024:]
    if data.startswith((b"GIF87a", b"GIF89a")):
        return not data.rstrip(b"\0").endswith(b";")
    if data.startswith(b"RIFF") and data[8:12] in (b"WEBP", b""):
        return len(data) < int.from_bytes(data[4:8], "little") + 8
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return len(data) <= int.from_bytes(data[4:8], "little" if data.startswith(b"I") else "big")
    if data.startswith(b"BM") and data[6:10] == b"\0\0\0\0":
        return len(data) < int.from_bytes(data[2:6], "little")
    if heif_kind(data):
        return _last_box_is_cut(data)
    return None


def heif_kind(data: bytes) -> str | None:
    """HEIF or AVIF, by the name of their decoder, for what begins like one of them."""
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    if brand in (b"avif", b"avis"):
        return "AVIF"
    return "HEIF" if brand[:3] in (b"hei", b"hev") or brand in (b"mif1", b"msf1") else None


def _last_box_is_cut(data: bytes) -> bool:
    """ISO 14496-12: a file is boxes, each with its size in front; 0 is up to the end, 1 a size of 8 bytes."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:
            return False
        at += max(size, 8)
    return at > len(data)


def describe_content(data: bytes) -> str:
    if kind := heif_kind(data):
        return _SWITCHED_OFF[kind]
    start = data[:1024]
    for pattern, what in _OTHERS:
        if re.match(pattern, start, re.DOTALL):
            return f"looks like {what}, which is not supported"
    readable = start.decode("utf-8", "ignore").encode()
    if len(readable) >= len(start) - 3 and not re.search(rb"[\0-\x08\x0e-\x1a]", start):
        return "looks like text, not a picture"
    return f"not a picture (it starts with {start[:8].hex(' ')})"
