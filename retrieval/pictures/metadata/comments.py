"""Comments in JPEG and texts in PNG, with which older programs describe a picture.

After the PNG specification, 11.3.4: a text has a keyword, and may be compressed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from .dates import CREATED, MODIFIED
from .facts import MAX_TOTAL_BYTES, Pair, decode_text

SOURCE: Final = "comment"
JPEG: Final = "comment"  # the keyword under which the comment of a JPEG is kept
TIME: Final = "time of the last change"  # and the chunk tIME of a PNG
# The field of each keyword of PNG, in lower case.
FIELDS: Final = {
    "title": "title",
    "description": "caption",
    "comment": "caption",
    "author": "creator",
    "creation time": CREATED,
}
_MAX_KEYWORD: Final = 79  # bytes


def read_comment_facts(keyword: str, data: bytes) -> Iterator[Pair]:
    """What a comment or a text states; nothing for a keyword that is not in FIELDS."""
    if keyword == TIME and len(data) == 7:
        year = int.from_bytes(data[:2], "big")
        yield MODIFIED, "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(year, *data[2:])
    elif keyword in FIELDS:
        yield FIELDS[keyword], decode_text(data[:MAX_TOTAL_BYTES].rstrip(b"\0")).partition("\0")[0]


def split_keyword_of_png(chunk: bytes) -> tuple[str, bytes]:
    """The keyword of a text chunk in lower case, and what comes after it; "" for an invalid keyword."""
    keyword, zero, rest = chunk.partition(b"\0")
    return (keyword.decode("latin-1").lower(), rest) if zero and len(keyword) <= _MAX_KEYWORD else ("", b"")


def decode_png_text(kind: bytes, content: bytes, limit: int) -> bytes:
    """The text after its keyword in a chunk tEXt, zTXt or iTXt; b"" for one that is damaged.

    At most `limit` bytes are decompressed.
    """
    if kind == b"tEXt":
        return content
    if kind == b"zTXt":
        return _decompress(content[1:], limit) if content[:1] == b"\0" else b""
    # iTXt: flag, method, language and translated keyword come before the text.
    text = content[2:].partition(b"\0")[2].partition(b"\0")[2]
    return _decompress(text, limit) if content[:1] == b"\1" else text


def _decompress(data: bytes, limit: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, limit)
    except zlib.error:
        return b""
