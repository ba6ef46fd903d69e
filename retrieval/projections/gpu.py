"""A copy of a large vector index in the memory of a GPU. Files and scores still come from the CPU."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any, Final, final

import numpy as np

from ..ranking.arrays import Float32Matrix, Float32Vector, Int64Ids
from .faiss_library import load_faiss
from .machine import read_machine

MIN_ROWS: Final = 100_000  # rows; with fewer, the CPU is as fast
MIN_SEARCHES: Final = 16  # searches before the copy is made, which takes as long as several of them
MAX_RESULTS: Final = 2048  # rows that FAISS returns at once on a GPU
SCORE_NOISE: Final = 2e-5  # difference of scores from rounding and another order of summation
TEMPORARY_MEMORY: Final = 64 << 20  # bytes, instead of the 1.5 GB that FAISS would reserve for each index
BLOCK: Final = 1 << 16  # rows sent at a time


def is_worthwhile(device: str, size: int) -> bool:
    """Whether there is a GPU, `device` allows it, and an index of `size` rows is large enough."""
    if device == "cpu" or size < MIN_ROWS:
        return False
    return bool(load_faiss().get_num_gpus())


def make_copy(
    device: str, ids: Int64Ids, rows: Callable[[Int64Ids], Float32Matrix], size: int
) -> GpuCopy | None:
    """A copy of these rows, which take `size` bytes, where one is worthwhile and the GPU has room for it."""
    if not is_worthwhile(device, len(ids)):
        return None
    room = read_machine(device).gpu_memory
    if size > room:
        warn_of_fallback(len(ids), f"they take {size >> 20:,} MiB, and it has {room >> 20:,} MiB for them")
        return None
    return GpuCopy(ids, rows)


def warn_of_fallback(count: int, reason: str) -> None:
    """Say in one line that the processor does what a GPU was meant to do."""
    warnings.warn(
        f"no copy of {count} features on the GPU ({reason}); the CPU compares them. "
        "Free some of its memory, or choose the device cpu",
        RuntimeWarning,
        stacklevel=3,
    )


def create_index(dimension: int) -> Any:
    """An index on the first GPU: exact inner products of float16."""
    faiss = load_faiss()
    resources, kind = faiss.StandardGpuResources(), faiss.GpuIndexFlatConfig()
    resources.setTempMemory(TEMPORARY_MEMORY)
    kind.useFloat16 = True
    return faiss.GpuIndexFlatIP(resources, dimension, kind)


@final
class GpuCopy:
    """Finds the rows that include the best ones, so that the CPU has to score only these.

    The copy is made by the MIN_SEARCHES-th search that it could have helped. Safe to call from many threads.
    """

    def __init__(
        self,
        ids: Int64Ids,
        rows: Callable[[Int64Ids], Float32Matrix],
        made: Callable[[int], Any] = create_index,
    ) -> None:
        """`rows` returns the features of some ids, (image, dimension); `made` makes an empty index."""
        self._ids, self._rows, self._made = ids, rows, made
        self._search_count, self._longest = 0, 0.0
        self._index: Any = None
        self._busy = threading.Lock()  # FAISS's indexes on a GPU answer one thread at a time

    def candidate_ids(self, query: Float32Vector, limit: int) -> Int64Ids | None:
        """At most MAX_RESULTS rising ids that are certain to include the best `limit`.

        None if that is not certain: the GPU is busy or has no memory, `limit` is too large, or the scores of
        the last ids are too close to those left out.
        """
        if limit >= MAX_RESULTS or not self._busy.acquire(blocking=False):
            return None
        try:
            self._search_count += 1
            if self._search_count == MIN_SEARCHES:
                self._index = self._copy_rows()
            return None if self._index is None else self._search_copy(query, limit)
        finally:
            self._busy.release()

    def _search_copy(self, query: Float32Vector, limit: int) -> Int64Ids | None:
        count = min(MAX_RESULTS, len(self._ids))
        [scores], [positions] = self._index.search(query.reshape(1, -1), count)
        # FAISS rounds the query to float16, like the rows. By the Cauchy-Schwarz inequality no product
        # changes by more than half of this: neither that of the last row kept, nor that of any other row.
        doubt = 2 * float(np.linalg.norm(query - query.astype(np.float16))) * self._longest + SCORE_NOISE
        everything = len(positions) == len(self._ids)
        if not everything and not scores[limit - 1] - scores[-1] > doubt:
            return None
        return np.sort(self._ids[positions])

    def _copy_rows(self) -> Any:
        try:
            index = self._made(self._rows(self._ids[:1]).shape[1])
            for start in range(0, len(self._ids), BLOCK):
                rows = self._rows(self._ids[start : start + BLOCK])
                self._longest = max(self._longest, float(np.linalg.norm(rows, axis=1).max()))
                index.add(rows)
        except (MemoryError, RuntimeError) as error:  # FAISS raises these when the GPU has no memory
            reason = str(error).strip().splitlines()[-1] if str(error) else type(error).__name__
            warn_of_fallback(len(self._ids), reason)
            return None
        return index
