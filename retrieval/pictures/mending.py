"""Repairs bytes of picture files that decoders refuse and viewers show, and looks into cut JPEGs. Pure."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER: Final = 33  # bytes: the start and the first chunk, IHDR
_MIN_PNG_LENGTHS: Final[Mapping[bytes, int]] = {
    b"cHRM": 32, b"gAMA": 4, b"pHYs": 9, b"sRGB": 1, b"tRNS": 1, b"iCCP": 3, b"acTL": 8,
}  # fmt: skip
_GREY, _PALETTE = 0, 3  # colour types of a PNG

JPEG_END: Final = b"\xff\xd9"
# Entropy-coded data that decode to anything but grey, where libjpeg fills what is missing with grey.
JPEG_NOISE: Final = bytes(index * index * 37 % 251 for index in range(4096))
_MIN_PADDING: Final = 16  # bytes of one kind behind a JPEG that are no data
_END_WINDOW: Final = 1024  # bytes at the end of a JPEG in which its end mark is looked for
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # JPEG markers without a segment
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF markers
_SCAN, _END = 0xDA, 0xD9

# The tags of a TIFF that say how its pixels are stored, and its profile, orientation and camera.
_TIFF_TAGS: Final = frozenset(
    {254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 318, 319, 320, 322, 323,
     324, 325, 332, 338, 339, 347, 513, 514, 529, 530, 531, 532, 34675}
)  # fmt: skip
_TIFF_VALUE_SIZES: Final = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4)  # bytes, by type


def mend_png(data: bytes) -> bytes:
    """A PNG without the ancillary chunks that are damaged, as libpng and browsers read it; others unchanged.

    Dropped are chunks with a wrong checksum, an unknown compression, or too few bytes, and transparency of
    more entries than the palette has colours. A transparent grey of 2 or 4 bits is scaled to 8, as the pixels
    are (W3C, PNG 3rd edition, 11.3.1).
    """
    if not data.startswith(_PNG_START) or data[12:16] != b"IHDR" or len(data) < _PNG_HEADER:
        return data
    depth, colour = data[24], data[25]
    pieces, start, colours = list[bytes](), 0, 0
    for chunk in _png_chunks(data):
        if chunk.kind == b"PLTE":
            colours = (chunk.end - chunk.start - 12) // 3
        if not chunk.is_ancillary:
            continue
        body, checksum = data[chunk.start + 8 : chunk.end - 4], data[chunk.end - 4 : chunk.end]
        is_excess = chunk.kind == b"tRNS" and colour == _PALETTE and len(body) > colours
        if is_excess or _is_bad_chunk(chunk.kind, body, checksum):
            pieces.append(data[start : chunk.start])
            start = chunk.end
        elif chunk.kind == b"tRNS" and colour == _GREY and depth in (2, 4):
            pieces += data[start : chunk.start], _scaled_grey(body, depth)
            start = chunk.end
    return b"".join([*pieces, data[start:]]) if pieces else data


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A chunk of a PNG, from the offset of its length to the offset after its checksum."""

    kind: bytes
    start: int
    end: int

    @property
    def is_ancillary(self) -> bool:
        """Whether a decoder can do without it: the first letter of its kind is small."""
        return bool(self.kind[0] & 0x20)


def _png_chunks(data: bytes) -> Iterator[_Chunk]:
    start = 8
    while start + 12 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        kind = data[start + 4 : start + 8]
        if end > len(data) or not kind.isalpha():
            return
        yield _Chunk(kind, start, end)
        start = end


def _is_bad_chunk(kind: bytes, body: bytes, checksum: bytes) -> bool:
    if zlib.crc32(kind + body) != int.from_bytes(checksum, "big"):
        return True
    name, separator, rest = body.partition(b"\0")
    has_method = kind in (b"zTXt", b"iCCP")
    is_bad_method = has_method and bool(separator and name) and rest[:1] != b"\0"
    return is_bad_method or len(body) < _MIN_PNG_LENGTHS.get(kind, 0)


def _scaled_grey(body: bytes, depth: int) -> bytes:
    levels = (1 << depth) - 1
    value = (int.from_bytes(body[:2], "big") & levels) * 255 // levels
    chunk = b"tRNS" + value.to_bytes(2, "big")
    return struct.pack(">I", 2) + chunk + struct.pack(">I", zlib.crc32(chunk))


def mend_tiff(data: bytes) -> bytes:
    """A TIFF whose first directory has only the tags that say how pixels are stored.

    The new directory follows the data of the file. Other files are returned unchanged, and so are files in
    which one of these tags, or some of the pixels, lie outside the file.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    entries = _tiff_entries(data, order) if order else []
    if order is None or not entries or not _has_all_pixels(data, entries, order):
        return data
    directory = struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    end = len(data) + len(data) % 2  # directories begin at even offsets
    return data[:4] + struct.pack(order + "I", end) + data[8:].ljust(end - 8, b"\0") + directory


def _tiff_entries(data: bytes, order: str) -> list[bytes]:
    """The entries of the first directory that pixels need; none if it is cut or names one twice."""
    if len(data) < 8:
        return []
    offset = int(struct.unpack_from(order + "I", data, 4)[0])
    count = struct.unpack_from(order + "H", data, offset)[0] if offset + 2 <= len(data) else 0
    if offset + 2 + 12 * count > len(data):
        return []
    starts = range(offset + 2, offset + 2 + 12 * count, 12)
    needed = [start for start in starts if struct.unpack_from(order + "H", data, start)[0] in _TIFF_TAGS]
    # Each entry may name values as long as the file, which are all read.
    return [data[start : start + 12] for start in needed] if len(needed) <= len(_TIFF_TAGS) else []


def _has_all_pixels(data: bytes, entries: Iterable[bytes], order: str) -> bool:
    """Whether the values of all entries lie in the file, and the strips or tiles too."""
    values = {
        struct.unpack_from(order + "H", entry)[0]: _tiff_values(data, entry, order) for entry in entries
    }
    starts, sizes = values.get(273) or values.get(324), values.get(279) or values.get(325)
    if None in values.values() or not starts or not sizes or len(starts) != len(sizes):
        return False
    return max(map(sum, zip(starts, sizes, strict=True))) <= len(data)


def _tiff_values(data: bytes, entry: bytes, order: str) -> tuple[int, ...] | None:
    """The values of an entry; empty for types other than whole numbers, None if they lie outside the file."""
    _, kind, count, offset = struct.unpack(order + "HHII", entry)
    size = _TIFF_VALUE_SIZES[kind] * count if kind < len(_TIFF_VALUE_SIZES) else 0
    if not size or (size > 4 and offset + size > len(data)):
        return None
    content = entry[8 : 8 + size] if size <= 4 else data[offset : offset + size]
    letter = {1: "B", 3: "H", 4: "I"}.get(kind)
    return struct.unpack(f"{order}{count}{letter}", content) if letter else ()


def mend_gif(data: bytes) -> bytes:
    """A GIF whose last block of the first frame's pixels, if it is cut, is as long as what is there of it.

    Pillow reads no part of a block. Other files are returned unchanged (CompuServe, GIF89a).
    """
    if not data.startswith((b"GIF87a", b"GIF89a")) or len(data) < 13:
        return data
    offset = 13 + _gif_palette_size(data[10])
    while data[offset : offset + 1] == b"!":  # an extension: its kind, then blocks
        offset, _ = _skip_blocks(data, offset + 2)
    if data[offset : offset + 1] != b"," or len(data) < offset + 11:
        return data
    end, last = _skip_blocks(data, offset + 11 + _gif_palette_size(data[offset + 9]))
    rest = len(data) - last - 1
    return data if end <= len(data) or rest < 1 else data[:last] + bytes([rest]) + data[last + 1 :]


def _gif_palette_size(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_blocks(data: bytes, offset: int) -> tuple[int, int]:
    """The offset behind a row of blocks, and that of its last block with content."""
    last = offset
    while offset < len(data) and data[offset]:
        last, offset = offset, offset + 1 + data[offset]
    return offset + 1, last


def strip_padding(data: bytes) -> bytes:
    """A JPEG without the bytes 00 or FF that fill a file behind what was written; at least 16 of them."""
    for filler in (b"\0", b"\xff"):
        if data.endswith(filler * _MIN_PADDING):
            return data.rstrip(filler)
    return data


def is_cut_jpeg(data: bytes) -> bool:
    """Whether a JPEG ends without its end mark, in padding that libjpeg would read as pixels."""
    if not data.startswith(b"\xff\xd8\xff"):
        return False
    stripped = strip_padding(data)
    return len(stripped) < len(data) and JPEG_END not in stripped[-_END_WINDOW:]


@dataclass(frozen=True, slots=True)
class JpegScans:
    """What the markers of a JPEG say: its kind, the components that have data, and where the data lie.

    `end`: where the last marker segment begins if it is cut, else the length of the file.
    `whole`: how many scans are followed by another marker. `has_outline`: every component has a scan of its
    mean values that is whole. `has_all_components`: every component has at least the beginning of a scan.
    """

    is_progressive: bool
    is_arithmetic: bool
    start: int
    end: int
    whole: int
    has_outline: bool
    has_all_components: bool


def read_scans(data: bytes) -> JpegScans:
    """Read the markers of the first picture in a JPEG (ITU-T T.81, annex B)."""
    frame, components, start, end, whole = 0, 0, 0, len(data), 0
    begun, outlined = set[int](), set[int]()
    for marker, offset in _jpeg_markers(data):
        length = max(2, int.from_bytes(data[offset : offset + 2], "big"))
        body = data[offset : offset + length]
        if marker not in _ALONE and len(body) < length:
            end = offset - 2
        elif marker in _FRAMES and len(body) > 7:
            frame, components = marker, body[7]
        elif marker == _SCAN and len(body) > 3:
            start = start or offset
            names = {*body[3 : 3 + 2 * body[2] : 2]}
            begun |= names
            is_whole = _next_marker(data, offset + len(body)) < len(data)
            whole += is_whole
            if is_whole and len(body) >= 6 and body[-3] == 0 and body[-1] >> 4 == 0:
                outlined |= names
    return JpegScans(
        is_progressive=frame in (0xC2, 0xCA),
        is_arithmetic=frame in (0xC9, 0xCA),
        start=start,
        end=end,
        whole=whole,
        has_outline=0 < components <= len(outlined),
        has_all_components=0 < components <= len(begun),
    )


def _jpeg_markers(data: bytes) -> Iterator[tuple[int, int]]:
    """Each marker up to the end mark, with the offset behind it."""
    offset = _next_marker(data, 2)
    while offset < len(data):
        marker = data[offset + 1]
        if marker == _END:
            return
        yield marker, offset + 2
        length = 0 if marker in _ALONE else int.from_bytes(data[offset + 2 : offset + 4], "big")
        offset = _next_marker(data, offset + 2 + length)


def _next_marker(data: bytes, start: int) -> int:
    """The offset of the next marker other than a restart; the length of the data if there is none."""
    offset = data.find(b"\xff", start)
    while 0 <= offset < len(data) - 1:
        code = data[offset + 1]
        if code not in (0, 0xFF) and code not in _ALONE:
            return offset
        offset = data.find(b"\xff", offset + (1 if code == 0xFF else 2))
    return len(data)
