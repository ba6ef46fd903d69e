"""What bytes look like: whether a picture lacks its end, and what a file that is no picture is instead."""

from __future__ import annotations

import re
from typing import Final

SUPPORTED: Final = "supported are JPEG, PNG, GIF, WebP, BMP, TIFF and PPM"
_OTHERS: Final = (
    (rb"%PDF", "a PDF document"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript document"),
    (rb"....ftyp(hei|hev|mif1|msf1)", "a HEIC picture"),
    (rb"....ftypavi[fs]", "an AVIF picture"),
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
    return None


def looks_like(data: bytes) -> str:
    start = data[:1024]
    for pattern, what in _OTHERS:
        if re.match(pattern, start, re.DOTALL):
            return f"looks like {what}, which is not supported"
    readable = start.decode("utf-8", "ignore").encode()
    if len(readable) >= len(start) - 3 and not re.search(rb"[\0-\x08\x0e-\x1a]", start):
        return "looks like text, not a picture"
    return f"not a picture (it starts with {start[:8].hex(' ')})"
