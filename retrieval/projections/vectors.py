"""The vector projection of one space: exact inner product over float16. The home of faiss, with gpu.py."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..catalog.records import Features
from ..durable import BLOCK, write_folder
from ..ranking.ranking import Ids, Ranking, rounded
from . import generations, gpu, segments
from .base import AbstractProjection, AbstractView, Tail
from .rowfile import RowFile

Vector = npt.NDArray[np.float32]


WIDTH = 16  # FAISS compares rows of float16 by whole registers if they fill them, and four times as fast
# What an index looks like inside, beside FAISS's own version.
LAYOUT = f"rows of whole {WIDTH}s in segments of {segments.SIZE}"
_BLOCK = 1024  # rows at a time, so that memory stays flat
SPARE = 64  # more than are wanted, so that ties at the end seldom cost a second scan


@final
class VectorIndex:
    """Features that can be searched by inner product; the keys are image ids. Never changed once built."""

    def __init__(self, index: Any, dimension: int, device: str = "cpu") -> None:
        """`dimension` of the features; the rows of the index have zeros behind them. `device` is that of the
        settings: a GPU helps with large indexes, and changes no answer."""
        self._index = index
        self.size: int = index.ntotal
        self.dimension = dimension
        self._copy = gpu.GpuCopy(self._ids(), self.rows) if gpu.is_wanted(device, self.size) else None

    @classmethod
    def build(cls, ids: Ids, features: Features, dimension: int) -> VectorIndex:
        """Index the features in the order given."""
        faiss = _faiss()
        kind, metric = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexIDMap2(faiss.IndexScalarQuantizer(_whole(dimension), kind, metric))
        for start in range(0, len(ids), _BLOCK):
            part = slice(start, start + _BLOCK)
            index.add_with_ids(_padded(features[part], index.d), ids[part])
        return cls(index, dimension)

    @classmethod
    def load(cls, files: Sequence[Path], dimension: int, device: str = "cpu") -> VectorIndex:
        """What was saved to these files, as one; they must have been verified before.

        Raises ValueError for another dimension than that of the features in them.
        """
        index = cls.build(np.empty(0, np.int64), np.empty((0, dimension), np.float16), dimension)._index
        rows = _faiss().downcast_index(index.index).codes
        rows.resize(sum(path.stat().st_size for path in files))  # room for all of them, no more and no less
        rows.resize(0)
        for path in files:
            part = _loaded(path)
            if part.d != index.d:
                raise ValueError(f"holds rows of {part.d} numbers, not of {index.d}")
            index.merge_from(part)
        return cls(index, dimension, device)

    def save(self, path: Path) -> None:
        """Write the index to a file; see `load`."""
        _save(self._index, path)

    def search(self, query: Vector, *, limit: int, allowed: Ids | None) -> Ranking:
        """The exact best `limit`; ties at the end are resolved by asking for more until they are all in."""
        if allowed is None and self._copy:
            allowed = self._copy.near(query, limit)
        wanted = min(limit, self.size)
        while wanted:
            ids, scores = self._nearest(query, min(wanted + SPARE, self.size), allowed)
            tied_to_the_end = len(ids) > limit and scores[-1] == scores[limit - 1]
            if not tied_to_the_end or wanted >= self.size:
                return Ranking.of(ids, scores).top(limit)
            wanted = min(2 * wanted, self.size)
        return Ranking.of([], [])

    def rows(self, ids: Ids) -> Vector:
        """The features of these images, (image, dimension); zeros for those that it does not hold."""
        found = np.zeros((len(ids), self.dimension), np.float32)
        held = np.isin(ids, self._ids())
        if held.any():
            found[held] = self._index.reconstruct_batch(ids[held])[:, : self.dimension]
        return found

    def _ids(self) -> Ids:
        ids: Ids = _faiss().vector_to_array(self._index.id_map)
        return ids

    def _nearest(self, query: Vector, count: int, allowed: Ids | None) -> tuple[Ids, npt.NDArray[np.float64]]:
        faiss = _faiss()
        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(allowed))
        row = _padded(query.reshape(1, -1), self._index.d)
        scores, ids = self._index.search(row, count, params=parameters)
        found = ids[0] >= 0
        return ids[0][found], rounded(scores[0][found])


def _whole(dimension: int) -> int:
    return -(-dimension // WIDTH) * WIDTH


def save(path: Path, ids: Ids, features: Features) -> None:
    """Write features as an index of their own, a segment for `VectorIndex.load`."""
    VectorIndex.build(ids, features, features.shape[1]).save(path)


def _padded(features: Features | Vector, width: int) -> Vector:
    """Rows with zeros behind them, which change no inner product."""
    rows = np.zeros((len(features), width), np.float32)
    rows[:, : features.shape[1]] = features
    return rows


EXACT = 5_000  # rows; among more, the nearest are looked for in the nearest PROBES of √rows lists
PROBES = 16
TRAINED = 64  # rows of a list that place its centre
_LOOKED_UP = 256  # rows at a time, each with its neighbours


@final
class RowIndex:
    """Rows of float16 whose nearest can be had as rows again; exact up to EXACT rows, nearly so beyond."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.size: int = index.ntotal
        self.dimension: int = index.d

    @classmethod
    def build(cls, rows: RowFile) -> RowIndex:
        """Index the rows in the order given; the same rows give the same lists, always."""
        faiss = _faiss()
        kind, metric = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexScalarQuantizer(rows.dimension, kind, metric)
        if len(rows) > EXACT:
            centres = faiss.IndexFlatIP(rows.dimension)
            lists = math.isqrt(len(rows))
            index = faiss.IndexIVFScalarQuantizer(centres, rows.dimension, lists, kind, metric, False)
            index.nprobe = PROBES
            # k-means starts from a fixed seed; so many rows a list are enough to place its centre.
            index.cp.spherical, index.cp.niter, index.cp.max_points_per_centroid = True, 10, TRAINED
            index.train(rows.evenly(TRAINED * lists))
            _reserve(index, rows)
        for block in rows:
            index.add(block)
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> RowIndex:
        """What was saved to this file; it must have been verified before."""
        return cls(_loaded(path))

    def save(self, path: Path) -> None:
        """Write the index to a file; see `load`."""
        _save(self._index, path)

    def nearest(self, queries: Vector, count: int) -> Iterator[tuple[Vector, Vector, Vector]]:
        """Block by block: some of the queries, (query, neighbour, dimension) of the `count` rows with the
        largest inner products, and these, (query, neighbour), falling; zeros where there are fewer."""
        for start in range(0, len(queries), _LOOKED_UP):
            block = queries[start : start + _LOOKED_UP]
            products, places, rows = self._index.search_and_reconstruct(block, count)
            found = places >= 0
            yield block, np.where(found[:, :, None], rows, 0), np.where(found, products, 0)


@final
class VectorView(AbstractView[Vector]):
    """A generation and its tail, searched as one."""

    def __init__(self, published: VectorIndex, tail: VectorIndex, hidden: Ids) -> None:
        self._published, self._tail, self._hidden = published, tail, hidden

    def search(self, query: Vector, *, limit: int, allowed: Ids | None) -> Ranking:
        old = self._search_published(query, limit, allowed)
        new = self._tail.search(query, limit=limit, allowed=allowed)
        both = Ranking.of(np.concatenate([old.ids, new.ids]), np.concatenate([old.scores, new.scores]))
        return both.top(limit)

    def row_of(self, query: Vector) -> Vector:
        """What a query is compared as: itself."""
        return query

    def rows(self, ids: Ids) -> Vector:
        """What these images are compared as, (image, dimension); zeros for those that are not there."""
        hidden = np.isin(ids, self._hidden)[:, None]
        found: Vector = np.where(hidden, self._tail.rows(ids), self._published.rows(ids))
        return found

    def _search_published(self, query: Vector, limit: int, allowed: Ids | None) -> Ranking:
        if allowed is not None:
            allowed = allowed[~np.isin(allowed, self._hidden)] if len(self._hidden) else allowed
            return self._published.search(query, limit=limit, allowed=allowed)
        # Without a filter it is cheaper to ask for as many more as can be hidden.
        found = self._published.search(query, limit=limit + len(self._hidden), allowed=None)
        return found.without(self._hidden).top(limit)


@final
class VectorProjection(AbstractProjection[VectorIndex, Vector]):
    """The features of one space."""

    kind = "vectors"

    def __init__(self, space: Space, device: str = "cpu") -> None:
        self._space, self._device = space, device
        self.signal = space.descriptor
        self.space_id = space.id
        self.versions = f"faiss {faiss_version()}, {LAYOUT}, space {space.fingerprint}"

    def write(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        stored = segments.Stored(reader, self._space)

        def fill(folder: Path) -> None:
            if previous is None:
                segments.write(folder, stored, save)
            else:
                stale = segments.changed_since(reader, previous)
                segments.rewrite(folder, stored, save, before=root / previous.generation, stale=stale)

        name = generations.new_name(f"vectors-{self.signal}-{self._space.id}", seq)
        sealed = write_folder(root, name, fill)
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def load(self, root: Path, pointer: Projection | None) -> VectorIndex:
        if pointer is None:
            return VectorIndex.load([], self._space.dimension)
        path = generations.verified(root, pointer, self.versions)
        with generations.readable(pointer):
            return VectorIndex.load(segments.files(path), self._space.dimension, self._device)

    def view(self, loaded: VectorIndex, reader: Reader, tail: Tail) -> VectorView:
        ids, features = reader.features(self._space, tail.put)
        return VectorView(loaded, VectorIndex.build(ids, features, self._space.dimension), tail.hidden)


def _reserve(index: Any, rows: RowFile) -> None:
    """Make room for the rows in their lists, which would else grow by halves, to half as much again."""
    lists = np.concatenate([index.quantizer.assign(block, 1)[:, 0] for block in rows])
    for number, count in enumerate(np.bincount(lists, minlength=index.nlist).tolist()):
        index.invlists.resize(number, count)
        index.invlists.resize(number, 0)  # which keeps the room


def _save(index: Any, path: Path) -> None:
    """FAISS's own writer hides a full disk, so its bytes are written here, a block at a time."""
    faiss = _faiss()
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write, BLOCK))


def _loaded(path: Path) -> Any:
    return _faiss().deserialize_index(np.fromfile(path, np.uint8))


@cache
def faiss_version() -> str:
    """The installed release, read without loading the library."""
    for distribution in ("faiss-gpu", "faiss-cpu"):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    raise PackageNotFoundError("faiss-gpu or faiss-cpu")


@cache
def _faiss() -> Any:
    import faiss

    # OpenMP's threads are not there after a fork, and a child that waits for them hangs.
    os.register_at_fork(after_in_child=partial(faiss.omp_set_num_threads, 1))
    return faiss
