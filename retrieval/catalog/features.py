"""Features as blobs: rows of little-endian float16, readable without us on any machine.

Keypoints are blobs from the start, and stored as they are: see `retrieval.keypoints`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from .records import Features

STORED = np.dtype("<f2")


def to_blob(feature: npt.NDArray[np.float16]) -> bytes:
    """One feature as it is stored: 2 bytes a number, no header."""
    return feature.astype(STORED, copy=False).tobytes()


def from_blobs(blobs: Sequence[bytes], dimension: int) -> Features:
    """Stored features as one (image, dimension) array; raises ValueError when a blob has another length."""
    wrong = next((len(blob) for blob in blobs if len(blob) != dimension * STORED.itemsize), None)
    if wrong is not None:
        raise ValueError(f"a stored feature has {wrong} bytes instead of {dimension * STORED.itemsize}")
    return np.frombuffer(b"".join(blobs), STORED).reshape(len(blobs), dimension)


def stacked(rows: Iterable[tuple[int, bytes]], dimension: int) -> tuple[npt.NDArray[np.int64], Features]:
    """(image id, blob) rows as an array of ids and an array of features, in the same order."""
    pairs = list(rows)
    ids = np.fromiter((image_id for image_id, _ in pairs), np.int64, len(pairs))
    return ids, from_blobs([blob for _, blob in pairs], dimension)
