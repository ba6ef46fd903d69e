"""The vector index answers exactly what brute force answers, filters, ties and tails included."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrieval.projections import segments
from retrieval.projections.vectors import VectorIndex, VectorView, save_segment
from retrieval.ranking.arrays import Int64Ids
from tests.reference import nearest_images, pairs_of

DIMENSION = 5
NO_IDS = np.empty(0, np.int64)
Features = npt.NDArray[np.float16]
Pairs = list[tuple[int, float]]

ID = st.integers(1, 2**63 - 1) | st.integers(1, 40)
LIMIT = st.integers(1, 45)


def eighths(rows: int | None = None) -> st.SearchStrategy[npt.NDArray[Any]]:
    """Multiples of 1/8: exact in float16, and so are their inner products, so that ties are true ties."""
    shape: Any = (rows, DIMENSION) if rows is not None else (DIMENSION,)
    return arrays(np.int8, shape, elements=st.integers(-3, 3)).map(lambda whole: whole.astype(np.float16) / 8)


@st.composite
def collections(draw: st.DrawFn, least: int = 0) -> tuple[Int64Ids, Features]:
    """Image ids in any order, each with a feature."""
    ids = draw(st.lists(ID, min_size=least, max_size=30, unique=True))
    return np.array(ids, np.int64), draw(eighths(len(ids)))


def query_of(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return values.astype(np.float32)


def build(ids: Int64Ids, features: Features) -> VectorIndex:
    return VectorIndex.build(ids, features, DIMENSION)


@given(collections(), eighths(), LIMIT)
@settings(deadline=None, max_examples=50)
def test_it_agrees_with_brute_force(held: tuple[Int64Ids, Features], query: Any, limit: int) -> None:
    found = build(*held).search(query_of(query), limit=limit, allowed=None)
    assert pairs_of(found) == nearest_images(query, *held, limit=limit)


@given(collections(), eighths(), LIMIT, st.data())
@settings(deadline=None, max_examples=50)
def test_a_filter_acts_before_the_limit(
    held: tuple[Int64Ids, Features], query: Any, limit: int, data: st.DataObject
) -> None:
    known = st.sampled_from(held[0].tolist()) if len(held[0]) else ID
    allowed = sorted(data.draw(st.sets(known | ID, max_size=30)))
    found = build(*held).search(query_of(query), limit=limit, allowed=np.array(allowed, np.int64))
    assert pairs_of(found) == nearest_images(query, *held, limit=limit, allowed=allowed)


@given(collections(), eighths(), LIMIT)
@settings(deadline=None, max_examples=30)
def test_files_and_back_change_no_answer(held: tuple[Int64Ids, Features], query: Any, limit: int) -> None:
    """Two of them, mapped as one."""
    ids, features = held
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number, part in enumerate((slice(0, 7), slice(7, None))):
            if len(ids[part]):
                save_segment(segments.segment_path(folder, number), ids[part], features[part])
        again = VectorIndex.load(folder, DIMENSION)
        index = build(*held)
        assert (again.size, again.dimension) == (len(ids), DIMENSION)
        first, second = (
            searched.search(query_of(query), limit=limit, allowed=None) for searched in (index, again)
        )
        assert pairs_of(first) == pairs_of(second)
        assert np.array_equal(again.rows(ids), features.astype(np.float32))


def test_a_disk_that_is_full_is_told() -> None:
    with pytest.raises(OSError, match="No space left"):
        save_segment(Path("/dev/full"), np.array([1]), np.ones((1, DIMENSION), np.float16))


@pytest.mark.parametrize("size", [1, 39, 41])
def test_a_file_that_holds_no_whole_rows_is_refused(tmp_path: Path, size: int) -> None:
    """A row of five numbers takes 16 of two bytes, and an id of eight."""
    segments.segment_path(tmp_path, 0).write_bytes(bytes(size))
    with pytest.raises(ValueError, match=f"segment-00000000.rows: {size} bytes are no rows of 5 numbers"):
        VectorIndex.load(tmp_path, DIMENSION)


@given(st.data(), eighths(), LIMIT)
@settings(deadline=None, max_examples=50)
def test_a_generation_with_its_tail_is_searched_as_one(data: st.DataObject, query: Any, limit: int) -> None:
    old_ids, old = data.draw(collections())
    known = st.sampled_from(old_ids.tolist()) if len(old_ids) else ID
    put = np.array(sorted(data.draw(st.sets(known | ID, max_size=12))), np.int64)
    removed = data.draw(st.sets(known, max_size=12))
    new = data.draw(eighths(len(put)))
    hidden = np.array(sorted({*put.tolist(), *removed}), np.int64)
    allowed = data.draw(st.none() | st.sets(known | ID, max_size=30))

    kept = ~np.isin(old_ids, hidden)
    expected = nearest_images(
        query,
        np.concatenate([old_ids[kept], put]),
        np.concatenate([old[kept], new]),
        limit=limit,
        allowed=allowed,
    )
    view = VectorView(build(old_ids, old), build(put, new), hidden)
    among = None if allowed is None else np.array(sorted(allowed), np.int64)
    assert pairs_of(view.search(query_of(query), limit=limit, allowed=among)) == expected


@pytest.mark.parametrize("limit", [1, 2, 49, 50, 51, 52, 99, 100, 101])
@pytest.mark.parametrize("filtered", [False, True])
def test_ties_at_the_limit_go_to_the_smallest_ids(limit: int, filtered: bool) -> None:
    """One image is better than a hundred identical ones, which were indexed in a mixed order."""
    ids = np.random.default_rng(1).permutation(np.arange(1, 102))
    features = np.full((101, DIMENSION), 0.25, np.float16)
    features[ids == 77] = 0.5
    found = build(ids, features).search(
        np.ones(DIMENSION, np.float32), limit=limit, allowed=np.arange(1, 200) if filtered else None
    )
    expected = [77, *(number for number in range(1, 102) if number != 77)]
    assert found.ids.tolist() == expected[:limit]


def test_scores_that_round_alike_are_ties() -> None:
    """0.5 and 0.5 + 2^-24 differ, but not to SCORE_DECIMALS: the smaller id comes first."""
    features = np.array([[0.5, 0], [0.5, 2**-12]], np.float16)
    index = VectorIndex.build(np.array([2, 1]), features, 2)
    query = np.array([1, 2**-12], np.float32)
    for limit in (1, 2):
        assert index.search(query, limit=limit, allowed=None).ids.tolist() == [1, 2][:limit]
    index = VectorIndex.build(np.array([1, 2]), features, 2)
    assert index.search(query, limit=1, allowed=None).ids.tolist() == [1]


def test_real_features_agree_to_the_last_decimal_but_one() -> None:
    random = np.random.default_rng(7)
    directions = random.standard_normal((500, 96))
    features = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype(np.float16)
    ids = random.permutation(np.arange(1, 501)) * 2**40
    index = VectorIndex.build(ids, features, 96)
    for row in range(0, 500, 100):
        expected = nearest_images(features[row], ids, features, limit=20)
        found = index.search(features[row].astype(np.float32), limit=20, allowed=None)
        assert found.ids[0] == ids[row]
        assert found.ids.tolist() == [image_id for image_id, _ in expected]
        assert found.scores == pytest.approx([score for _, score in expected], abs=2e-5)


def test_an_image_without_a_direction_scores_nothing() -> None:
    features = np.array([[0, 0], [1, 0], [-1, 0]], np.float16)
    index = VectorIndex.build(np.array([5, 6, 7]), features, 2)
    found = index.search(np.array([1, 0], np.float32), limit=3, allowed=None)
    assert pairs_of(found) == [(6, 1.0), (5, 0.0), (7, -1.0)]


@pytest.mark.parametrize("allowed", [None, NO_IDS, np.array([1, 2])])
def test_an_empty_index_finds_nothing(allowed: Int64Ids | None) -> None:
    empty = build(NO_IDS, np.empty((0, DIMENSION), np.float16))
    for searched in (empty, VectorIndex.empty(DIMENSION), VectorView(empty, empty, NO_IDS)):
        found = searched.search(np.ones(DIMENSION, np.float32), limit=10, allowed=allowed)
        assert pairs_of(found) == []


def test_searching_and_building_leave_their_inputs_alone() -> None:
    ids, features = np.array([3, 1, 2]), np.eye(3, DIMENSION, dtype=np.float16)
    query, allowed = np.ones(DIMENSION, np.float32), np.array([1, 3])
    before = [image_id.copy() for image_id in (ids, features, query, allowed)]
    VectorView(build(ids, features), build(ids[:1], features[:1]), ids[:1]).search(
        query, limit=1, allowed=allowed
    )
    for one, other in zip(before, (ids, features, query, allowed), strict=True):
        assert np.array_equal(one, other)
