"""The items of HEIC and AVIF that are no pictures: EXIF and XMP, by the tables that say where they lie.

After ISO 23008-12 and ISO 14496-12: `iinf` says what each item is, `iloc` of which pieces of the file it
consists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from ..isobmff import Box, iterate_boxes, nested_boxes, read_number

BRANDS: Final = (b"hei", b"hev", b"mif", b"msf", b"avi")
MAX_ITEM_SIZE: Final = 1 << 20  # bytes of one item
MAX_ITEMS: Final = 10_000  # of one file; one of 48 megapixels has some hundred tiles
MAX_PIECES: Final = 64  # of one item
EXIF, XMP = b"Exif", b"mime"
_XMP_TYPE: Final = b"application/rdf+xml\0"

Pieces = list[tuple[int, int]]  # where each begins and ends


def is_heif(data: bytes) -> bool:
    """Whether a file begins like HEIC or AVIF."""
    return data[4:8] == b"ftyp" and data[8:11] in BRANDS


def find_items(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """EXIF, beginning like a TIFF, and XMP: which of both, and its bytes."""
    for meta in islice((box for box in iterate_boxes(data) if box.kind == b"meta"), 1):
        body = Box(meta.kind, meta.start + 4, meta.end)  # behind a version and flags
        kinds = _item_kinds(data, body)
        for item, pieces in _item_pieces(data, body):
            if kind := kinds.get(item):
                found = b"".join(data[start:end] for start, end in pieces)
                yield kind, _strip_exif_header(found) if kind == EXIF else found


def _strip_exif_header(item: bytes) -> bytes:
    """EXIF begins with where it begins; some writers leave the mark of a JPEG's segment before it."""
    return item[4 + read_number(item, 0, 4) :].removeprefix(b"Exif\0\0")


def _item_kinds(data: bytes, meta: Box) -> Mapping[int, bytes]:
    """The wanted items, by their numbers."""
    found = {}
    for table in nested_boxes(data, meta, b"iinf"):
        entries = table.start + (6 if data[table.start : table.start + 1] == b"\0" else 8)
        for entry in islice(iterate_boxes(data, entries, table.end), MAX_ITEMS):
            wide = 4 if data[entry.start : entry.start + 1] == b"\3" else 2
            at = entry.start + 4 + wide + 2
            kind, name = data[at : at + 4], data[at + 4 : entry.end]
            if kind == EXIF or (kind == XMP and name.partition(b"\0")[2].startswith(_XMP_TYPE)):
                found[read_number(data, entry.start + 4, wide)] = kind
    return found


def _item_pieces(data: bytes, meta: Box) -> Iterator[tuple[int, Pieces]]:
    """Each item's number and the pieces that it consists of; those that are too large have none."""
    base = next((box.start for box in nested_boxes(data, meta, b"idat")), 0)
    for table in nested_boxes(data, meta, b"iloc"):
        yield from _ItemLocations(data, table, base).iterate_items()


class _ItemLocations:
    """The table of places; its numbers have the sizes that it begins with."""

    def __init__(self, data: bytes, table: Box, base: int) -> None:
        self._data, self._at, self._end, self._base = data, table.start, table.end, base
        self._version = self._read_number(1)
        self._at += 3
        sizes = self._read_number(2)
        self._offset, self._length, self._start, self._index = (
            sizes >> shift & 15 for shift in (12, 8, 4, 0)
        )

    def iterate_items(self) -> Iterator[tuple[int, Pieces]]:
        wide = 2 if self._version < 2 else 4
        for _ in range(min(self._read_number(wide), MAX_ITEMS)):
            item = self._read_number(wide)
            method = self._read_number(2) & 15 if self._version else 0
            self._at += 2  # which file: this one
            start = self._read_number(self._start) + (self._base if method == 1 else 0)
            count = self._read_number(2)
            if self._at > self._end or count > MAX_PIECES:
                return
            pieces = [self._read_piece(start) for _ in range(count)]
            size = sum(end - begin for begin, end in pieces)
            yield item, pieces if method < 2 and size <= MAX_ITEM_SIZE else []

    def _read_piece(self, start: int) -> tuple[int, int]:
        self._at += self._index if self._version else 0
        begin = start + self._read_number(self._offset)
        return begin, begin + self._read_number(self._length)

    def _read_number(self, size: int) -> int:
        self._at += size
        return read_number(self._data, self._at - size, size)
