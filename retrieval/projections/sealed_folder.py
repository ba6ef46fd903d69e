"""A generation that is verified where it is read: nothing of it is used before its checksum was compared.

Opening one costs its manifest, whatever its size. A file is mapped into memory; each block is compared with
its checksum when it is first read, and then trusted as long as the file is open. Files of generations are
never written again, and stay readable after they were superseded.
"""

from __future__ import annotations

import errno
import mmap
import os
from io import BytesIO
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ..errors import ProjectionDamaged
from ..manifest import BLOCK_BYTES, DIGEST_BYTES, Manifest, compute_digest, count_blocks
from ..ranking.arrays import Int64Vector
from .verified_files import VerifiedFiles, stamp_file

LACKING = (errno.ENOMEM, errno.EMFILE, errno.ENFILE)  # numbers of errors that say what a process lacks


@final
class SealedFolder:
    """The files of one generation, whose manifest was verified."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path, self._manifest = path, manifest
        self.damage: ProjectionDamaged | None = None  # what was found when it was read

    @property
    def names(self) -> list[str]:
        """The names of all files, in their order."""
        return list(self._manifest.sizes)

    def open_file(self, name: str) -> SealedFile:
        """A file of which nothing was read yet.

        Raises ProjectionDamaged for one of another size, or none, and OSError where this process has no more
        memory or may open no more files, which is no damage.
        """
        try:
            return SealedFile(self, name, self._manifest.sizes[name], self._manifest.digests[name])
        except OSError as error:
            if error.errno in LACKING:
                raise
            raise self.note_damage(f"{name}: cannot be read ({error})") from error

    def read_file(self, name: str) -> bytes:
        """The verified content of a file."""
        return bytes(self.open_file(name).read_all())

    def load_array(self, name: str) -> SealedArray:
        """The array in a file of NumPy's, of which only the header is read. Raises ValueError for another."""
        file = self.open_file(name)
        head = BytesIO(file.read(0, min(file.size, BLOCK_BYTES)))
        version = np.lib.format.read_magic(head)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        shape, is_fortran, dtype = read_header[version](head)
        if is_fortran or dtype.hasobject:
            raise ValueError(f"{name}: an array of another layout")
        return SealedArray(file, dtype, shape, head.tell())

    def verify_all(self, verified: VerifiedFiles | None = None, *, again: bool = False) -> None:
        """Read every file whole, and add it to those that are `verified`, which are read only `again`.

        Raises ProjectionDamaged if one is damaged.
        """
        known = verified or VerifiedFiles()
        for name, digests in self._manifest.digests.items():
            file = self.open_file(name)
            if again:
                known.forget(file.stamp)
            if not known.has(file.stamp, digests):
                file.read_all()
                known.add(file.stamp, digests)

    def note_damage(self, reason: str) -> ProjectionDamaged:
        """The error to raise, which is remembered."""
        self.damage = ProjectionDamaged(self.path.name, reason)
        return self.damage


@final
class SealedFile:
    """One file of a sealed folder. Safe to read from many threads."""

    def __init__(self, folder: SealedFolder, name: str, size: int, digests: bytes) -> None:
        self._folder, self._name, self.size, self._digests = folder, name, size, digests
        self._is_verified = bytearray(count_blocks(size))  # a number for each block
        with (folder.path / name).open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size != size:
                raise folder.note_damage(f"{name}: {status.st_size} of {size} bytes")
            self.stamp = stamp_file(status)
            self._bytes = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")

    def read(self, start: int, stop: int) -> memoryview:
        """The bytes from `start` up to `stop`, verified. Raises ProjectionDamaged."""
        for number in range(start // BLOCK_BYTES, count_blocks(min(stop, self.size))):
            if not self._is_verified[number]:
                self._verify_block(number)
        return self._bytes[start:stop]

    def read_all(self) -> memoryview:
        """All bytes, verified. Raises ProjectionDamaged."""
        return self.read(0, self.size)

    def verify_ranges(self, starts: Int64Vector, length: int) -> None:
        """Verify `length` bytes from each start on. Raises ProjectionDamaged."""
        spanned = np.arange(count_blocks(length) + 1)
        last = (starts + (length - 1)) // BLOCK_BYTES
        numbers = np.minimum(starts[:, None] // BLOCK_BYTES + spanned, last[:, None])
        is_new = ~np.frombuffer(self._is_verified, bool)[numbers]
        for number in np.unique(numbers[is_new]).tolist():
            self._verify_block(number)

    def _verify_block(self, number: int) -> None:
        block = self._bytes[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
        if compute_digest(block) != self._digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]:
            raise self._folder.note_damage(f"{self._name}: a wrong checksum in block {number}")
        self._is_verified[number] = 1


@final
class SealedArray:
    """An array in a sealed file; rows are verified when they are first read."""

    def __init__(self, file: SealedFile, dtype: Any, shape: tuple[int, ...], offset: int = 0) -> None:
        """`offset`: where in the file its numbers begin. Raises ValueError for a file that is too short."""
        self._file, self._offset = file, offset
        self._rows: NDArray[Any] = np.ndarray(shape, dtype, file._bytes, offset)
        self._width = self._rows.dtype.itemsize * int(np.prod(shape[1:]))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._rows.shape

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """The rows from `start` up to `stop`, without a copy. Raises ProjectionDamaged."""
        self._file.read(self._offset + start * self._width, self._offset + stop * self._width)
        return self._rows[start:stop]

    def read_all(self) -> NDArray[Any]:
        """All rows, without a copy. Raises ProjectionDamaged."""
        return self.read(0, len(self))

    def take(self, positions: Int64Vector) -> NDArray[Any]:
        """A copy of the rows at these positions. Raises ProjectionDamaged."""
        if len(positions) and self._width:
            self._file.verify_ranges(self._offset + positions * self._width, self._width)
        return self._rows[positions]
