"""A copy of a large vector index in the memory of a GPU; the files, and every score, are the processor's."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any, Final, final

import numpy as np
import numpy.typing as npt

from ..ranking.ranking import Ids

Vector = npt.NDArray[np.float32]

LEAST: Final = 100_000  # rows; fewer are compared by a processor as fast
WORTH: Final = 16  # searches; the copy takes as long as some of them
LARGEST: Final = 2048  # rows that FAISS names at once on a GPU
NOISE: Final = 2e-5  # by which scores may differ that are rounded, and summed in another order
TEMPORARY: Final = 64 << 20  # bytes, instead of the 1.5 GB that FAISS would set aside for each index
BLOCK: Final = 1 << 16  # rows sent at a time


def is_wanted(device: str, size: int) -> bool:
    """Whether there is a GPU for an index with so many rows, by the setting `device`."""
    if device == "cpu" or size < LEAST:
        return False
    import faiss

    return bool(faiss.get_num_gpus())


def empty(dimension: int) -> Any:
    """An index on the first GPU: exact inner products of float16."""
    import faiss

    resources, kind = faiss.StandardGpuResources(), faiss.GpuIndexFlatConfig()
    resources.setTempMemory(TEMPORARY)
    kind.useFloat16 = True
    return faiss.GpuIndexFlatIP(resources, dimension, kind)


@final
class GpuCopy:
    """Names the rows among which the best are, so that the processor has to score only those.

    It is made by the WORTH-th search that it could have helped. Safe to ask from many threads.
    """

    def __init__(self, ids: Ids, rows: Callable[[Ids], Vector], made: Callable[[int], Any] = empty) -> None:
        """`rows` gives the features of some of the ids, (image, dimension); `made` an empty index."""
        self._ids, self._rows, self._made = ids, rows, made
        self._asked, self._longest = 0, 0.0
        self._index: Any = None
        self._busy = threading.Lock()  # FAISS's indexes on a GPU answer one thread at a time

    def near(self, query: Vector, limit: int) -> Ids | None:
        """Rising ids, at most LARGEST, among which the best `limit` surely are.

        None where that cannot be told: the GPU is busy or has no memory, there are too many, or the last
        of them are too close to those left out.
        """
        if limit >= LARGEST or not self._busy.acquire(blocking=False):
            return None
        try:
            self._asked += 1
            if self._asked == WORTH:
                self._index = self._copied()
            return None if self._index is None else self._found(query, limit)
        finally:
            self._busy.release()

    def _found(self, query: Vector, limit: int) -> Ids | None:
        [scores], [places] = self._index.search(query.reshape(1, -1), min(LARGEST, len(self._ids)))
        # FAISS rounds the query to float16, as the rows are. By Cauchy and Schwarz no product changes by more
        # than half of this, neither that of the last row wanted nor that of any that was left out.
        doubt = 2 * float(np.linalg.norm(query - query.astype(np.float16))) * self._longest + NOISE
        everything = len(places) == len(self._ids)
        if not everything and not scores[limit - 1] - scores[-1] > doubt:
            return None
        return np.sort(self._ids[places])

    def _copied(self) -> Any:
        try:
            index = self._made(self._rows(self._ids[:1]).shape[1])
            for start in range(0, len(self._ids), BLOCK):
                rows = self._rows(self._ids[start : start + BLOCK])
                self._longest = max(self._longest, float(np.linalg.norm(rows, axis=1).max()))
                index.add(rows)
        except (MemoryError, RuntimeError) as error:  # what FAISS raises when the GPU has no memory
            reason = str(error).strip().splitlines()[-1] if str(error) else type(error).__name__
            warnings.warn(
                f"no copy of {len(self._ids)} features on the GPU ({reason}); the processor compares them. "
                "Free some of its memory, or choose the device cpu",
                RuntimeWarning,
                stacklevel=2,
            )
            return None
        return index
