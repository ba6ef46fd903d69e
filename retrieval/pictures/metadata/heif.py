"""Finds the items of HEIC and AVIF that hold EXIF and XMP.

After ISO 23008-12 and ISO 14496-12: the table `iinf` has the kind of each item, `iloc` the pieces of the file
that it consists of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from ..isobmff import Box, iterate_boxes, nested_boxes, read_number

BRANDS: Final = (b"hei", b"hev", b"mif", b"msf", b"avi")
MAX_ITEM_SIZE: Final = 1 << 20  # bytes of one item
MAX_ITEMS: Final = 10_000  # of one file; a picture of 48 megapixels has about a hundred tiles
MAX_PIECES: Final = 64  # of one item
EXIF, XMP = b"Exif", b"mime"
_XMP_TYPE: Final = b"application/rdf+xml\0"

Pieces = list[tuple[int, int]]  # where each begins and ends


def is_heif(data: bytes) -> bool:
    """Whether a file begins like HEIC or AVIF."""
    return data[4:8] == b"ftyp" and data[8:11] in BRANDS


def find_items(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The items with EXIF and XMP: EXIF or XMP, and the bytes; EXIF begins like a TIFF."""
    for meta in islice((box for box in iterate_boxes(data) if box.kind == b"meta"), 1):
        body = Box(meta.kind, meta.start + 4, meta.end)  # after version and flags
        kinds = _item_kinds(data, body)
        for item, pieces in _item_pieces(data, body):
            if kind := kinds.get(item):
                content = b"".join(data[start:end] for start, end in pieces)
                yield kind, _strip_exif_header(content) if kind == EXIF else content


def _strip_exif_header(item: bytes) -> bytes:
    """The EXIF begins after its offset in four bytes, and after a JPEG segment header of some writers."""
    return item[4 + read_number(item, 0, 4) :].removeprefix(b"Exif\0\0")


def _item_kinds(data: bytes, meta: Box) -> Mapping[int, bytes]:
    """EXIF or XMP for the number of each item that holds it."""
    kinds = {}
    for table in nested_boxes(data, meta, b"iinf"):
        entries = table.start + (6 if data[table.start : table.start + 1] == b"\0" else 8)
        for entry in islice(iterate_boxes(data, entries, table.end), MAX_ITEMS):
            id_size = 4 if data[entry.start : entry.start + 1] == b"\3" else 2
            start = entry.start + 4 + id_size + 2
            kind, name = data[start : start + 4], data[start + 4 : entry.end]
            if kind == EXIF or (kind == XMP and name.partition(b"\0")[2].startswith(_XMP_TYPE)):
                kinds[read_number(data, entry.start + 4, id_size)] = kind
    return kinds


def _item_pieces(data: bytes, meta: Box) -> Iterator[tuple[int, Pieces]]:
    """The number of each item and its pieces; no pieces for an item that is too large."""
    base = next((box.start for box in nested_boxes(data, meta, b"idat")), 0)
    for table in nested_boxes(data, meta, b"iloc"):
        yield from _ItemLocations(data, table, base).iterate_items()


class _ItemLocations:
    """Reads the table `iloc`, which begins with the sizes of its own numbers."""

    def __init__(self, data: bytes, table: Box, base: int) -> None:
        self._data, self._position, self._end, self._base = data, table.start, table.end, base
        self._version = self._read_number(1)
        self._position += 3
        sizes = self._read_number(2)
        self._offset_size, self._length_size, self._base_size, self._index_size = (
            sizes >> shift & 15 for shift in (12, 8, 4, 0)
        )

    def iterate_items(self) -> Iterator[tuple[int, Pieces]]:
        id_size = 2 if self._version < 2 else 4
        for _ in range(min(self._read_number(id_size), MAX_ITEMS)):
            item = self._read_number(id_size)
            method = self._read_number(2) & 15 if self._version else 0
            self._position += 2  # data reference: this file
            start = self._read_number(self._base_size) + (self._base if method == 1 else 0)
            count = self._read_number(2)
            if self._position > self._end or count > MAX_PIECES:
                return
            pieces = [self._read_piece(start) for _ in range(count)]
            size = sum(end - begin for begin, end in pieces)
            yield item, pieces if method < 2 and size <= MAX_ITEM_SIZE else []

    def _read_piece(self, start: int) -> tuple[int, int]:
        self._position += self._index_size if self._version else 0
        begin = start + self._read_number(self._offset_size)
        return begin, begin + self._read_number(self._length_size)

    def _read_number(self, size: int) -> int:
        self._position += size
        return read_number(self._data, self._position - size, size)
