"""Many queries at once, and images one by one: the scores and the order are those of single searches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from retrieval import process_limits
from retrieval.process_limits import one_blas_thread
from retrieval.projections.products import BLOCK, find_nearest_rows, widen_rows
from retrieval.projections.vectors import VectorIndex, VectorView
from tests.reference import nearest_images, pairs_of
from tests.retrieval.projections.test_vectors import (
    DIMENSION,
    ID,
    LIMIT,
    build,
    collections,
    eighths,
    query_of,
)


@given(st.data(), LIMIT, st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_many_queries_and_single_images_agree_with_brute_force(
    data: st.DataObject, limit: int, count: int
) -> None:
    old_ids, old = data.draw(collections())
    known = st.sampled_from(old_ids.tolist()) if len(old_ids) else ID
    put = np.array(sorted(data.draw(st.sets(known | ID, max_size=12))), np.int64)
    new = data.draw(eighths(len(put)))
    hidden = np.array(sorted({*put.tolist(), *data.draw(st.sets(known, max_size=12))}), np.int64)
    kept = ~np.isin(old_ids, hidden)
    held = np.concatenate([old_ids[kept], put]), np.concatenate([old[kept], new])
    view = VectorView(build(old_ids, old), build(put, new), hidden)

    queries = [data.draw(eighths()) for _ in range(count)]
    allowed = [data.draw(st.none() | st.sets(known | ID, max_size=30)) for _ in queries]
    among = [None if ids is None else np.array(sorted(ids), np.int64) for ids in allowed]
    found = view.search_many([query_of(query) for query in queries], limit=limit, allowed=among)
    for query, own, ranking, ids in zip(queries, allowed, found, among, strict=True):
        assert pairs_of(ranking) == nearest_images(query, *held, limit=limit, allowed=own)
        if ids is not None:
            ranked = view.rank_ids(query_of(query), np.random.default_rng(1).permutation(ids))
            assert pairs_of(ranked) == nearest_images(query, *held, limit=len(ids), allowed=own)


def make_features(count: int, dimension: int) -> Any:
    rows = np.random.default_rng(3).standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


@pytest.mark.parametrize("limit", [1, 50, 2000])
def test_real_numbers_give_the_same_scores_to_the_last_digit(limit: int) -> None:
    """Over several blocks of rows, whose sums a product of matrices makes in another order."""
    features = make_features(5 * BLOCK + 7, 100)
    index = VectorIndex.build(np.arange(len(features)) * 3 + 1, features, 100)
    queries = features[::500].astype(np.float32)
    filters = [None, np.arange(1, 9000), np.arange(1, 3 * len(features), 7)]
    allowed = [filters[number % 3] for number in range(len(queries))]
    found = index.search_many(queries, limit=limit, allowed=allowed)
    for query, among, ranking in zip(queries, allowed, found, strict=True):
        alone = index.search(query, limit=limit, allowed=among)
        assert pairs_of(ranking) == pairs_of(alone)
        assert pairs_of(index.rank_ids(query, alone.ids[::-1])) == pairs_of(alone)


def test_rows_that_are_all_alike_are_all_found() -> None:
    rows = np.full((3 * BLOCK, DIMENSION), 0.25, np.float16)
    [found] = find_nearest_rows(np.ones((1, DIMENSION), np.float32), rows, 5, [None])
    assert len(found) == len(rows)
    index = build(np.arange(len(rows), 0, -1), rows)
    assert index.search_many(np.ones((1, DIMENSION), np.float32), limit=5, allowed=[None])[
        0
    ].ids.tolist() == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_every_finite_number_is_widened_as_numpy_does() -> None:
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16)
    numbers = numbers[np.isfinite(numbers)]
    widened = widen_rows(numbers[None])[0]
    assert widened.dtype == np.float32
    assert np.array_equal(widened.view(np.int32), numbers.astype(np.float32).view(np.int32))


def test_blas_gets_its_threads_back_after_the_last_that_limits_it() -> None:
    def count_threads() -> set[int]:
        """Those of the libraries that were loaded when BLAS was first limited, as NumPy's was."""
        known = process_limits._find_libraries().info()
        return {pool["num_threads"] for pool in known if pool["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        before = count_threads()
        with one_blas_thread():
            with one_blas_thread():
                assert count_threads() == {1}
            assert count_threads() == {1}
        assert count_threads() == before
