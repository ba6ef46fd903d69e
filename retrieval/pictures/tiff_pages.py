"""The pages of a TIFF: counts them, extracts one as a file of its own, and gives each a digest.

A TIFF is a chain of directories, and the header has the offset of the first (Adobe, TIFF 6.0; BigTIFF with
64-bit offsets). Reduced previews and masks are in the same chain, but are not pages. Offsets may be hostile:
they are checked against the file, none is followed twice, and the length of the chain is limited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from .raw_preview import find_preview

MAX_PAGES: Final = 1000  # of one file
_MAX_DIRECTORIES: Final = 4 * MAX_PAGES  # of one file, with those that are not pages
_MAX_ENTRIES: Final = 64  # of a directory that are read to find its kind; tags are sorted
_SUBFILE_TYPE: Final = 254
_NOT_A_PAGE: Final = 1 | 4  # bits for reduced size and for mask


def count_pages(data: bytes) -> int:
    """How many pages a file has, at most MAX_PAGES + 1; 1 for raw files and for files that are not TIFF."""
    chain = _Chain.from_bytes(data)
    if chain is None or find_preview(data) is not None:
        return 1
    return max(1, sum(1 for _ in islice(chain.page_offsets(), MAX_PAGES + 1)))


def extract_page(data: bytes, number: int) -> bytes:
    """The same file with page `number`, counted from 1, as its first. IndexError: there is no such page."""
    chain = _Chain.from_bytes(data)
    if number == 1:
        return data
    offsets = list(islice(chain.page_offsets(), number)) if chain else []
    if chain is None or len(offsets) < number:
        raise IndexError(f"page {number} of {max(1, len(offsets))}")
    start = chain.start
    return data[:start] + offsets[-1].to_bytes(chain.size, chain.order) + data[start + chain.size :]


def page_digest(sha256: str, number: int) -> str:
    """The SHA-256 that identifies a page: the file's for page 1, one derived from it for other pages."""
    return sha256 if number == 1 else hashlib.sha256(f"{sha256} page {number}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Chain:
    """The directories of one file. Offsets have `size` bytes; at `start` is the offset of the first one."""

    data: bytes
    order: Literal["little", "big"]
    size: int
    start: int

    @classmethod
    def from_bytes(cls, data: bytes) -> _Chain | None:
        """None for a file that is not a TIFF."""
        if data.startswith((b"II*\0", b"MM\0*")):
            return cls(data, "little" if data.startswith(b"I") else "big", 4, 4)
        if data.startswith((b"II+\0", b"MM\0+")):
            return cls(data, "little" if data.startswith(b"I") else "big", 8, 8)
        return None

    def page_offsets(self) -> Iterator[int]:
        """Offsets of the directories that are pages; the first directory always is one."""
        for index, offset in enumerate(self._directory_offsets()):
            if index == 0 or not self._read_subfile_type(offset) & _NOT_A_PAGE:
                yield offset

    def _directory_offsets(self) -> Iterator[int]:
        offset, seen = self._read_number(self.start, self.size), set[int]()
        while 0 < offset < len(self.data) and offset not in seen and len(seen) < _MAX_DIRECTORIES:
            seen.add(offset)
            yield offset
            end_of_entries = self._entry_offset(offset, self._count_entries(offset))
            offset = self._read_number(end_of_entries, self.size)

    def _read_subfile_type(self, directory: int) -> int:
        for index in range(min(self._count_entries(directory), _MAX_ENTRIES)):
            entry = self._entry_offset(directory, index)
            if self._read_number(entry, 2) == _SUBFILE_TYPE:
                return self._read_number(entry + 4 + self.size, 4)
        return 0

    def _count_entries(self, directory: int) -> int:
        return self._read_number(directory, 2 if self.size == 4 else 8)

    def _entry_offset(self, directory: int, index: int) -> int:
        return directory + (2 + 12 * index if self.size == 4 else 8 + 20 * index)

    def _read_number(self, offset: int, size: int) -> int:
        return int.from_bytes(self.data[offset : offset + size], self.order)
