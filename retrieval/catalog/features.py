"""Features as blobs: rows of little-endian float16, which any program on any machine can read.

Keypoints are blobs from the beginning, and are stored unchanged: see `retrieval.ranking.keypoints`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from sqlalchemy import Select, select

from ..errors import FeatureDamaged
from ..ranking.arrays import Float16Matrix, Float16Vector, Int64Ids
from .records import Space
from .schema import FeatureRow

STORED = np.dtype("<f2")


def to_blob(feature: Float16Vector) -> bytes:
    """One feature as it is stored: 2 bytes a number, no header."""
    return feature.astype(STORED, copy=False).tobytes()


def compute_checksum(blob: bytes) -> int:
    """CRC-32 (IEEE 802.3) of a stored feature. It detects every flipped bit, and any damage within 32 bits.

    Other damage goes undetected once in 2³² cases. It gives no protection against deliberate changes.
    """
    return zlib.crc32(blob)


def is_whole(blob: bytes, crc32: int, space: Space) -> bool:
    """Whether a blob is undamaged, and as long as the features of its space; keypoints have any length."""
    length = space.dimension * STORED.itemsize
    return compute_checksum(blob) == crc32 and len(blob) == (length or len(blob))


def verify_blobs(rows: Iterable[tuple[int, bytes, int]], space: Space) -> Iterator[tuple[int, bytes]]:
    """(image id, blob) of each (image id, blob, checksum) row that is undamaged.

    Raises FeatureDamaged after the last row if there were damaged ones, and names all of them.
    """
    damaged: list[int] = []
    for image_id, blob, crc32 in rows:
        if is_whole(blob, crc32, space):
            yield image_id, blob
        else:
            damaged.append(image_id)
    if damaged:
        raise FeatureDamaged(space.descriptor, damaged)


def from_blobs(blobs: Iterable[bytes], dimension: int) -> Float16Matrix:
    """Stored features as one (image, dimension) array; raises ValueError when a blob has another length.

    Only the array is held in memory, not all the blobs.
    """
    data, count, length = bytearray(), 0, dimension * STORED.itemsize
    for count, blob in enumerate(blobs, 1):  # noqa: B007 - the last one counts
        if len(blob) != length:
            raise ValueError(f"a stored feature has {len(blob)} bytes instead of {length}")
        data += blob
    return np.frombuffer(data, STORED).reshape(count, dimension)


def stack_features(rows: Iterable[tuple[int, bytes]], dimension: int) -> tuple[Int64Ids, Float16Matrix]:
    """(image id, blob) rows as an array of ids and an array of features, in the same order."""
    ids: list[int] = []

    def yield_blobs() -> Iterator[bytes]:
        for image_id, blob in rows:
            ids.append(image_id)
            yield blob

    features = from_blobs(yield_blobs(), dimension)
    return np.array(ids, np.int64), features


def select_features(space: Space) -> Select[int, bytes, int]:
    """Select image id, blob and checksum of every image in a space, by rising image id."""
    query = select(FeatureRow.image_id, FeatureRow.vector, FeatureRow.crc32)
    return query.where(FeatureRow.space_id == space.id).order_by(FeatureRow.image_id)
