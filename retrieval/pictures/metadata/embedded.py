"""Finds the metadata inside a picture file: EXIF, IPTC, XMP and comments, in JPEG, PNG, WebP, TIFF and more.

The containers are walked here without a decoder, by the sizes in the headers of their parts. The walk ends at
a part that reaches beyond the file, and after more parts than real files have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from .. import cr3
from . import comments, exif, heif, iptc, xmp
from .dates import settle_date
from .facts import MAX_TOTAL_BYTES, Fact, Metadata, Pair
from .machine_texts import without_machine_texts
from .tiff import Tiff

# First the one that people write most deliberately.
SOURCES: Final = (xmp.SOURCE, iptc.SOURCE, exif.SOURCE, comments.SOURCE)
# What EXIF states of these counts; programs copy it into XMP.
SETTINGS: Final = frozenset(["lens", "iso", "aperture", "exposure", "focal"])
MAX_BLOCK_SIZE: Final = 1 << 20  # bytes of one block
MAX_PARTS: Final = 100_000  # of one file; a photograph of 100 megapixels has about 20,000
MAX_BLOCKS: Final = 16  # of one file
_EXIF, _XMP, _PHOTOSHOP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\0"
_PNG_XMP: Final = "xml:com.adobe.xmp"  # a keyword, in lower case
_POSITION: Final = "position"  # the keyword of a block of EXIF whose first directory is that of GPS
_RAF: Final = b"FUJIFILMCCD-RAW "
_TIFF_XMP, _TIFF_IPTC = 700, 33723


class Block(NamedTuple):
    """Bytes with the metadata of one source; the keyword tells kinds of blocks apart."""

    source: str
    data: bytes
    keyword: str = ""


def read_metadata(data: bytes) -> Metadata:
    """The words in a picture's file, and when and where it was taken. Never raises.

    The time is one fact: `taken`, or `modified` where the file says only when it was changed.

    Metadata that are damaged, too large or in an unknown container count as none.
    """
    blocks = list(islice(_iterate_blocks(data), MAX_BLOCKS))
    ordered = (block for source in SOURCES for block in blocks if block.source == source)
    facts = [fact for block in ordered for fact in _block_facts(block)]
    by_camera = {fact.field for fact in facts if fact.source == exif.SOURCE and fact.value}
    facts = [fact for fact in facts if fact.source != xmp.SOURCE or fact.field not in SETTINGS & by_camera]
    return Metadata.from_facts(settle_date(without_machine_texts(facts)))


def read_exif(data: bytes) -> bytes:
    """The first EXIF block of a file, which begins like a TIFF; b"" when there is none."""
    return next((block.data for block in _iterate_blocks(data) if block.source == exif.SOURCE), b"")


def _block_facts(block: Block) -> Iterator[Fact]:
    for field, value in _block_pairs(block):
        yield Fact(block.source, field, value)


def _block_pairs(block: Block) -> Iterable[Pair]:
    if block.source == xmp.SOURCE:
        try:
            return xmp.read_xmp_facts(block.data)
        except ValueError:
            return ()
    if block.source == comments.SOURCE:
        return comments.read_comment_facts(block.keyword, block.data)
    if block.source == iptc.SOURCE:
        return iptc.read_iptc_facts(block.data)
    read = exif.read_position_facts if block.keyword == _POSITION else exif.read_exif_facts
    return read(block.data)


def _iterate_blocks(data: bytes) -> Iterator[Block]:
    if data.startswith(b"\xff\xd8"):
        return _jpeg_blocks(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png_blocks(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp_blocks(data)
    if cr3.is_cr3(data):
        return _cr3_blocks(data)
    if data.startswith(_RAF):  # the JPEG in it has the metadata
        start, size = (int.from_bytes(data[offset : offset + 4], "big") for offset in (84, 88))
        return _jpeg_blocks(data[start : start + size])
    return _heif_blocks(data) if heif.is_heif(data) else _tiff_blocks(data)


def _cr3_blocks(data: bytes) -> Iterator[Block]:
    yield Block(exif.SOURCE, cr3.find_exif(data))
    yield Block(exif.SOURCE, cr3.find_exif(data, cr3.EXPOSURE_TABLE))
    yield Block(exif.SOURCE, cr3.find_exif(data, cr3.POSITION_TABLE), _POSITION)
    yield Block(xmp.SOURCE, cr3.find_xmp(data))


def _jpeg_blocks(data: bytes) -> Iterator[Block]:
    photoshop = b""  # may be split over several segments
    for marker, segment in _jpeg_segments(data):
        if marker == 0xE1 and segment.startswith(_EXIF):
            yield Block(exif.SOURCE, segment.removeprefix(_EXIF))
        elif marker == 0xE1 and segment.startswith(_XMP):
            yield Block(xmp.SOURCE, segment.removeprefix(_XMP))
        elif marker == 0xED and segment.startswith(_PHOTOSHOP) and len(photoshop) < MAX_BLOCK_SIZE:
            photoshop += segment.removeprefix(_PHOTOSHOP)
        elif marker == 0xFE:
            yield Block(comments.SOURCE, segment, comments.JPEG)
    yield Block(iptc.SOURCE, iptc.find_iptc_block(photoshop))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each segment before the pixels."""
    position = 2
    for _ in range(MAX_PARTS):
        marker, size = data[position : position + 2], int.from_bytes(data[position + 2 : position + 4], "big")
        end = position + 2 + size
        if marker == b"\xff\xff":  # a marker may begin with any number of these bytes
            position += 1
            continue
        if len(marker) < 2 or marker[0] != 0xFF or marker[1] == 0xDA or size < 2 or end > len(data):
            return
        yield marker[1], data[position + 4 : end]
        position = end


def _png_blocks(data: bytes) -> Iterator[Block]:
    position = 8
    for _ in range(MAX_PARTS):
        size, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        start, position = position + 8, position + 12 + size
        if position > len(data) or kind == b"IEND":
            return
        if size > MAX_BLOCK_SIZE:
            continue
        if kind == b"eXIf":
            yield Block(exif.SOURCE, data[start : start + size])
        elif kind == b"tIME":
            yield Block(comments.SOURCE, data[start : start + size], comments.TIME)
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            yield from _png_text_blocks(kind, data[start : start + size])


def _png_text_blocks(kind: bytes, chunk: bytes) -> Iterator[Block]:
    """XMP or a text with a keyword that Pictor reads."""
    keyword, content = comments.split_keyword_of_png(chunk)
    if keyword == _PNG_XMP and kind == b"iTXt":
        yield Block(xmp.SOURCE, comments.decode_png_text(kind, content, MAX_BLOCK_SIZE))
    elif keyword in comments.FIELDS:
        text = comments.decode_png_text(kind, content, MAX_TOTAL_BYTES)
        yield Block(comments.SOURCE, text, keyword)


def _webp_blocks(data: bytes) -> Iterator[Block]:
    position = 12
    for _ in range(MAX_PARTS):
        kind, size = (
            data[position : position + 4],
            int.from_bytes(data[position + 4 : position + 8], "little"),
        )
        start, position = position + 8, position + 8 + size + size % 2
        if start + size > len(data) or len(kind) < 4:
            return
        if size <= MAX_BLOCK_SIZE and kind == b"EXIF":
            yield Block(exif.SOURCE, data[start : start + size].removeprefix(_EXIF))
        elif size <= MAX_BLOCK_SIZE and kind == b"XMP ":
            yield Block(xmp.SOURCE, data[start : start + size])


def _heif_blocks(data: bytes) -> Iterator[Block]:
    for kind, item in heif.find_items(data):
        yield Block(exif.SOURCE if kind == heif.EXIF else xmp.SOURCE, item)


def _tiff_blocks(data: bytes) -> Iterator[Block]:
    tiff = Tiff.from_bytes(data)
    if tiff is not None:
        fields = tiff.read_first_directory((_TIFF_XMP, _TIFF_IPTC))
        yield Block(xmp.SOURCE, fields.get(_TIFF_XMP, b""))
        yield Block(iptc.SOURCE, fields.get(_TIFF_IPTC, b""))
        yield Block(exif.SOURCE, data)
