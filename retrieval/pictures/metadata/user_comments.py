"""The UserComment of EXIF: its first eight bytes name the code of the characters behind them.

After Exif 2.32, 4.6.6. What programs write differs from it, so the text itself is asked, too.
"""

from __future__ import annotations

import codecs
from typing import Final, Literal

from .facts import decode_text

_CODE_SIZE: Final = 8
# Without an escape sequence it is not JIS, but mostly one of these.
_JAPANESE: Final = ("utf-8", "euc_jp", "cp932")


def decode_user_comment(data: bytes, order: Literal["little", "big"]) -> str:
    """The text; "" for an unknown code. `order` is the byte order of the EXIF.

    ASCII and the undefined code: UTF-8 if it is valid, else Latin-1. UNICODE: UTF-16 or UTF-8, see
    `_decode_unicode`. JIS: ISO-2022-JP, or what Japanese programs write in its place.
    """
    code, text = data[:_CODE_SIZE].rstrip(b"\0 ").upper(), data[_CODE_SIZE:]
    if code == b"UNICODE":
        return _decode_unicode(text, order)
    if code == b"JIS":
        return _decode_japanese(text.rstrip(b"\0 "))
    return decode_text(text.partition(b"\0")[0]) if code in (b"ASCII", b"") else ""


def _decode_unicode(text: bytes, order: Literal["little", "big"]) -> str:
    """UTF-16 with a byte order mark, or UTF-16 in the more plausible order, or UTF-8.

    The standard does not define the byte order. Text keeps to a few blocks of 256 characters, and with its
    bytes exchanged it would be scattered over many: the order with fewer blocks is taken, of equal ones that
    with more Latin letters, and then that of the EXIF. UTF-8 has no zero bytes, and UTF-16 is valid UTF-8
    hardly ever, unless all of it is in one block.
    """
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return text.decode("utf-16", "ignore").partition("\0")[0]
    orders = ("utf-16-le", "utf-16-be") if order == "little" else ("utf-16-be", "utf-16-le")
    readings = [text.decode(name, "ignore").partition("\0")[0] for name in orders]
    best = min(readings, key=lambda reading: (_count_blocks(reading) or 256, -sum(map(str.isascii, reading))))
    if b"\0" not in text.rstrip(b"\0") and _count_blocks(best) > 1:
        try:
            return text.rstrip(b"\0").decode("utf-8")
        except UnicodeDecodeError:
            return best
    return best


def _count_blocks(text: str) -> int:
    """How many blocks of 256 characters a text takes its letters from; spaces and signs are everywhere."""
    return len({ord(character) >> 8 for character in text if not character.isspace()})


def _decode_japanese(text: bytes) -> str:
    if b"\x1b" in text:
        return text.decode("iso2022_jp_2", "ignore")
    for encoding in _JAPANESE:
        try:
            return text.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""
