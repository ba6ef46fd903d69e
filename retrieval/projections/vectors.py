"""The vector projection of one space: exact inner products over float16. The home of faiss, with gpu.py."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..durable import BLOCK, write_folder
from ..ranking.arrays import (
    BoolVector,
    FeatureMatrix,
    Float16Matrix,
    Float32Array,
    Float32Matrix,
    Float32Vector,
    Float64Scores,
    Int64Ids,
    Int64Matrix,
    Int64Vector,
)
from ..ranking.ranking import Ranking, round_scores
from . import generations, gpu, segments
from .base import AbstractProjection, AbstractView, Tail
from .products import find_nearest_rows
from .rowfile import RowFile

ROW_MULTIPLE = 16  # FAISS is four times as fast if rows of float16 fill whole registers
# The layout of an index file, apart from FAISS's own version.
LAYOUT = f"rows of whole {ROW_MULTIPLE}s in segments of {segments.SEGMENT_SIZE}"
_ROW_BLOCK = 1024  # rows at a time, to limit memory
NO_IDS: Final = np.empty(0, np.int64)
NO_SCORES: Final = np.empty(0, np.float32)
SPARE = 64  # more rows than asked for, so that ties at the end seldom need a second scan


@final
class VectorIndex:
    """Float16Matrix that can be searched by inner product; the keys are image ids. Immutable."""

    def __init__(self, index: Any, dimension: int, device: str = "cpu") -> None:
        """`dimension`: of the features; the rows of the index are padded with zeros. `device`: the setting; a
        GPU makes large indexes faster, and changes no answer."""
        self._index = index
        self.size: int = index.ntotal
        self.dimension = dimension
        self._ids: Int64Ids = _load_faiss().vector_to_array(index.id_map)
        self._order = None if np.all(np.diff(self._ids) > 0) else np.argsort(self._ids)
        self._copy = gpu.GpuCopy(self._ids, self.rows) if gpu.is_worthwhile(device, self.size) else None

    @classmethod
    def build(cls, ids: Int64Ids, features: Float16Matrix, dimension: int) -> VectorIndex:
        """Index the features in the order given."""
        index = _load_faiss().IndexIDMap2(_empty_index(_padded_width(dimension)))
        for start in range(0, len(ids), _ROW_BLOCK):
            part = slice(start, start + _ROW_BLOCK)
            index.add_with_ids(_pad_rows(features[part], index.d), ids[part])
        return cls(index, dimension)

    @classmethod
    def load(cls, files: Sequence[Path], dimension: int, device: str = "cpu") -> VectorIndex:
        """Load these files as one index; they must have been verified before.

        Raises ValueError if the features in them have another dimension.
        """
        index = cls.build(np.empty(0, np.int64), np.empty((0, dimension), np.float16), dimension)._index
        rows = _load_faiss().downcast_index(index.index).codes
        rows.resize(sum(path.stat().st_size for path in files))  # reserves exactly the memory for all of them
        rows.resize(0)
        for path in files:
            part = _load_index(path)
            if part.d != index.d:
                raise ValueError(f"holds rows of {part.d} numbers, not of {index.d}")
            index.merge_from(part)
        return cls(index, dimension, device)

    def save(self, path: Path) -> None:
        """Write the index to a file; see `load`."""
        _save_index(self._index, path)

    def search(self, query: Float32Vector, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        """The exact best `limit`. If the last ones are tied, more are searched until all ties are in."""
        if allowed is None and self._copy:
            allowed = self._copy.candidate_ids(query, limit)
        count = min(limit, self.size)
        while count:
            ids, scores = self._search_nearest(query, min(count + SPARE, self.size), allowed)
            tied_to_the_end = len(ids) > limit and scores[-1] == scores[limit - 1]
            if not tied_to_the_end or count >= self.size:
                return Ranking.from_scores(ids, scores).top(limit)
            count = min(2 * count, self.size)
        return Ranking.from_scores([], [])

    def rows(self, ids: Int64Ids) -> Float32Matrix:
        """The features of these images, (image, dimension); zeros for unknown images."""
        held = self._positions_of(ids) >= 0
        if len(ids) and held.all():
            known: Float32Matrix = self._index.reconstruct_batch(ids)[:, : self.dimension]
            return known
        features = np.zeros((len(ids), self.dimension), np.float32)
        if held.any():
            features[held] = self._index.reconstruct_batch(ids[held])[:, : self.dimension]
        return features

    def search_many(
        self,
        queries: Float32Matrix,
        *,
        limit: int,
        allowed: Sequence[Int64Ids | None],
        hidden: Int64Ids = NO_IDS,
    ) -> list[Ranking]:
        """What `search` finds for each row of `queries`, (query, dimension), besides `hidden` images."""
        masks = {id(among): self._mask_rows(among, hidden) for among in allowed}
        among = [masks[id(among)] for among in allowed]
        nearest = find_nearest_rows(_pad_rows(queries, self._index.d), self._stored_rows(), limit, among)
        rankings = (self._rank_rows(query, rows) for query, rows in zip(queries, nearest, strict=True))
        return [ranking.top(limit) for ranking in rankings]

    def rank_ids(self, query: Float32Vector, ids: Int64Ids) -> Ranking:
        """Those of these images that it holds, with the scores that `search` gives them."""
        positions = self._positions_of(ids)
        return self._rank_rows(query, positions[positions >= 0])

    def _rank_rows(self, query: Float32Vector, positions: Int64Vector) -> Ranking:
        blocks = range(0, len(positions), _ROW_BLOCK)
        scores = [self._score_rows(query, positions[start : start + _ROW_BLOCK]) for start in blocks]
        return Ranking.from_scores(self._ids[positions], round_scores(np.concatenate([NO_SCORES, *scores])))

    def _score_rows(self, query: Float32Vector, positions: Int64Vector) -> Float32Vector:
        """The products of these rows, summed up as in a search of all, so that they are the same."""
        some = _empty_index(self._index.d)
        some.add_sa_codes(self._stored_rows()[positions].view(np.uint8))
        with _one_thread():
            products, order = some.search(_pad_rows(query.reshape(1, -1), some.d), len(positions))
        scores = np.empty(len(positions), np.float32)
        scores[order[0]] = products[0]
        return scores

    def _mask_rows(self, allowed: Int64Ids | None, hidden: Int64Ids) -> BoolVector | None:
        """Which rows are of images that are allowed and not hidden; None for all."""
        if allowed is None and not len(hidden):
            return None
        mask = np.full(self.size + 1, allowed is None)  # the last one is for images that have no row
        mask[self._positions_of(NO_IDS if allowed is None else allowed)] = True
        mask[self._positions_of(hidden)] = False
        return mask[:-1]

    def _stored_rows(self) -> Float16Matrix:
        """The rows in the memory of the index, (row, width)."""
        faiss = _load_faiss()
        codes = faiss.downcast_index(self._index.index).codes
        if not self.size:
            return np.empty((0, self._index.d), np.float16)
        stored: Float16Matrix = faiss.rev_swig_ptr(codes.data(), codes.size()).view(np.float16)
        return stored.reshape(self.size, self._index.d)

    def _positions_of(self, ids: Int64Ids) -> Int64Vector:
        """The positions of the rows of these images; -1 for one that has none."""
        if not self.size:
            return np.full(len(ids), -1)
        places = np.searchsorted(self._ids, ids, sorter=self._order)
        places = np.minimum(places, self.size - 1)
        positions = places if self._order is None else self._order[places]
        return np.where(self._ids[positions] == ids, positions, -1)

    def _search_nearest(
        self, query: Float32Vector, count: int, allowed: Int64Ids | None
    ) -> tuple[Int64Ids, Float64Scores]:
        faiss = _load_faiss()
        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(allowed))
        row = _pad_rows(query.reshape(1, -1), self._index.d)
        with _one_thread():
            scores, ids = self._index.search(row, count, params=parameters)
        is_result = ids[0] >= 0
        return ids[0][is_result], round_scores(scores[0][is_result])


def _empty_index(width: int) -> Any:
    """An index of float16 and inner products, of rows of whole registers."""
    faiss = _load_faiss()
    return faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def _padded_width(dimension: int) -> int:
    return -(-dimension // ROW_MULTIPLE) * ROW_MULTIPLE


def save_segment(path: Path, ids: Int64Ids, features: Float16Matrix) -> None:
    """Write features as an index file, a segment for `VectorIndex.load`."""
    VectorIndex.build(ids, features, features.shape[1]).save(path)


def load_segment(path: Path, dimension: int) -> tuple[Int64Ids, Float16Matrix]:
    """The ids and features of a file that `save_segment` wrote; it must have been verified before."""
    index = VectorIndex.load([path], dimension)
    return index._ids, index.rows(index._ids).astype(np.float16)


def _pad_rows(features: FeatureMatrix, width: int) -> Float32Matrix:
    """Rows padded with zeros, which change no inner product."""
    rows = np.zeros((len(features), width), np.float32)
    rows[:, : features.shape[1]] = features
    return rows


MAX_EXACT_ROWS = 5_000  # rows; with more, the nearest are searched in the PROBES nearest of the lists
# What one query finds does not depend on the others, as long as FAISS compares them with the centres one by
# one: its product of matrices, which it takes for more of them, rounds differently.
ALONE = 16
PROBES = 16
LIST_ROWS = 256  # rows of a list in large indexes, so that a search does not take longer in larger ones
ROWS_PER_CENTRE = 64  # rows for each list, from which its centre is computed
_QUERY_BLOCK = 256  # queries at a time, each with its neighbours


@final
class RowIndex:
    """Rows of float16; a search returns the nearest rows themselves. Exact up to MAX_EXACT_ROWS rows."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.size: int = index.ntotal
        self.dimension: int = index.d

    @classmethod
    def build(cls, rows: RowFile) -> RowIndex:
        """Index the rows in the order given; the same rows always give the same lists."""
        faiss = _load_faiss()
        kind, metric = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexScalarQuantizer(rows.dimension, kind, metric)
        if len(rows) > MAX_EXACT_ROWS:
            centres = faiss.IndexFlatIP(rows.dimension)
            lists = max(math.isqrt(len(rows)), len(rows) // LIST_ROWS)
            index = faiss.IndexIVFScalarQuantizer(centres, rows.dimension, lists, kind, metric, False)
            index.nprobe = PROBES
            # k-means starts from a fixed seed; ROWS_PER_CENTRE rows for each list are enough for its centre.
            index.cp.spherical, index.cp.niter, index.cp.max_points_per_centroid = True, 10, ROWS_PER_CENTRE
            index.train(rows.sample_evenly(ROWS_PER_CENTRE * lists))
            _reserve_lists(index, rows)
        for block in rows:
            index.add(block)
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> RowIndex:
        """Load this file; it must have been verified before."""
        return cls(_load_index(path))

    @classmethod
    def map(cls, path: Path) -> RowIndex:
        """Open this file, which must have been verified before, without reading the rows that are in lists:
        only those that are asked for are read.
        """
        faiss = _load_faiss()
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY))

    def save(self, path: Path) -> None:
        """Write the index to a file; see `load`."""
        _save_index(self._index, path)

    def search_nearest(
        self, queries: Float32Matrix, count: int, at_once: int = _QUERY_BLOCK
    ) -> Iterator[tuple[Float32Matrix, Float32Array, Float32Matrix]]:
        """Block by block: the queries, the `count` rows with the largest inner products, (query, neighbour,
        dimension), and these products, (query, neighbour), in falling order; zeros if there are fewer."""
        for start in range(0, len(queries), at_once):
            block = queries[start : start + at_once]
            products, positions, rows = self._index.search_and_reconstruct(block, count)
            is_result = positions >= 0
            yield block, np.where(is_result[:, :, None], rows, 0), np.where(is_result, products, 0)

    def search_positions(
        self, queries: Float32Matrix, count: int, at_once: int = _QUERY_BLOCK
    ) -> Int64Matrix:
        """The positions of the `count` rows with the largest inner products, (query, neighbour); -1 if there
        are fewer. `at_once`: queries that are searched together."""
        blocks = range(0, len(queries), at_once)
        found = [self._index.search(queries[start : start + at_once], count)[1] for start in blocks]
        return np.concatenate([np.empty((0, count), np.int64), *found])


@final
class VectorView(AbstractView[Float32Vector]):
    """A generation and its tail, searched as one."""

    def __init__(self, published: VectorIndex, tail: VectorIndex, hidden: Int64Ids) -> None:
        self._published, self._tail, self._hidden = published, tail, hidden

    def search(self, query: Float32Vector, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        old = self._search_published(query, limit, allowed)
        new = self._tail.search(query, limit=limit, allowed=allowed)
        return old.join(new).top(limit)

    def search_many(
        self, queries: Sequence[Float32Vector], *, limit: int, allowed: Sequence[Int64Ids | None]
    ) -> list[Ranking]:
        rows = np.array(queries, np.float32)
        old = self._published.search_many(rows, limit=limit, allowed=allowed, hidden=self._hidden)
        new = self._tail.search_many(rows, limit=limit, allowed=allowed)
        return [one.join(other).top(limit) for one, other in zip(old, new, strict=True)]

    def rank_ids(self, query: Float32Vector, ids: Int64Ids) -> Ranking:
        published = ids[~np.isin(ids, self._hidden)] if len(self._hidden) else ids
        return self._published.rank_ids(query, published).join(self._tail.rank_ids(query, ids))

    def row_of(self, query: Float32Vector) -> Float32Vector:
        """The row that a query is compared as: the query itself."""
        return query

    def rows(self, ids: Int64Ids) -> Float32Matrix:
        """The rows that these images are compared as, (image, dimension); zeros for unknown images."""
        rows, hidden = self._published.rows(ids), np.isin(ids, self._hidden)
        if hidden.any():
            rows[hidden] = self._tail.rows(ids[hidden])
        return rows

    def _search_published(self, query: Float32Vector, limit: int, allowed: Int64Ids | None) -> Ranking:
        if allowed is not None:
            allowed = allowed[~np.isin(allowed, self._hidden)] if len(self._hidden) else allowed
            return self._published.search(query, limit=limit, allowed=allowed)
        # Without a filter it is cheaper to search for more rows, as many as can be hidden.
        ranking = self._published.search(query, limit=limit + len(self._hidden), allowed=None)
        return ranking.without(self._hidden).top(limit)


@final
class VectorProjection(AbstractProjection[VectorIndex, Float32Vector]):
    """The features of one space."""

    features_only = True
    kind = "vectors"

    def __init__(self, space: Space, device: str = "cpu") -> None:
        self._space, self._device = space, device
        self.signal = space.descriptor
        self.space_id = space.id
        self.versions = f"faiss {faiss_version()}, {LAYOUT}, space {space.fingerprint}"

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        stored = segments.StoredFeatures(reader, self._space)

        def fill(folder: Path) -> None:
            if previous is None:
                segments.write_segments(folder, stored, save_segment)
            else:
                stale = segments.changed_segments(reader, previous)
                segments.rewrite_segments(
                    folder, stored, save_segment, before=root / previous.generation, stale=stale
                )

        name = generations.new_name(f"vectors-{self.signal}-{self._space.id}", seq)
        sealed = write_folder(root, name, fill)
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def load_generation(self, root: Path, pointer: Projection | None) -> VectorIndex:
        if pointer is None:
            return VectorIndex.load([], self._space.dimension)
        path = generations.verify_generation(root, pointer, self.versions)
        with generations.translating_read_errors(pointer):
            return VectorIndex.load(segments.segment_files(path), self._space.dimension, self._device)

    def make_view(self, loaded: VectorIndex, reader: Reader, tail: Tail) -> VectorView:
        ids, features = reader.load_features(self._space, tail.put)
        return VectorView(loaded, VectorIndex.build(ids, features, self._space.dimension), tail.hidden)


def _reserve_lists(index: Any, rows: RowFile) -> None:
    """Reserve memory for the rows in their lists, which would otherwise grow to 1.5 times their size."""
    lists = np.concatenate([index.quantizer.assign(block, 1)[:, 0] for block in rows])
    for number, count in enumerate(np.bincount(lists, minlength=index.nlist).tolist()):
        index.invlists.resize(number, count)
        index.invlists.resize(number, 0)  # the memory stays reserved


def _save_index(index: Any, path: Path) -> None:
    """Write an index block by block, because FAISS's own writer does not report a full disk."""
    faiss = _load_faiss()
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write, BLOCK))


def _load_index(path: Path) -> Any:
    return _load_faiss().deserialize_index(np.fromfile(path, np.uint8))


@cache
def faiss_version() -> str:
    """The installed release, read without loading the library."""
    for distribution in ("faiss-gpu", "faiss-cpu"):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    raise PackageNotFoundError("faiss-gpu or faiss-cpu")


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for what this thread asks FAISS: a single query keeps no more busy, and they would spin."""
    faiss = _load_faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


@cache
def _load_faiss() -> Any:
    import faiss

    # After a fork OpenMP's threads do not exist, and a child that waits for them hangs.
    os.register_at_fork(after_in_child=partial(faiss.omp_set_num_threads, 1))
    return faiss
