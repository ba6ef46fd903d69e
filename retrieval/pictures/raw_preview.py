"""Finds the JPEG that a camera put into its raw file, by the tables that say where it lies. Pure.

NEF, CR2, ARW, DNG, PEF and their like are TIFF files, ORF and RW2 nearly, RAF has the place in its header,
CR3 has boxes (see `cr3`)
(Adobe, TIFF 6.0 and DNG 1.4; Olympus' own table as ExifTool documents it). Every number in them is
hostile: offsets are checked against the file, tables, entries and values are bounded, none is read twice.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from . import cr3

MAX_TABLES: Final = 32  # that are followed in one file; real ones have at most a dozen
MAX_ENTRIES: Final = 512  # of one table
MAX_VALUES: Final = 16  # values of one entry that are looked at
_MAGIC: Final = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
_RAF: Final = b"FUJIFILMCCD-RAW "
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4}  # bytes of a type's value
_INTEGERS: Final = {1: "B", 3: "H", 4: "I", 7: "B", 13: "I"}

_COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 0x0103, 0x0106, 0x0112
_STRIPS, _STRIP_BYTES, _SUB_TABLES = 0x0111, 0x0117, 0x014A
_JPEG, _JPEG_BYTES, _EXIF, _MAKER = 0x0201, 0x0202, 0x8769, 0x927C
_PANASONIC_JPEG, _DNG_VERSION = 0x002E, 0xC612
_OLYMPUS_SETTINGS, _OLYMPUS_JPEG, _OLYMPUS_BYTES = 0x2020, 0x0101, 0x0102
_SENSOR: Final = (32803, 34892)  # photometric interpretations that only raw files have

Entry: TypeAlias = tuple[int, int, int]  # type, count, where its values begin
Table: TypeAlias = Mapping[int, Entry]  # by tag


@dataclass(frozen=True, slots=True)
class Preview:
    """The largest picture in a raw file: a whole JPEG, or b"" where there is none.

    `orientation` is what the file itself says, unchecked; 0 where it says nothing. `exif` is the block with
    its facts, which begins like a TIFF, where that is not the file itself.
    """

    jpeg: bytes
    orientation: int
    exif: bytes = b""


def find_preview(data: bytes) -> Preview | None:
    """The embedded JPEG with the most pixels, of equals the first; None for what is no raw file.

    A raw file is known by its content: the marks of CR2, CR3, DNG, ORF, RW2 and RAF, or a table for a
    sensor's own values. Only JPEG that every viewer shows counts (8-bit, Huffman); sensor data in lossless
    JPEG do not.
    """
    exif = b""
    if data.startswith(_RAF):
        at, size = struct.unpack_from(">II", data.ljust(92, b"\0"), 84)
        found, orientation = [(at, size)], 0
    elif cr3.is_cr3(data):
        exif = cr3.find_exif(data)
        found, orientation = list(cr3.find_jpegs(data)), _read_orientation(_RawFile(exif))
    elif data.startswith(_MAGIC):
        file = _RawFile(data)
        tables = list(file.iterate_tables())
        if not file.is_raw(tables):
            return None
        found = [place for base, table in tables for place in file.jpeg_ranges(base, table)]
        orientation = _read_orientation(file)
    else:
        return None
    pixels = {(at, at + size): _count_pixels(data, at, at + size) for at, size in found}
    start, end = max(pixels, key=pixels.__getitem__, default=(0, 0))
    return Preview(data[start:end] if pixels.get((start, end)) else b"", orientation, exif)


def _read_orientation(file: _RawFile) -> int:
    """What the first table says of it; 0 for nothing."""
    _, first = next(file.iterate_tables(), (0, {}))
    return file.read_number(first, _ORIENTATION)


class _RawFile:
    """The tables of one file. A base is what the offsets in a table count from: 0, but for makers' notes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._order = data, "<" if data.startswith(b"I") else ">"

    def is_raw(self, tables: list[tuple[int, Table]]) -> bool:
        if self._data[:4] not in _MAGIC[:2] or self._data[8:11] == b"CR\2":
            return True
        return any(
            _DNG_VERSION in table or self.read_number(table, _PHOTOMETRIC) in _SENSOR for _, table in tables
        )

    def iterate_tables(self) -> Iterator[tuple[int, Table]]:
        """Every table that can be reached, with its base, each once, the first one first."""
        waiting = [(0, self._read_integer("I", 4))]
        seen: set[tuple[int, int]] = set()
        while waiting and len(seen) < MAX_TABLES:
            base, at = waiting.pop(0)
            if at and (base, at) not in seen:
                seen.add((base, at))
                table, following = self._read_table(base, at)
                yield base, table
                waiting += [(base, following), *self._nested_tables(base, table)]

    def _nested_tables(self, base: int, table: Table) -> Iterator[tuple[int, int]]:
        for tag in (_SUB_TABLES, _EXIF):
            yield from ((base, at) for at in self.read_numbers(table, tag))
        if _MAKER in table:
            note = table[_MAKER][2]
            if self._data.startswith((b"OLYMPUS\0", b"OM SYSTEM\0"), note):
                yield note, 16 if self._data.startswith(b"OM", note) else 12
        if base and _OLYMPUS_SETTINGS in table:
            yield base, self.read_number(table, _OLYMPUS_SETTINGS)

    def jpeg_ranges(self, base: int, table: Table) -> Iterator[tuple[int, int]]:
        """Where JPEGs may lie, and how long each is."""
        for first, second in ((_JPEG, _JPEG_BYTES), (_OLYMPUS_JPEG, _OLYMPUS_BYTES)):
            if first == _JPEG or base:
                yield base + self.read_number(table, first), self.read_number(table, second)
        if self.read_number(table, _COMPRESSION) in (6, 7) and table.get(_STRIPS, (0, 0, 0))[1] == 1:
            yield self.read_number(table, _STRIPS), self.read_number(table, _STRIP_BYTES)
        if _PANASONIC_JPEG in table and self._data.startswith(b"IIU\0"):
            _, size, at = table[_PANASONIC_JPEG]
            yield at, size

    def read_numbers(self, table: Table, tag: int) -> list[int]:
        """The first whole numbers of an entry; none where it is absent, of another type or outside."""
        kind, count, at = table.get(tag, (0, 0, 0))
        if kind not in _INTEGERS:
            return []
        size = struct.calcsize("=" + _INTEGERS[kind])
        return [
            self._read_integer(_INTEGERS[kind], at + size * place) for place in range(min(count, MAX_VALUES))
        ]

    def read_number(self, table: Table, tag: int) -> int:
        return next(iter(self.read_numbers(table, tag)), 0)

    def _read_table(self, base: int, at: int) -> tuple[Table, int]:
        """Read one table, and the offset of the next one."""
        start, count = base + at + 2, self._read_integer("H", base + at)
        if count > MAX_ENTRIES:
            return {}, 0
        entries = (self._read_entry(base, start + 12 * place) for place in range(count))
        return {tag: entry for tag, entry in entries if entry[0]}, self._read_integer("I", start + 12 * count)

    def _read_entry(self, base: int, at: int) -> tuple[int, Entry]:
        tag, kind, count = (self._read_integer(*each) for each in (("H", at), ("H", at + 2), ("I", at + 4)))
        inside = _SIZES.get(kind, 8) * count <= 4
        return tag, (kind, count, at + 8 if inside else base + self._read_integer("I", at + 8))

    def _read_integer(self, kind: str, at: int) -> int:
        """A number, or 0 where the file ends before it."""
        if at + struct.calcsize("=" + kind) > len(self._data):
            return 0
        return int(struct.unpack_from(self._order + kind, self._data, at)[0])


_MARKER: Final = re.compile(rb"\xff+([\x01-\xfe])", re.DOTALL)


def _count_pixels(data: bytes, start: int, end: int) -> int:
    """How many pixels a JPEG says it has; 0 for what does not begin like one that can be shown."""
    if not data.startswith(b"\xff\xd8", start, end):
        return 0
    at, end = start + 2, min(end, len(data))
    while found := _MARKER.match(data, at, end):
        marker, at = found[1][0], found.end()
        if marker in (0xC0, 0xC1, 0xC2) and at + 7 <= end:
            depth, height, width = struct.unpack_from(">BHH", data, at + 2)
            return int(height * width) if depth == 8 else 0
        if marker in (0xC3, 0xD9, 0xDA) or at + 2 > end:
            return 0
        at += int.from_bytes(data[at : at + 2], "big")
    return 0
