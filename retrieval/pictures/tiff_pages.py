"""The pages of a TIFF: how many a file has, each as a file of its own, and what each is known by.

A TIFF is a chain of directories, of which the header names the first (Adobe, TIFF 6.0; BigTIFF with offsets
of 64 bits). Previews of reduced size and masks, which stand in the same chain, are no pages. Offsets are
hostile: they are checked against the file, none is followed twice, and the chain is bounded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from .raw_preview import find_preview

MAX_PAGES: Final = 1000  # pages of one file that are looked at
_MAX_DIRECTORIES: Final = 4 * MAX_PAGES  # of one file, pages or not
_MAX_ENTRIES: Final = 64  # of a directory among which its kind is looked for; tags come in rising order
_SUBFILE_TYPE: Final = 254
_NOT_A_PAGE: Final = 1 | 4  # reduced size, mask


def count_pages(data: bytes) -> int:
    """How many pages a file has, at most MAX_PAGES + 1; 1 for what is no TIFF, and for raw files."""
    chain = _Chain.from_bytes(data)
    if chain is None or find_preview(data) is not None:
        return 1
    return max(1, sum(1 for _ in islice(chain.page_offsets(), MAX_PAGES + 1)))


def extract_page(data: bytes, number: int) -> bytes:
    """The same file with page `number`, counted from 1, as its first; IndexError where there is none."""
    chain = _Chain.from_bytes(data)
    if number == 1:
        return data
    found = list(islice(chain.page_offsets(), number)) if chain else []
    if chain is None or len(found) < number:
        raise IndexError(f"page {number} of {max(1, len(found))}")
    start = chain.start
    return data[:start] + found[-1].to_bytes(chain.size, chain.order) + data[start + chain.size :]


def page_digest(sha256: str, number: int) -> str:
    """What a page's content is known by: the file's SHA-256 for the first, one made of that for others."""
    return sha256 if number == 1 else hashlib.sha256(f"{sha256} page {number}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Chain:
    """The directories of one file; `size` is the bytes of an offset, `start` where the first one stands."""

    data: bytes
    order: Literal["little", "big"]
    size: int
    start: int

    @classmethod
    def from_bytes(cls, data: bytes) -> _Chain | None:
        """None for what is no TIFF."""
        if data.startswith((b"II*\0", b"MM\0*")):
            return cls(data, "little" if data.startswith(b"I") else "big", 4, 4)
        if data.startswith((b"II+\0", b"MM\0+")):
            return cls(data, "little" if data.startswith(b"I") else "big", 8, 8)
        return None

    def page_offsets(self) -> Iterator[int]:
        """Offsets of the directories that are pages; the first one is, whatever it says."""
        for place, at in enumerate(self._directory_offsets()):
            if not place or not self._read_subfile_type(at) & _NOT_A_PAGE:
                yield at

    def _directory_offsets(self) -> Iterator[int]:
        at, seen = self._read_number(self.start, self.size), set[int]()
        while 0 < at < len(self.data) and at not in seen and len(seen) < _MAX_DIRECTORIES:
            seen.add(at)
            yield at
            at = self._read_number(self._entry_offset(at, self._count_entries(at)), self.size)

    def _read_subfile_type(self, at: int) -> int:
        for place in range(min(self._count_entries(at), _MAX_ENTRIES)):
            entry = self._entry_offset(at, place)
            if self._read_number(entry, 2) == _SUBFILE_TYPE:
                return self._read_number(entry + 4 + self.size, 4)
        return 0

    def _count_entries(self, at: int) -> int:
        return self._read_number(at, 2 if self.size == 4 else 8)

    def _entry_offset(self, at: int, place: int) -> int:
        return at + (2 + 12 * place if self.size == 4 else 8 + 20 * place)

    def _read_number(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at : at + size], self.order)
