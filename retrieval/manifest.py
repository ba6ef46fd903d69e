"""The manifest of a finished folder: names and sizes of its files, and a checksum of every block of them.

A block can be compared with its checksum alone, so that a large file need not be read whole to be trusted:
see `retrieval.projections.sealed_folder`. The manifest is a file of the folder, and its own checksum stands
in the catalog. Its first line is JSON, with a pair of name and size for each file; then follow the checksums,
file by file and block by block.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, final

MANIFEST: Final = "manifest"
BLOCK_BYTES: Final = 1 << 16  # as much as is read at least to trust one row of an index
DIGEST_BYTES: Final = 16  # of a checksum: the first half of SHA-256


@final
@dataclass(frozen=True, slots=True)
class Manifest:
    """`sizes`: bytes by file name, in the order of names; `digests`: those of all blocks of each file."""

    sizes: Mapping[str, int]
    digests: Mapping[str, bytes]

    @classmethod
    def of_folder(cls, folder: Path, before: Path | None = None) -> Self:
        """The manifest of a folder, whose files are read for it.

        A file that it shares with the folder `before`, whose own manifest has been verified, keeps the
        checksums that it has there: what was damaged since then stays wrong.
        """
        known = cls.load(before) if before is not None and (before / MANIFEST).exists() else None
        files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != MANIFEST]
        digests = dict[str, bytes]()
        for path in files:
            if known is not None and before is not None and _is_shared(path, before / path.name):
                digests[path.name] = known.digests[path.name]
            else:
                digests[path.name] = b"".join(_digest_blocks(path))
        return cls({path.name: path.stat().st_size for path in files}, digests)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The manifest that lies in a folder. Raises OSError, and ValueError for one that is damaged."""
        return cls.from_bytes((folder / MANIFEST).read_bytes())

    def to_bytes(self) -> bytes:
        """The content of the manifest's file."""
        return json.dumps(list(self.sizes.items())).encode() + b"\n" + b"".join(self.digests.values())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The inverse of `to_bytes`; the bytes must have been verified before."""
        head, _, rest = data.partition(b"\n")
        sizes, digests, start = dict(json.loads(head)), dict[str, bytes](), 0
        for name, size in sizes.items():
            end = start + count_blocks(size) * DIGEST_BYTES
            digests[name], start = rest[start:end], end
        return cls(sizes, digests)


def count_blocks(size: int) -> int:
    """How many blocks so many bytes take."""
    return -(-size // BLOCK_BYTES)


def compute_digest(block: bytes | memoryview) -> bytes:
    """The checksum of one block."""
    return hashlib.sha256(block).digest()[:DIGEST_BYTES]


def _digest_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield compute_digest(block)


def _is_shared(path: Path, other: Path) -> bool:
    """Whether a file is another one under a second name, or a copy that kept its time of change."""
    if not other.exists():
        return False
    own, known = path.stat(), other.stat()
    return (own.st_size, own.st_mtime_ns) == (known.st_size, known.st_mtime_ns)
