"""The vector projection of one space: inner products over float16."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..durable import write_folder
from ..process_limits import one_blas_thread
from ..ranking.arrays import (
    BoolVector,
    Float16Matrix,
    Float32Array,
    Float32Matrix,
    Float32Vector,
    Int64Ids,
    Int64Matrix,
    Int64Vector,
)
from ..ranking.ranking import Ranking, round_scores
from . import generations, gpu, segments
from .base import AbstractProjection, AbstractView, Tail
from .faiss_library import faiss_version, load_faiss, load_index, save_index
from .inverted_lists import CODES_VERSION
from .list_search import ListSearch
from .mapped_rows import ROW_MULTIPLE, MappedRows, pad_rows, padded_width
from .products import find_nearest_rows, widen_rows
from .row_scan import RowScan
from .rowfile import RowFile
from .search_files import read_record, write_search_files

# The layout of an index file, apart from FAISS's own version.
_LAID_OUT = f"mapped rows of whole {ROW_MULTIPLE}s in segments of {segments.SEGMENT_SIZE}, {CODES_VERSION}"
LAYOUT = f"{_LAID_OUT}, {generations.SEALING}"
_ROW_BLOCK = 1024  # rows at a time, to limit memory
NO_IDS: Final = np.empty(0, np.int64)
NO_SCORES: Final = np.empty(0, np.float32)
SPARE = 64  # more rows than asked for, so that ties at the end seldom need a second scan
TARGET_RECALL: Final = 0.98
LARGEST_PART: Final = 16  # a search for more than this part of all rows compares all of them


@final
class VectorIndex:
    """Float16Matrix that can be searched by inner product; the keys are image ids. Immutable.

    All rows are compared, or, where the generation has inverted lists, those that the lists name. Scores are
    the same in both cases, and so is the order of equal ones.
    """

    def __init__(
        self,
        held: Sequence[MappedRows],
        dimension: int,
        device: str = "cpu",
        lists: ListSearch | None = None,
    ) -> None:
        """`dimension`: of the features; rows are padded with zeros. `device`: the setting; a GPU makes large
        indexes faster, and changes no answer."""
        self._rows = RowScan(held, padded_width(dimension))
        self._ids, self.size, self.dimension = self._rows.ids, self._rows.size, dimension
        self._order = None if np.all(np.diff(self._ids) > 0) else np.argsort(self._ids)
        self._lists = lists
        self._copy = None if lists else gpu.make_copy(device, self._ids, self.rows, self._rows.bytes)

    @classmethod
    def build(cls, ids: Int64Ids, features: Float16Matrix, dimension: int) -> VectorIndex:
        """Index the features, in memory, in the order given."""
        return cls([MappedRows.of(ids, features)] if len(ids) else [], dimension)

    @classmethod
    def load(
        cls, folder: Path, dimension: int, device: str = "cpu", target_recall: float = TARGET_RECALL
    ) -> VectorIndex:
        """Map the segments in a folder, which must have been verified before, and load its lists.

        `target_recall`: the share of the ten nearest images that a search is to find, where it uses lists.
        Raises ValueError if the files hold no rows of this dimension.
        """
        files, record = segments.segment_files(folder), read_record(folder)
        if record and record.width != padded_width(dimension):
            raise ValueError(f"holds rows of {record.width} numbers, not of {padded_width(dimension)}")
        held = {segments.segment_number(path): MappedRows.map(path, dimension) for path in files}
        lists = ListSearch.load(folder, record, held, target_recall) if record else None
        return cls(list(held.values()), dimension, device, lists)

    @classmethod
    def empty(cls, dimension: int) -> VectorIndex:
        """An index of nothing."""
        return cls([], dimension)

    def search(self, query: Float32Vector, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        """The best `limit` images among `allowed`; exactly these, unless inverted lists are used.

        If the last ones are tied, more are searched until all ties are in.
        """
        if self._lists and (found := self._search_lists(self._lists, query, limit, allowed)):
            return found
        if allowed is None and self._copy and (near := self._copy.candidate_ids(query, limit)) is not None:
            return self.rank_ids(query, near).top(limit)
        return self._search_all(query, limit, self._mask_rows(allowed, NO_IDS))

    def _search_all(self, query: Float32Vector, limit: int, allowed: BoolVector | None) -> Ranking:
        row, count = self._pad_query(query), min(limit, self.size)
        while count:
            positions, products = self._rows.search(row, min(count + SPARE, self.size), allowed)
            scores = round_scores(products)
            tied_to_the_end = len(scores) > limit and scores[-1] == scores[limit - 1]
            if not tied_to_the_end or count >= self.size:
                return Ranking.from_scores(self._ids[positions], scores).top(limit)
            count = min(2 * count, self.size)
        return Ranking.from_scores([], [])

    def _search_lists(
        self, lists: ListSearch, query: Float32Vector, limit: int, allowed: Int64Ids | None
    ) -> Ranking | None:
        """The best of the images that the lists name, and of those that they miss.

        None where all rows have to be compared: for many images, among few, and where the lists find too few.
        """
        wanted = min(limit, self.size if allowed is None else len(allowed))
        if wanted * LARGEST_PART > self.size or not lists.is_worthwhile(allowed):
            return None
        near = lists.find_ids(self._pad_query(query), limit, allowed, self.size)
        found = self.rank_ids(query, near)
        return found.top(limit) if len(found) >= wanted else None

    def rows(self, ids: Int64Ids) -> Float32Matrix:
        """The features of these images, (image, dimension); zeros for unknown images."""
        positions = self._positions_of(ids)
        held, features = positions >= 0, np.zeros((len(ids), self.dimension), np.float32)
        features[held] = widen_rows(self._rows.take_rows(positions[held]))[:, : self.dimension]
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
        if self._lists:
            return [
                self.search_besides(query, limit=limit, allowed=among, hidden=hidden)
                for query, among in zip(queries, allowed, strict=True)
            ]
        masks = {id(among): self._mask_rows(among, hidden) for among in allowed}
        among = [masks[id(among)] for among in allowed]
        with one_blas_thread():
            nearest = find_nearest_rows(pad_rows(queries, self._rows.width), self._rows, limit, among)
        rankings = (self._rank_rows(query, rows) for query, rows in zip(queries, nearest, strict=True))
        return [ranking.top(limit) for ranking in rankings]

    def search_besides(
        self, query: Float32Vector, *, limit: int, allowed: Int64Ids | None, hidden: Int64Ids
    ) -> Ranking:
        """What `search` finds besides `hidden` images."""
        if allowed is not None:
            allowed = allowed[~np.isin(allowed, hidden)] if len(hidden) else allowed
            return self.search(query, limit=limit, allowed=allowed)
        # Without a filter it is cheaper to search for more rows, as many as can be hidden.
        return self.search(query, limit=limit + len(hidden), allowed=None).without(hidden).top(limit)

    def rank_ids(self, query: Float32Vector, ids: Int64Ids) -> Ranking:
        """Those of these images that it holds, with the scores that `search` gives them."""
        positions = self._positions_of(ids)
        return self._rank_rows(query, positions[positions >= 0])

    def _rank_rows(self, query: Float32Vector, positions: Int64Vector) -> Ranking:
        row, blocks = self._pad_query(query), range(0, len(positions), _ROW_BLOCK)
        scores = [self._rows.score_rows(row, positions[start : start + _ROW_BLOCK]) for start in blocks]
        return Ranking.from_scores(self._ids[positions], round_scores(np.concatenate([NO_SCORES, *scores])))

    def _pad_query(self, query: Float32Vector) -> Float32Vector:
        row: Float32Vector = pad_rows(query.reshape(1, -1), self._rows.width)[0]
        return row

    def _mask_rows(self, allowed: Int64Ids | None, hidden: Int64Ids) -> BoolVector | None:
        """Which rows are of images that are allowed and not hidden; None for all."""
        if allowed is None and not len(hidden):
            return None
        mask = np.full(self.size + 1, allowed is None)  # the last one is for images that have no row
        mask[self._positions_of(NO_IDS if allowed is None else allowed)] = True
        mask[self._positions_of(hidden)] = False
        return mask[:-1]

    def _positions_of(self, ids: Int64Ids) -> Int64Vector:
        """The positions of the rows of these images; -1 for one that has none."""
        if not self.size:
            return np.full(len(ids), -1)
        places = np.searchsorted(self._ids, ids, sorter=self._order)
        places = np.minimum(places, self.size - 1)
        positions = places if self._order is None else self._order[places]
        return np.where(self._ids[positions] == ids, positions, -1)


def save_segment(path: Path, ids: Int64Ids, features: Float16Matrix) -> None:
    """Write features as a segment for `VectorIndex.load`."""
    MappedRows.of(ids, features).save(path)


def load_segment(path: Path, dimension: int) -> tuple[Int64Ids, Float16Matrix]:
    """The ids and features of a file that `save_segment` wrote; it must have been verified before."""
    held = MappedRows.map(path, dimension)
    return held.ids, held.rows[:, :dimension]


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
        faiss = load_faiss()
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
        return cls(load_index(path))

    @classmethod
    def map(cls, path: Path) -> RowIndex:
        """Open this file, which must have been verified before, without reading the rows that are in lists:
        only those that are asked for are read.
        """
        faiss = load_faiss()
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY))

    def save(self, path: Path) -> None:
        """Write the index to a file; see `load`."""
        save_index(self._index, path)

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
        old = self._published.search_besides(query, limit=limit, allowed=allowed, hidden=self._hidden)
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


@final
class VectorProjection(AbstractProjection[VectorIndex, Float32Vector]):
    """The features of one space."""

    features_only = True
    kind = "vectors"

    def __init__(
        self,
        space: Space,
        device: str = "cpu",
        target_recall: float = TARGET_RECALL,
        *,
        is_asked: bool = True,
    ) -> None:
        """`target_recall`: see `VectorIndex.load`. `is_asked`: whether searches ask it by default."""
        self._is_asked = is_asked
        self._space, self._device, self._target_recall = space, device, target_recall
        self.signal = space.descriptor
        self.space_id = space.id
        self.versions = f"faiss {faiss_version()}, {LAYOUT}, space {space.fingerprint}"

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        stored = segments.StoredFeatures(reader, self._space)

        def fill(folder: Path) -> None:
            if previous is None:
                before, stale = None, None
                segments.write_segments(folder, stored, save_segment)
            else:
                before, stale = root / previous.generation, segments.changed_segments(reader, previous)
                segments.rewrite_segments(folder, stored, save_segment, before=before, stale=stale)
            write_search_files(
                folder, self._space.dimension, self._device, before, stale, is_asked=self._is_asked
            )

        name = generations.new_name(f"vectors-{self.signal}-{self._space.id}", seq)
        before = root / previous.generation if previous else None
        sealed = write_folder(root, name, fill, before=before)
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def load_generation(self, root: Path, pointer: Projection | None) -> VectorIndex:
        if pointer is None:
            return VectorIndex.empty(self._space.dimension)
        path = generations.verify_generation(root, pointer, self.versions)
        with generations.translating_read_errors(pointer):
            return VectorIndex.load(path, self._space.dimension, self._device, self._target_recall)

    def make_view(self, loaded: VectorIndex, reader: Reader, tail: Tail) -> VectorView:
        ids, features = reader.load_features(self._space, tail.put)
        return VectorView(loaded, VectorIndex.build(ids, features, self._space.dimension), tail.hidden)


def _reserve_lists(index: Any, rows: RowFile) -> None:
    """Reserve memory for the rows in their lists, which would otherwise grow to 1.5 times their size."""
    lists = np.concatenate([index.quantizer.assign(block, 1)[:, 0] for block in rows])
    for number, count in enumerate(np.bincount(lists, minlength=index.nlist).tolist()):
        index.invlists.resize(number, count)
        index.invlists.resize(number, 0)  # the memory stays reserved
