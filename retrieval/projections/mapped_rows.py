"""Rows of float16 as plain files, which are mapped into memory: processes that read one share its pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, final

import numpy as np

from ..ranking.arrays import FeatureMatrix, Float16Matrix, Float32Matrix, Int64Ids

ROW_MULTIPLE: Final = 16  # FAISS is four times as fast if rows of float16 fill whole registers
_ROW, _ID = np.dtype("<f2"), np.dtype("<i8")


def padded_width(dimension: int) -> int:
    """Numbers of a row of so many: whole ROW_MULTIPLEs."""
    return -(-dimension // ROW_MULTIPLE) * ROW_MULTIPLE


def pad_rows(features: FeatureMatrix, width: int) -> Float32Matrix:
    """Rows padded with zeros, which change no inner product."""
    rows = np.zeros((len(features), width), np.float32)
    rows[:, : features.shape[1]] = features
    return rows


@final
@dataclass(frozen=True, slots=True, eq=False)
class MappedRows:
    """Rows, (image, width), padded to whole ROW_MULTIPLEs with zeros; the ids of their images, (image,)."""

    ids: Int64Ids
    rows: Float16Matrix

    @classmethod
    def of(cls, ids: Int64Ids, features: Float16Matrix) -> Self:
        """Rows in memory."""
        rows = np.zeros((len(ids), padded_width(features.shape[1])), _ROW)
        rows[:, : features.shape[1]] = features
        return cls(np.ascontiguousarray(ids, _ID), rows)

    @classmethod
    def map(cls, path: Path, dimension: int) -> Self:
        """Map a file that `save` wrote and that has been verified; the system reads pages when they are used.

        Raises ValueError if it cannot hold rows of this dimension.
        """
        width, size = padded_width(dimension), path.stat().st_size
        count, rest = divmod(size, width * _ROW.itemsize + _ID.itemsize)
        if not size:  # nothing can be mapped there
            return cls(np.empty(0, _ID), np.empty((0, width), _ROW))
        if rest:
            raise ValueError(f"{path.name}: {size} bytes are no rows of {dimension} numbers")
        rows = np.memmap(path, _ROW, "r", shape=(count, width))
        ids = np.memmap(path, _ID, "r", offset=rows.nbytes, shape=(count,))
        return cls(np.asarray(ids), np.asarray(rows))

    def save(self, path: Path) -> None:
        """Write a file without a header: all rows, then all ids, in the byte order of small ends first."""
        with path.open("wb") as file:
            file.write(np.ascontiguousarray(self.rows).data)
            file.write(np.ascontiguousarray(self.ids).data)
