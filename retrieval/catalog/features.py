"""Features as blobs: rows of little-endian float16, readable without us on any machine.

Keypoints are blobs from the start, and stored as they are: see `retrieval.ranking.keypoints`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
from sqlalchemy import Select, select

from ..errors import FeatureDamaged
from .records import Features, Space
from .schema import FeatureRow

STORED = np.dtype("<f2")


def to_blob(feature: npt.NDArray[np.float16]) -> bytes:
    """One feature as it is stored: 2 bytes a number, no header."""
    return feature.astype(STORED, copy=False).tobytes()


def checksum(blob: bytes) -> int:
    """CRC-32 (IEEE 802.3) of a stored feature: it sees every flipped bit, and any damage within 32 bits.

    Other damage passes once in 2³² times. Against people who mean harm it is no help.
    """
    return zlib.crc32(blob)


def is_whole(blob: bytes, crc32: int, space: Space) -> bool:
    """Whether a blob is what was stored, and as long as features of its space; keypoints have any length."""
    length = space.dimension * STORED.itemsize
    return checksum(blob) == crc32 and len(blob) == (length or len(blob))


def whole(rows: Iterable[tuple[int, bytes, int]], space: Space) -> Iterator[tuple[int, bytes]]:
    """(image id, blob) of (image id, blob, checksum) rows; raises FeatureDamaged at their end, which names
    all that are not what was stored.
    """
    damaged: list[int] = []
    for image_id, blob, crc32 in rows:
        if is_whole(blob, crc32, space):
            yield image_id, blob
        else:
            damaged.append(image_id)
    if damaged:
        raise FeatureDamaged(space.descriptor, damaged)


def from_blobs(blobs: Iterable[bytes], dimension: int) -> Features:
    """Stored features as one (image, dimension) array; raises ValueError when a blob has another length.

    Each blob may go when the next one comes: no more than the array is held.
    """
    data, count, length = bytearray(), 0, dimension * STORED.itemsize
    for count, blob in enumerate(blobs, 1):  # noqa: B007 - the last one counts
        if len(blob) != length:
            raise ValueError(f"a stored feature has {len(blob)} bytes instead of {length}")
        data += blob
    return np.frombuffer(data, STORED).reshape(count, dimension)


def stacked(rows: Iterable[tuple[int, bytes]], dimension: int) -> tuple[npt.NDArray[np.int64], Features]:
    """(image id, blob) rows as an array of ids and an array of features, in the same order."""
    ids: list[int] = []

    def blobs() -> Iterator[bytes]:
        for image_id, blob in rows:
            ids.append(image_id)
            yield blob

    features = from_blobs(blobs(), dimension)
    return np.array(ids, np.int64), features


def stored(space: Space) -> Select[int, bytes, int]:
    """What is stored of every image in a space, with its checksum, by rising image id."""
    query = select(FeatureRow.image_id, FeatureRow.vector, FeatureRow.crc32)
    return query.where(FeatureRow.space_id == space.id).order_by(FeatureRow.image_id)
