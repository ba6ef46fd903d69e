"""How fast vectors are searched, beside FAISS's IndexFlatIP with its defaults, NumPy, hnswlib and usearch.

The vectors are synthetic: clusters of very different sizes (Pareto), whose members differ in 48 directions,
with some noise. All are in files as Pictor writes them. Peers are measured in the same run on the same
vectors; those that are not installed are left out. Every time is a median of single calls.
--size N: N vectors (default 250,000). --part exact (the default): all vectors are compared. --part lists:
inverted lists, and the recall that they reach on fresh queries, without and with filters. --part faults: what
of FAISS is worked around; a factor near 1 means that it is no longer needed. --part gpu: all vectors, with a
GPU and without it; the answers have to be equal. `benchmarks/gpu.sh` runs it with everything else of a GPU.
PICTOR_BENCH_WORK: a folder for the files (default: the system's temporary one).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from retrieval.projections import search_method, segments
from retrieval.projections.faiss_library import load_faiss
from retrieval.projections.gpu import MIN_SEARCHES
from retrieval.projections.machine import count_cores, gpu_memory
from retrieval.projections.mapped_rows import MappedRows
from retrieval.projections.products import widen_rows
from retrieval.projections.search_files import CODES, read_record, write_search_files
from retrieval.projections.vectors import VectorIndex, save_segment

DIMENSION, LATENT, CLUSTERS = 1280, 48, 20_000
QUERIES, NEAREST = 15, 10
FILTERS = (0.5, 0.1, 0.01, 0.001)
Rows = npt.NDArray[np.float16]
Floats = npt.NDArray[np.float32]


def measure(size: int | None = None, part: str = "exact") -> dict[str, Any]:
    """Medians in milliseconds, and how many times as fast Pictor is."""
    parts = {"exact": _measure_exact, "lists": _measure_lists, "faults": _measure_faults, "gpu": _measure_gpu}
    count = size or 250_000
    with tempfile.TemporaryDirectory(dir=os.environ.get("PICTOR_BENCH_WORK")) as folder:
        world = _World()
        if part != "faults":
            world.write(Path(folder), count)
        return {"figures": parts[part](Path(folder), world, count), "beside": {}}


class _World:
    """What vectors and queries are drawn from."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self._basis = random.standard_normal((LATENT, DIMENSION)).astype(np.float32) / DIMENSION**0.5
        self._middles = random.standard_normal((CLUSTERS, LATENT)).astype(np.float32)
        sizes = random.pareto(1.2, CLUSTERS) + 0.1
        self._shares = np.cumsum(sizes / sizes.sum())

    def draw(self, count: int, seed: int) -> Rows:
        random = np.random.default_rng(seed)
        kinds = np.minimum(np.searchsorted(self._shares, random.random(count)), CLUSTERS - 1)
        latent = self._middles[kinds] + 0.5 * random.standard_normal((count, LATENT), np.float32)
        rows = latent @ self._basis
        rows += 0.6 / DIMENSION**0.5 * random.standard_normal(rows.shape, np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows, np.float16)

    def write(self, folder: Path, count: int) -> None:
        size = segments.SEGMENT_SIZE
        for number, start in enumerate(range(0, count, size)):
            ids = np.arange(start, min(start + size, count))
            save_segment(segments.segment_path(folder, number), ids, self.draw(len(ids), 1 + number))

    def queries(self, count: int) -> Floats:
        return self.draw(count, 10**6).astype(np.float32)


# -- all vectors --------------------------------------------------------------------------------


def _measure_exact(folder: Path, world: _World, _: int) -> dict[str, float]:
    index, queries = VectorIndex.load(folder, DIMENSION), world.queries(99)
    read = index.size * DIMENSION * 2
    for query in queries[:2]:  # the first reads the files
        index.search(query, limit=NEAREST, allowed=None)
    figures = {}
    own = _time_single(lambda query: index.search(query, limit=NEAREST, allowed=None), queries)
    limit = _read_bandwidth(index)
    figures["one query (ms)"] = own
    figures["bandwidth of one query (GB/s)"] = read / own / 1e6
    figures["bandwidth of reading the same memory (GB/s)"] = limit / 1e9
    figures["share of it (promised: .85)"] = read / own * 1e3 / limit
    batches = {size: _time(partial(_search_many, index, queries[:size])) for size in (8, 32, 99)}
    flat = _flat_index(index)
    figures["one query, IndexFlatIP (ms)"] = _time_single(
        lambda query: flat.search(query[None], NEAREST), queries
    )
    figures["one query: times as fast (promised: 2)"] = figures["one query, IndexFlatIP (ms)"] / own
    for size, seconds in batches.items():
        peer = _time(partial(flat.search, queries[:size], NEAREST), 2)
        figures[f"batch of {size} (ms)"], figures[f"batch of {size}, IndexFlatIP (ms)"] = seconds, peer
        figures[f"batch of {size}: times as fast (promised: 5)"] = peer / seconds
    matrix = load_faiss().rev_swig_ptr(flat.get_xb(), index.size * DIMENSION).reshape(-1, DIMENSION)
    figures["one query, NumPy float32 (ms)"] = _time_single(
        lambda query: _numpy_nearest(matrix, query), queries
    )
    return figures


def _search_many(index: VectorIndex, queries: Floats) -> None:
    index.search_many(queries, limit=NEAREST, allowed=[None] * len(queries))


def _flat_index(index: VectorIndex) -> Any:
    flat = load_faiss().IndexFlatIP(DIMENSION)
    for start in range(0, index.size, 10_000):
        flat.add(index.rows(np.arange(start, min(start + 10_000, index.size))))
    return flat


def _numpy_nearest(matrix: Floats, query: Floats) -> Any:
    return np.argpartition(matrix @ query, -NEAREST)[-NEAREST:]


def _read_bandwidth(index: VectorIndex) -> float:
    """Bytes a second at which all processors add up the rows as whole numbers, which only reads them."""
    parts = [piece.rows.view(np.int64).reshape(-1) for part in index._rows.split_pieces() for piece in part]
    with ThreadPoolExecutor(count_cores()) as threads:
        taken = _time(lambda: list(threads.map(np.bitwise_xor.reduce, parts)), 5)
    return sum(part.nbytes for part in parts) / taken * 1e3


# -- inverted lists -----------------------------------------------------------------------------


def _measure_lists(folder: Path, world: _World, count: int) -> dict[str, float]:
    started = time.perf_counter()
    with patch.object(search_method, "CORE_BYTES", 1 << 20):  # lists, however few vectors there are
        write_search_files(folder, DIMENSION, "cpu")
    figures = {"making the lists (s)": time.perf_counter() - started}
    record = read_record(folder)
    assert record is not None
    before = _resident()
    index = VectorIndex.load(folder, DIMENSION)
    assert index._lists is not None
    figures["lists read"], figures["rows compared"] = index._lists.effort.lists, index._lists.effort.rows
    figures["lists there are"], figures["recall when they were made"] = (
        record.lists,
        index._lists.effort.recall,
    )
    figures["file of codes (bytes a vector)"] = (folder / CODES).stat().st_size / count
    figures["resident (bytes a vector; promised: 250)"] = (_resident() - before) / count
    exact, queries = VectorIndex(_held(index), DIMENSION), world.queries(100)
    figures |= _compare(index, exact, queries, None, "")
    random = np.random.default_rng(5)
    for share in FILTERS:
        allowed = np.sort(random.choice(count, max(1, int(share * count)), replace=False))
        figures |= _compare(index, exact, queries[:40], allowed, f", {share:.1%} allowed")
    flat_ms = _flat_time(exact, queries)
    figures["one query, IndexFlatIP (ms)"] = flat_ms
    figures["one query: times as fast (promised: 50)"] = flat_ms / figures["one query (ms)"]
    return figures | _measure_graphs(exact, queries)


def _held(index: VectorIndex) -> Any:
    return [
        MappedRows(index._ids[piece.start : piece.start + len(piece.rows)], piece.rows)
        for piece in index._rows._pieces
    ]


def _compare(
    index: VectorIndex, exact: VectorIndex, queries: Floats, allowed: Any, what: str
) -> dict[str, float]:
    shares = []
    for query in queries:
        found = index.search(query, limit=NEAREST, allowed=allowed).ids
        best = exact.search(query, limit=NEAREST, allowed=allowed).ids
        shares.append(len(np.intersect1d(found, best)) / len(best))
    own = _time_single(lambda query: index.search(query, limit=NEAREST, allowed=allowed), queries)
    return {f"recall{what}": float(np.mean(shares)), f"one query{what} (ms)": own}


def _flat_time(exact: VectorIndex, queries: Floats) -> float:
    """IndexFlatIP over a part of the vectors that fits into memory, times how many parts there are."""
    part = min(exact.size, 250_000)
    flat = load_faiss().IndexFlatIP(DIMENSION)
    for start in range(0, part, 10_000):
        flat.add(exact.rows(np.arange(start, min(start + 10_000, part))))
    return _time_single(lambda query: flat.search(query[None], NEAREST), queries[:9]) * exact.size / part


def _measure_graphs(exact: VectorIndex, queries: Floats) -> dict[str, float]:
    """hnswlib and usearch, on at most 20,000 of the vectors: making their graphs takes minutes."""
    figures, count = dict[str, float](), min(exact.size, 20_000)
    rows = exact.rows(np.arange(count))
    best = [set(np.argpartition(rows @ query, -NEAREST)[-NEAREST:].tolist()) for query in queries]
    for name, make in (("hnswlib", _make_hnswlib), ("usearch", _make_usearch)):
        try:
            import_module("hnswlib" if name == "hnswlib" else "usearch.index")
        except ImportError:
            continue
        started = time.perf_counter()
        search = make(rows)
        figures[f"{name}: making a graph of {count} (s)"] = time.perf_counter() - started
        found = [len(set(search(query)) & near) / NEAREST for query, near in zip(queries, best, strict=True)]
        figures[f"{name}: recall"] = float(np.mean(found))
        figures[f"{name}: one query (ms)"] = _time_single(search, queries)
    return figures


def _make_hnswlib(rows: Floats) -> Callable[[Floats], list[int]]:
    graph = import_module("hnswlib").Index("ip", rows.shape[1])
    graph.init_index(len(rows), ef_construction=100, M=32)
    graph.add_items(rows)
    graph.set_ef(128)
    return lambda query: graph.knn_query(query, NEAREST)[0][0].tolist()


def _make_usearch(rows: Floats) -> Callable[[Floats], list[int]]:
    graph = import_module("usearch.index").Index(
        ndim=rows.shape[1], metric="ip", dtype="f16", connectivity=32, expansion_add=100, expansion_search=128
    )
    graph.add(np.arange(len(rows)), rows)
    return lambda query: graph.search(query, NEAREST).keys.tolist()


def _resident() -> int:
    """Bytes of this process that are not pages of mapped files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon"))


# -- a GPU --------------------------------------------------------------------------------------


def _measure_gpu(folder: Path, world: _World, _: int) -> dict[str, float]:
    """Searches a second with and without the GPU, one after the other, and from four threads."""
    if not gpu_memory():
        raise SystemExit("there is no GPU")
    alone, helped = VectorIndex.load(folder, DIMENSION), VectorIndex.load(folder, DIMENSION, "auto")
    queries = world.queries(200)
    for query in queries[: MIN_SEARCHES + 1]:  # the copy is made by the last of them
        helped.search(query, limit=NEAREST, allowed=None)
    for query in queries[:40]:
        one, other = (index.search(query, limit=NEAREST, allowed=None) for index in (alone, helped))
        if not np.array_equal(one.ids, other.ids) or not np.array_equal(one.scores, other.scores):
            raise SystemExit("the GPU changes an answer")
    figures = {"answers that are equal": 40.0}
    for name, index in (("processor", alone), ("GPU", helped)):
        figures[f"{name}: one query (ms)"] = _time_single(partial(_search_one, index), queries)
        with ThreadPoolExecutor(4) as threads:
            started = time.perf_counter()
            list(threads.map(partial(_search_one, index), queries))
        seconds = time.perf_counter() - started
        figures[f"{name}: queries a second from four threads"] = len(queries) / seconds
    ratio = figures["processor: one query (ms)"] / figures["GPU: one query (ms)"]
    return figures | {"one query: times as fast": ratio}


def _search_one(index: VectorIndex, query: Floats) -> None:
    index.search(query, limit=NEAREST, allowed=None)


# -- what of FAISS is worked around -------------------------------------------------------------


def _measure_faults(_: Path, world: _World, count: int) -> dict[str, float]:
    """How much faster FAISS is with each thing changed that Pictor does otherwise."""
    faiss, count = load_faiss(), min(count, 100_000)
    rows = np.concatenate([world.draw(10_000, seed) for seed in range(max(1, count // 10_000))])
    queries, flat = world.queries(32), faiss.IndexFlatIP(DIMENSION)
    flat.add(rows.astype(np.float32))
    kind, metric = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    stored = faiss.IndexScalarQuantizer(DIMENSION, kind, metric)
    stored.add(rows.astype(np.float32))
    index = VectorIndex.build(np.arange(len(rows)), rows, DIMENSION)
    default, threads = _time(lambda: flat.search(queries[:1], NEAREST)), faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    alone = _time(lambda: flat.search(queries[:1], NEAREST))
    faiss.omp_set_num_threads(threads)
    one = _time(lambda: stored.search(queries[:1], NEAREST))
    split = _time(lambda: index.search(queries[0], limit=NEAREST, allowed=None))
    batch, threshold = (
        _time(lambda: flat.search(queries, NEAREST)),
        faiss.cvar.distance_compute_blas_threshold,
    )
    faiss.cvar.distance_compute_blas_threshold = 20 * DIMENSION
    lowered = _time(lambda: flat.search(queries, NEAREST))
    faiss.cvar.distance_compute_blas_threshold = threshold
    narrow = faiss.IndexScalarQuantizer(
        DIMENSION - 7, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    narrow.add(np.ascontiguousarray(rows[:, :-7], np.float32))
    uneven = _time(lambda: narrow.search(np.ascontiguousarray(queries[:1, :-7]), NEAREST))
    numpys = _time(lambda: rows[:1024].astype(np.float32))
    return {
        "one query: FAISS with one thread for itself": default / alone,
        "one query of float16: a thread for each processor": one / split,
        "batch of 32: distance_compute_blas_threshold lowered": batch / lowered,
        "rows of whole registers instead of 7 numbers fewer": uneven / one,
        "float16 to float32 by bits instead of NumPy": numpys / _time(lambda: widen_rows(rows[:1024])),
    }


def _time_single(work: Callable[[Floats], Any], queries: Floats) -> float:
    """Milliseconds of one call, the median over some queries."""
    taken = [_milliseconds(partial(work, query)) for query in _some(queries)]
    return float(np.median(taken))


def _some(queries: Floats) -> Iterator[Floats]:
    yield from queries[:QUERIES]


def _time(work: Callable[[], Any], repeats: int = 5) -> float:
    work()
    return float(np.median([_milliseconds(work) for _ in range(repeats)]))


def _milliseconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)
