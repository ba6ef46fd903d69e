"""Finds the JPEG that a camera put into its raw file. Pure.

NEF, CR2, ARW, DNG, PEF and similar files are TIFF, ORF and RW2 nearly so; RAF has the offset in its header,
CR3 has boxes (see `cr3`). Sources: Adobe, TIFF 6.0 and DNG 1.4; ExifTool for the table of Olympus. Every
number in them may be hostile: offsets are checked, the numbers of tables, entries and values are limited, and
no table is read twice.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from . import cr3

MAX_TABLES: Final = 32  # of one file; real files have at most a dozen
MAX_ENTRIES: Final = 512  # of one table
MAX_VALUES: Final = 16  # of one entry
_MAGIC: Final = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
_RAF: Final = b"FUJIFILMCCD-RAW "
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4}  # bytes of a value, by type
_INTEGERS: Final = {1: "B", 3: "H", 4: "I", 7: "B", 13: "I"}

_COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 0x0103, 0x0106, 0x0112
_STRIPS, _STRIP_BYTES, _SUB_TABLES = 0x0111, 0x0117, 0x014A
_JPEG, _JPEG_BYTES, _EXIF, _MAKER = 0x0201, 0x0202, 0x8769, 0x927C
_PANASONIC_JPEG, _DNG_VERSION = 0x002E, 0xC612
_OLYMPUS_SETTINGS, _OLYMPUS_JPEG, _OLYMPUS_BYTES = 0x2020, 0x0101, 0x0102
_SENSOR: Final = (32803, 34892)  # photometric interpretations of raw files only

Entry: TypeAlias = tuple[int, int, int]  # type, count, offset of the values
Table: TypeAlias = Mapping[int, Entry]  # by tag


@dataclass(frozen=True, slots=True)
class Preview:
    """The largest JPEG in a raw file, or b"" when there is none.

    `orientation` is the value in the raw file, unchecked; 0 when it has none. `exif` is its EXIF block, which
    begins like a TIFF; b"" when the file itself is the block.
    """

    jpeg: bytes
    orientation: int
    exif: bytes = b""


def find_preview(data: bytes) -> Preview | None:
    """The embedded JPEG with the most pixels, the first of equal ones; None for a file that is not raw.

    A raw file is recognised by its content: the magic bytes of CR2, CR3, DNG, ORF, RW2 and RAF, or a table
    with sensor values. Only JPEG that every viewer shows counts (8-bit, Huffman coding), not sensor data in
    lossless JPEG.
    """
    exif = b""
    if data.startswith(_RAF):
        offset, size = struct.unpack_from(">II", data.ljust(92, b"\0"), 84)
        ranges, orientation = [(offset, size)], 0
    elif cr3.is_cr3(data):
        exif = cr3.find_exif(data)
        ranges, orientation = list(cr3.find_jpegs(data)), _read_orientation(_RawFile(exif))
    elif data.startswith(_MAGIC):
        file = _RawFile(data)
        tables = list(file.iterate_tables())
        if not file.is_raw(tables):
            return None
        ranges = [jpeg for base, table in tables for jpeg in file.jpeg_ranges(base, table)]
        orientation = _read_orientation(file)
    else:
        return None
    pixels = {(start, start + size): _count_pixels(data, start, start + size) for start, size in ranges}
    start, end = max(pixels, key=pixels.__getitem__, default=(0, 0))
    return Preview(data[start:end] if pixels.get((start, end)) else b"", orientation, exif)


def _read_orientation(file: _RawFile) -> int:
    """The orientation in the first table; 0 when it has none."""
    _, first = next(file.iterate_tables(), (0, {}))
    return file.read_number(first, _ORIENTATION)


class _RawFile:
    """The tables of one file. Offsets in a table count from its base, which is 0 except in maker notes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._order = data, "<" if data.startswith(b"I") else ">"

    def is_raw(self, tables: list[tuple[int, Table]]) -> bool:
        if self._data[:4] not in _MAGIC[:2] or self._data[8:11] == b"CR\2":
            return True
        return any(
            _DNG_VERSION in table or self.read_number(table, _PHOTOMETRIC) in _SENSOR for _, table in tables
        )

    def iterate_tables(self) -> Iterator[tuple[int, Table]]:
        """Every table that can be reached, once, with its base; the first table comes first."""
        waiting = [(0, self._read_integer("I", 4))]
        seen: set[tuple[int, int]] = set()
        while waiting and len(seen) < MAX_TABLES:
            base, offset = waiting.pop(0)
            if offset and (base, offset) not in seen:
                seen.add((base, offset))
                table, next_offset = self._read_table(base, offset)
                yield base, table
                waiting += [(base, next_offset), *self._nested_tables(base, table)]

    def _nested_tables(self, base: int, table: Table) -> Iterator[tuple[int, int]]:
        for tag in (_SUB_TABLES, _EXIF):
            yield from ((base, offset) for offset in self.read_numbers(table, tag))
        if _MAKER in table:
            note = table[_MAKER][2]
            if self._data.startswith((b"OLYMPUS\0", b"OM SYSTEM\0"), note):
                yield note, 16 if self._data.startswith(b"OM", note) else 12
        if base and _OLYMPUS_SETTINGS in table:
            yield base, self.read_number(table, _OLYMPUS_SETTINGS)

    def jpeg_ranges(self, base: int, table: Table) -> Iterator[tuple[int, int]]:
        """Offset and size of everything that may be a JPEG."""
        for first, second in ((_JPEG, _JPEG_BYTES), (_OLYMPUS_JPEG, _OLYMPUS_BYTES)):
            if first == _JPEG or base:
                yield base + self.read_number(table, first), self.read_number(table, second)
        if self.read_number(table, _COMPRESSION) in (6, 7) and table.get(_STRIPS, (0, 0, 0))[1] == 1:
            yield self.read_number(table, _STRIPS), self.read_number(table, _STRIP_BYTES)
        if _PANASONIC_JPEG in table and self._data.startswith(b"IIU\0"):
            _, size, offset = table[_PANASONIC_JPEG]
            yield offset, size

    def read_numbers(self, table: Table, tag: int) -> list[int]:
        """The first integers of an entry; none when it is absent or has another type."""
        kind, count, offset = table.get(tag, (0, 0, 0))
        if kind not in _INTEGERS:
            return []
        size = struct.calcsize("=" + _INTEGERS[kind])
        return [
            self._read_integer(_INTEGERS[kind], offset + size * index)
            for index in range(min(count, MAX_VALUES))
        ]

    def read_number(self, table: Table, tag: int) -> int:
        return next(iter(self.read_numbers(table, tag)), 0)

    def _read_table(self, base: int, offset: int) -> tuple[Table, int]:
        """One table, and the offset of the next one."""
        start, count = base + offset + 2, self._read_integer("H", base + offset)
        if count > MAX_ENTRIES:
            return {}, 0
        entries = (self._read_entry(base, start + 12 * index) for index in range(count))
        return {tag: entry for tag, entry in entries if entry[0]}, self._read_integer("I", start + 12 * count)

    def _read_entry(self, base: int, start: int) -> tuple[int, Entry]:
        tag, kind = self._read_integer("H", start), self._read_integer("H", start + 2)
        count = self._read_integer("I", start + 4)
        is_inline = _SIZES.get(kind, 8) * count <= 4
        offset = start + 8 if is_inline else base + self._read_integer("I", start + 8)
        return tag, (kind, count, offset)

    def _read_integer(self, kind: str, offset: int) -> int:
        """A number, or 0 when the file ends before it."""
        if offset + struct.calcsize("=" + kind) > len(self._data):
            return 0
        return int(struct.unpack_from(self._order + kind, self._data, offset)[0])


_MARKER: Final = re.compile(rb"\xff+([\x01-\xfe])", re.DOTALL)


def _count_pixels(data: bytes, start: int, end: int) -> int:
    """The pixels of a JPEG by its header; 0 for anything that a viewer could not show."""
    if not data.startswith(b"\xff\xd8", start, end):
        return 0
    offset, end = start + 2, min(end, len(data))
    while match := _MARKER.match(data, offset, end):
        marker, offset = match[1][0], match.end()
        if marker in (0xC0, 0xC1, 0xC2) and offset + 7 <= end:
            bits, height, width = struct.unpack_from(">BHH", data, offset + 2)
            return int(height * width) if bits == 8 else 0
        if marker in (0xC3, 0xD9, 0xDA) or offset + 2 > end:
            return 0
        offset += int.from_bytes(data[offset : offset + 2], "big")
    return 0
