"""Rows on the disk instead of in memory, while a projection is built from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self, final

import numpy as np

from ..ranking.arrays import FeatureMatrix, Float16Matrix, Float32Matrix, Int64Vector

STORED_DTYPE = np.dtype(np.float16)


@final
class RowFile:
    """Blocks of rows, each (row, dimension), which can be read again one at a time, in the same order.

    They are stored as float16 in an unnamed temporary file, which leaves nothing behind even after a crash.
    Use it as a context manager.
    """

    def __init__(self, folder: Path, blocks: Iterable[FeatureMatrix], dimension: int) -> None:
        """`folder`: a folder on the disk that shall hold the rows."""
        self.dimension = dimension
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 - open for the lifetime of this object
        self._lengths: list[int] = []
        try:
            for block in blocks:
                self._file.write(np.ascontiguousarray(block, STORED_DTYPE).data)
                self._lengths.append(len(block))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        """The number of rows."""
        return sum(self._lengths)

    def __iter__(self) -> Iterator[Float32Matrix]:
        """The blocks; only one iteration at a time."""
        self._file.seek(0)
        for length in self._lengths:
            data = self._file.read(length * self.dimension * STORED_DTYPE.itemsize)
            yield np.frombuffer(data, STORED_DTYPE).reshape(length, self.dimension).astype(np.float32)

    def first_blocks(self, count: int) -> RowFile:
        """The first `count` blocks, as rows of their own in the same file."""
        first = copy(self)
        first._lengths = self._lengths[:count]
        return first

    def take_rows(self, positions: Int64Vector) -> Float32Matrix:
        """The rows at these positions, in any order; the system reads them as it needs them."""
        return self.map_rows()[positions].astype(np.float32)

    def map_rows(self) -> Float16Matrix:
        """All rows, which the system reads as it needs them; only while this object is open."""
        self._file.flush()
        shape = len(self), self.dimension
        return (
            np.memmap(self._file, STORED_DTYPE, "r", shape=shape)
            if len(self)
            else np.zeros(shape, np.float16)
        )

    def sample_evenly(self, count: int) -> Float32Matrix:
        """At most `count` rows, evenly spaced; all rows if there are no more."""
        positions = np.linspace(0, len(self) - 1, min(count, len(self))).astype(np.int64)
        chosen, start = [np.empty((0, self.dimension), np.float32)], 0
        for block in self:
            in_block = positions[(positions >= start) & (positions < start + len(block))]
            chosen.append(block[in_block - start])
            start += len(block)
        return np.concatenate(chosen)
