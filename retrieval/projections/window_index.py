"""The codes of windows as files and in memory; FAISS names candidates among them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from ..durable import BLOCK
from ..ranking.arrays import Float32Vector, Int64Ids
from ..ranking.ranking import Ranking, round_scores
from ..ranking.windows import CODE_BYTES, DEVIATION, DIMENSIONS, LEVELS, WINDOWS, Codes, score_windows
from .faiss_library import load_faiss, one_thread

COUNT: Final = len(WINDOWS)
MOST_EXACT: Final = 2048  # images of which every window is scored; of more, FAISS names candidates
WINDOWS_WANTED: Final = 4  # for each image that is asked for: several windows of one image score high


@final
class WindowIndex:
    """The codes of the windows of images, whose ids rise. Immutable."""

    def __init__(self, ids: Int64Ids, codes: Codes) -> None:
        """`codes`: (image, window, CODE_BYTES)."""
        self.ids, self._codes = ids, codes

    @classmethod
    def load(cls, files: Sequence[Path]) -> WindowIndex:
        """Load these files as one index, in their order; they must have been verified before.

        Raises ValueError if what is in them is not as long as codes are.
        """
        loaded = [_read_codes(path) for path in files]
        ids = [np.empty(0, np.int64), *(part[0] for part in loaded)]
        codes = [np.empty((0, COUNT, CODE_BYTES), np.uint8), *(part[1] for part in loaded)]
        return cls(np.concatenate(ids), np.concatenate(codes))

    def search(self, query: Float32Vector, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        """The `limit` images with the best windows, scored exactly.

        Among more than MOST_EXACT images, those are scored that hold a window which FAISS names: it compares
        the same codes, with a query that is rounded to 8 bits.
        """
        if allowed is None and len(self.ids) > MOST_EXACT:
            return self._score(query, self._name_candidates(query, limit)).top(limit)
        among = np.arange(len(self.ids)) if allowed is None else self._positions_of(allowed)
        return self._score(query, among).top(limit)

    def find_windows(self, query: Float32Vector, ids: Int64Ids) -> dict[int, int]:
        """The best window of each of these images, by image id; images that are not here are left out."""
        positions = self._positions_of(ids)
        best = score_windows(self._codes[positions], query).argmax(axis=1)
        return dict(zip(self.ids[positions].tolist(), best.tolist(), strict=True))

    def _score(self, query: Float32Vector, positions: Int64Ids) -> Ranking:
        scores = score_windows(self._codes[positions], query).max(axis=1, initial=-1.0)
        return Ranking.from_scores(self.ids[positions], round_scores(scores))

    def _positions_of(self, ids: Int64Ids) -> Int64Ids:
        positions: Int64Ids = np.flatnonzero(np.isin(self.ids, ids))
        return positions

    def _name_candidates(self, query: Float32Vector, limit: int) -> Int64Ids:
        """The positions of at least `limit` images; of all, where there are no more."""
        total, count = len(self.ids) * COUNT, min(limit * WINDOWS_WANTED, len(self.ids) * COUNT)
        while True:
            with one_thread():
                _, found = self._quick.search(query.reshape(1, -1), count)
            positions: Int64Ids = np.unique(found[0][found[0] >= 0] // COUNT)
            if len(positions) >= min(limit, len(self.ids)) or count == total:
                return positions
            count = min(4 * count, total)

    @cached_property
    def _quick(self) -> Any:
        """The codes arranged for SIMD. Two numbers of 2 bits are one of the 16 values of a half byte, so that
        a product quantizer of pairs reads the codes as they are.
        """
        faiss = load_faiss()
        index = faiss.IndexPQ(DIMENSIONS, DIMENSIONS // 2, 4, faiss.METRIC_INNER_PRODUCT)
        value = np.arange(16)
        pairs = (np.stack([LEVELS[value & 3], LEVELS[value >> 2]], axis=1) * DEVIATION).astype(np.float32)
        faiss.copy_array_to_vector(np.tile(pairs.ravel(), DIMENSIONS // 2), index.pq.centroids)
        faiss.copy_array_to_vector(self._codes.ravel(), index.codes)
        index.ntotal, index.is_trained = len(self.ids) * COUNT, True
        return faiss.IndexPQFastScan(index)


def save_codes(path: Path, ids: Int64Ids, codes: Codes) -> None:
    """Write codes as an index file, a segment for `WindowIndex.load`."""
    faiss = load_faiss()
    rows = codes.reshape(len(codes), COUNT * CODE_BYTES)
    index = faiss.IndexBinaryIDMap2(faiss.IndexBinaryFlat(8 * rows.shape[1]))
    index.add_with_ids(rows, ids)
    with path.open("wb") as file:
        faiss.write_index_binary(index, faiss.PyCallbackIOWriter(file.write, BLOCK))


def _read_codes(path: Path) -> tuple[Int64Ids, Codes]:
    faiss = load_faiss()
    index = faiss.deserialize_index_binary(np.fromfile(path, np.uint8))
    if index.code_size != COUNT * CODE_BYTES:
        raise ValueError(f"holds codes of {index.code_size} bytes, not of {COUNT * CODE_BYTES}")
    flat = faiss.downcast_IndexBinary(index.index)
    codes = faiss.vector_to_array(flat.xb).reshape(-1, COUNT, CODE_BYTES)
    return faiss.vector_to_array(index.id_map), codes
