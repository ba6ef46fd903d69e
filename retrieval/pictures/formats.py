"""Tells from its bytes whether a picture file is truncated, and what a file is that is not a picture."""

from __future__ import annotations

import re
from typing import Final

SUPPORTED_FORMATS: Final = (
    "supported are JPEG, PNG, GIF, WebP, BMP, TIFF, PPM, AVIF, HEIC with pictor[heif], "
    "and the JPEG in cameras' raw files"
)
_SWITCHED_OFF: Final = {
    "HEIF": "looks like a HEIC picture; pip install 'pictor[heif]' to read it",
    "AVIF": "looks like an AVIF picture; the installed Pillow was built without AVIF",
}
_CONTENT_KINDS: Final = (
    (rb"%PDF", "a PDF document"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript document"),
    (rb"....ftyp", "a video"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"\0\0\0\x0cJXL |\xff\x0a", "a JPEG XL picture"),
    (rb"8BPS", "a Photoshop document"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"(?i)\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!doctype svg[^>]*>\s*)?<svg", "an SVG drawing"),
    (rb"(?i)\s*<(!doctype )?html", "an HTML page"),
)  # patterns of the first bytes


def ends_early(data: bytes) -> bool | None:
    """Whether a picture file is truncated, by the rules of its container; None for an unknown container."""
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
        return _is_last_box_cut(data)
    return None


def heif_kind(data: bytes) -> str | None:
    """HEIF or AVIF, the names of their decoders, for a file that begins like one of them."""
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    if brand in (b"avif", b"avis"):
        return "AVIF"
    return "HEIF" if brand[:3] in (b"hei", b"hev") or brand in (b"mif1", b"msf1") else None


def _is_last_box_cut(data: bytes) -> bool:
    """ISO 14496-12: a box begins with its size; 0 means up to the end, 1 that the size follows in 8 bytes."""
    start = 0
    while start < len(data):
        size = int.from_bytes(data[start : start + 4], "big")
        if size == 1:
            size = int.from_bytes(data[start + 8 : start + 16], "big")
        if size == 0:
            return False
        start += max(size, 8)
    return start > len(data)


def describe_content(data: bytes) -> str:
    """What a file seems to be that could not be decoded, for an error message."""
    if kind := heif_kind(data):
        return _SWITCHED_OFF[kind]
    start = data[:1024]
    for pattern, kind in _CONTENT_KINDS:
        if re.match(pattern, start, re.DOTALL):
            return f"looks like {kind}, which is not supported"
    valid_text = start.decode("utf-8", "ignore").encode()
    if len(valid_text) >= len(start) - 3 and not re.search(rb"[\0-\x08\x0e-\x1a]", start):
        return "looks like text, not a picture"
    return f"not a picture (it starts with {start[:8].hex(' ')})"
