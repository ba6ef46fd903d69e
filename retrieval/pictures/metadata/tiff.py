"""Reads directories of TIFF, the format that EXIF uses too: tags, and their values as bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

MAX_VALUE_SIZE: Final = 1 << 20  # bytes of one value
MAX_ENTRIES: Final = 1000  # of one directory; cameras write about fifty
# Bytes of a value, by type.
_VALUE_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
                       16: 8, 17: 8, 18: 8}  # fmt: skip
_LITTLE: Final = (b"II*\0", b"IIRO", b"IIRS", b"IIU\0")  # TIFF, and raw files of Olympus and Panasonic
_BIG: Final = (b"MM\0*", b"MMOR")

Values = Mapping[int, bytes]  # by tag


@dataclass(frozen=True, slots=True)
class Tiff:
    """A file and its byte order. Values outside the file are empty, numbers outside it 0.

    `is_long`: a BigTIFF, whose offsets and counts have eight bytes.
    """

    data: bytes
    order: Literal["little", "big"]
    is_long: bool = False

    @classmethod
    def from_bytes(cls, data: bytes) -> Tiff | None:
        """None for a file that is not a TIFF."""
        if data.startswith(_LITTLE):
            return cls(data, "little")
        if data.startswith(_BIG):
            return cls(data, "big")
        if data.startswith(b"II+\0\x08\0\0\0"):
            return cls(data, "little", is_long=True)
        return cls(data, "big", is_long=True) if data.startswith(b"MM\0+\0\x08\0\0") else None

    def read_first_directory(self, tags: Collection[int]) -> Values:
        """The values of these tags in the first directory."""
        return self.read_directory(self.read_number(8, 8) if self.is_long else self.read_number(4, 4), tags)

    def read_directory(self, offset: int, tags: Collection[int]) -> Values:
        """The values of these tags in the directory at `offset`; of two values of a tag, the first."""
        values: dict[int, bytes] = {}
        count_size, entry_size = (8, 20) if self.is_long else (2, 12)
        start = offset + count_size
        end = start + entry_size * min(self.read_number(offset, count_size), MAX_ENTRIES)
        for entry in range(start, end, entry_size):
            tag = self.read_number(entry, 2)
            if tag in tags and tag not in values:
                values[tag] = self._read_value(entry)
        return values

    def _read_value(self, entry: int) -> bytes:
        width = 8 if self.is_long else 4  # bytes of the count, and of the value or its offset
        size = _VALUE_SIZES.get(self.read_number(entry + 2, 2), 0) * self.read_number(entry + 4, width)
        start = entry + 4 + width
        start = start if size <= width else self.read_number(start, width)
        is_whole = size <= MAX_VALUE_SIZE and start + size <= len(self.data)
        return self.data[start : start + size] if is_whole else b""

    def read_number(self, offset: int, size: int) -> int:
        """An unsigned integer."""
        return int.from_bytes(self.data[offset : offset + size], self.order)
