"""Reads directories of TIFF, the format that EXIF uses too: tags, and their values as bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

MAX_VALUE_SIZE: Final = 1 << 20  # bytes of one value
MAX_ENTRIES: Final = 1000  # of one directory; cameras write about fifty
# Bytes of a value, by type.
_VALUE_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

Values = Mapping[int, bytes]  # by tag


@dataclass(frozen=True, slots=True)
class Tiff:
    """A file and its byte order. Values outside the file are empty, numbers outside it 0."""

    data: bytes
    order: Literal["little", "big"]

    @classmethod
    def from_bytes(cls, data: bytes) -> Tiff | None:
        """None for a file that is not a TIFF, and for one with 64-bit offsets."""
        if data.startswith(b"II*\0"):
            return cls(data, "little")
        return cls(data, "big") if data.startswith(b"MM\0*") else None

    def read_first_directory(self, tags: Collection[int]) -> Values:
        """The values of these tags in the first directory."""
        return self.read_directory(self.read_number(4, 4), tags)

    def read_directory(self, offset: int, tags: Collection[int]) -> Values:
        """The values of these tags in the directory at `offset`; of two values of a tag, the first."""
        values: dict[int, bytes] = {}
        end = offset + 2 + 12 * min(self.read_number(offset, 2), MAX_ENTRIES)
        for entry in range(offset + 2, end, 12):
            tag = self.read_number(entry, 2)
            if tag in tags and tag not in values:
                values[tag] = self._read_value(entry)
        return values

    def _read_value(self, entry: int) -> bytes:
        size = _VALUE_SIZES.get(self.read_number(entry + 2, 2), 0) * self.read_number(entry + 4, 4)
        start = entry + 8 if size <= 4 else self.read_number(entry + 8, 4)
        is_whole = size <= MAX_VALUE_SIZE and start + size <= len(self.data)
        return self.data[start : start + size] if is_whole else b""

    def read_number(self, offset: int, size: int) -> int:
        """An unsigned integer."""
        return int.from_bytes(self.data[offset : offset + size], self.order)
