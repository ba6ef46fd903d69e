"""A GPU's help changes no answer: on the processor, by an index that rounds as FAISS does on a GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
import pytest

from retrieval.projections import gpu
from retrieval.projections.gpu import MAX_RESULTS, MIN_ROWS, MIN_SEARCHES, GpuCopy
from retrieval.projections.mapped_rows import MappedRows
from retrieval.projections.vectors import VectorIndex
from tests.reference import pairs_of

DIMENSION, COUNT = 20, 6000


class Rounding:
    """Queries and rows in float16, and no more than LARGEST answers."""

    def __init__(self, dimension: int) -> None:
        self._index = faiss.IndexFlatIP(dimension)

    def add(self, rows: Any) -> None:
        self._index.add(rows.astype(np.float16).astype(np.float32))

    def search(self, query: Any, count: int) -> Any:
        assert count <= MAX_RESULTS
        return self._index.search(query.astype(np.float16).astype(np.float32), count)


def spread_features(count: int = COUNT) -> Any:
    rows = np.random.default_rng(5).standard_normal((count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def index_of(features: Any) -> VectorIndex:
    return VectorIndex.build(np.random.default_rng(6).permutation(len(features)) * 3 + 1, features, DIMENSION)


def with_copy(index: VectorIndex, made: Callable[[int], Any] = Rounding) -> tuple[VectorIndex, GpuCopy]:
    """The same index with a copy that has been asked often enough to be made."""
    again = VectorIndex([MappedRows(index._ids, index._rows[:])], index.dimension)
    copy = again._copy = GpuCopy(index._ids, index.rows, made)
    for _ in range(MIN_SEARCHES - 1):
        assert copy.candidate_ids(np.ones(DIMENSION, np.float32), 1) is None
    return again, copy


def queries(count: int) -> Any:
    return np.random.default_rng(7).standard_normal((count, DIMENSION)).astype(np.float32) / 4


@pytest.mark.parametrize(
    "limit", [1, 10, 500, MAX_RESULTS - 100, MAX_RESULTS - 1, MAX_RESULTS, 3000, COUNT, COUNT + 5]
)
def test_answers_are_those_of_the_processor(limit: int) -> None:
    index = index_of(spread_features())
    with_help, copy = with_copy(index)
    told = [copy.candidate_ids(query, limit) for query in queries(5)]
    for query in queries(5):
        expected, found = (
            searched.search(query, limit=limit, allowed=None) for searched in (index, with_help)
        )
        assert pairs_of(found) == pairs_of(expected)
    assert all((near is not None) == (limit < MAX_RESULTS - 1) for near in told)
    assert all(len(near) == MAX_RESULTS and (np.diff(near) > 0).all() for near in told if near is not None)


def test_where_too_many_score_alike_it_cannot_tell() -> None:
    index = index_of(np.repeat(spread_features(2), COUNT // 2, axis=0))
    with_help, copy = with_copy(index)
    for query in queries(5):
        assert copy.candidate_ids(query, 10) is None
        expected, found = (searched.search(query, limit=10, allowed=None) for searched in (index, with_help))
        assert pairs_of(found) == pairs_of(expected)


def test_rows_that_all_fit_are_told_whatever_they_score() -> None:
    index = index_of(np.repeat(spread_features(2), 50, axis=0))
    with_help, copy = with_copy(index)
    [query] = queries(1)
    near = copy.candidate_ids(query, 10)
    assert near is not None
    assert len(near) == 100
    assert pairs_of(with_help.search(query, limit=10, allowed=None)) == pairs_of(
        index.search(query, limit=10, allowed=None)
    )


def test_a_filter_is_the_processors() -> None:
    index = index_of(spread_features())
    with_help, copy = with_copy(index)
    [query] = queries(1)
    some = np.sort(index._ids[:100])
    assert pairs_of(with_help.search(query, limit=5, allowed=some)) == pairs_of(
        index.search(query, limit=5, allowed=some)
    )
    assert copy._index is None  # it was never searched


def test_the_copy_is_made_when_it_is_worth_it_and_only_once() -> None:
    dimensions: list[int] = []

    def count_and_make(dimension: int) -> Rounding:
        dimensions.append(dimension)
        return Rounding(dimension)

    _, copy = with_copy(index_of(spread_features()), count_and_make)
    assert dimensions == []
    for query in queries(3):
        assert copy.candidate_ids(query, 5) is not None
    assert dimensions == [DIMENSION]


def test_a_gpu_without_memory_is_a_remark_and_the_processor_answers() -> None:
    class Full(Rounding):
        def add(self, rows: Any) -> None:
            raise RuntimeError("Error in virtual void *faiss::gpu::StandardGpuResourcesImpl\nout of memory")

    index = index_of(spread_features())
    with_help, _ = with_copy(index, Full)
    first, second = queries(2)
    remark = rf"{COUNT} features on the GPU \(out of memory\); the CPU .* choose the device cpu"
    with pytest.warns(RuntimeWarning, match=remark):
        found = with_help.search(first, limit=5, allowed=None)
    assert pairs_of(found) == pairs_of(index.search(first, limit=5, allowed=None))
    # Not a second time: a warning would fail.
    assert len(with_help.search(second, limit=5, allowed=None).ids) == 5


def test_a_busy_gpu_is_not_waited_for() -> None:
    _, copy = with_copy(index_of(spread_features()))
    [query] = queries(1)
    with copy._busy:
        assert copy.candidate_ids(query, 5) is None
    assert copy.candidate_ids(query, 5) is not None


def test_only_large_indexes_ask_for_a_gpu() -> None:
    there = faiss.get_num_gpus() > 0
    assert not gpu.is_worthwhile("cpu", 10 * MIN_ROWS)
    assert not gpu.is_worthwhile("auto", MIN_ROWS - 1)
    assert [gpu.is_worthwhile(device, MIN_ROWS) for device in ("auto", "cuda")] == [there, there]


@pytest.mark.skipif(faiss.get_num_gpus() == 0, reason="there is no GPU")
def test_a_real_gpu_changes_no_answer() -> None:
    index = index_of(spread_features())
    with_help, copy = with_copy(index, gpu.create_index)
    for query in queries(5):
        assert copy.candidate_ids(query, 500) is not None
        expected, found = (searched.search(query, limit=500, allowed=None) for searched in (index, with_help))
        assert pairs_of(found) == pairs_of(expected)
