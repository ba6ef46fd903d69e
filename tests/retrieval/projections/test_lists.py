"""Searches by inverted lists: how much they find, with filters and changes, and when they are chosen."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from retrieval.projections import search_method, segments
from retrieval.projections.list_search import ListSearch
from retrieval.projections.search_files import CODES, METHOD, read_record, write_search_files
from retrieval.projections.search_method import (
    CORE_BYTES,
    EXACT,
    LISTS,
    Effort,
    Machine,
    choose_effort,
    choose_method,
)
from retrieval.projections.vectors import VectorIndex, save_segment
from tests.reference import pairs_of

DIMENSION, COUNT, KINDS, SEGMENT = 40, 6000, 60, 1024
Features = npt.NDArray[np.float16]


def draw_features(count: int, seed: int) -> Features:
    """Around sixty directions, of which some are frequent."""
    random = np.random.default_rng(seed)
    middles = np.random.default_rng(0).standard_normal((KINDS, DIMENSION))
    kinds = (KINDS * random.random(count) ** 2).astype(int)
    rows = middles[kinds] + 0.9 * random.standard_normal((count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


@pytest.fixture(scope="module")
def features() -> Features:
    return draw_features(COUNT, 1)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processors that read nothing quickly, and segments of a thousand ids."""
    monkeypatch.setattr(search_method, "CORE_BYTES", 10_000)
    monkeypatch.setattr(segments, "SEGMENT_SIZE", SEGMENT)


def write_rows(folder: Path, features: Features, *, changed: set[int] | None = None) -> None:
    """Segments of the images from 1 on; those of which some row is `changed`, or all."""
    ids = np.arange(1, len(features) + 1)
    for number in sorted(changed if changed is not None else set(range(len(features) // SEGMENT + 1))):
        among = ids // SEGMENT == number
        save_segment(segments.segment_path(folder, number), ids[among], features[among])


@pytest.fixture(scope="module")
def written(features: Features, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_method, "CORE_BYTES", 10_000)
        patch.setattr(segments, "SEGMENT_SIZE", SEGMENT)
        write_rows(folder, features)
        write_search_files(folder, DIMENSION, "cpu")
    return folder


def exact_index(features: Features) -> VectorIndex:
    return VectorIndex.build(np.arange(1, len(features) + 1), features, DIMENSION)


def recall_of(index: VectorIndex, exact: VectorIndex, allowed: Any = None) -> float:
    """Of fresh queries; whatever is found has the scores and the order of an exact search."""
    shares = []
    for query in draw_features(50, 2).astype(np.float32):
        found = index.search(query, limit=10, allowed=allowed)
        best = exact.search(query, limit=10, allowed=allowed)
        assert pairs_of(found) == pairs_of(exact.rank_ids(query, found.ids))
        assert allowed is None or np.isin(found.ids, allowed).all()
        shares.append(len(np.intersect1d(found.ids, best.ids)) / len(best.ids))
    return float(np.mean(shares))


def test_it_finds_as_much_as_it_is_asked_to(written: Path, features: Features) -> None:
    exact = exact_index(features)
    record = read_record(written)
    assert record is not None
    assert (record.method, record.rows, record.missed) == (LISTS, COUNT, ())
    found = {
        target: VectorIndex.load(written, DIMENSION, target_recall=target) for target in (0.5, 0.9, 0.98)
    }
    efforts = {target: choose_effort(record.curve, target) for target in found}
    for target, index in found.items():
        assert index._lists is not None
        assert index._lists.effort == efforts[target]
        assert recall_of(index, exact) >= target - 0.03
    assert efforts[0.5] is not None
    assert efforts[0.98] is not None
    assert efforts[0.5].lists < efforts[0.98].lists < record.lists
    again = VectorIndex.load(written, DIMENSION)
    for query in draw_features(5, 3).astype(np.float32):
        one, other = (index.search(query, limit=50, allowed=None) for index in (found[0.98], again))
        assert pairs_of(one) == pairs_of(other)
        assert [pairs_of(many) for many in again.search_many(query[None], limit=50, allowed=[None])] == [
            pairs_of(one)
        ]


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("alike", [False, True], ids=["any", "one-kind"])
def test_filters_leave_as_much_to_be_found(
    written: Path, features: Features, share: float, alike: bool
) -> None:
    """Images anywhere, and those that lie nearest together, where most queries have none near them."""
    ids, random = np.arange(1, COUNT + 1), np.random.default_rng(4)
    order = np.argsort(-(features @ features[7])) if alike else random.permutation(COUNT)
    allowed = np.sort(ids[order[: int(share * COUNT)]])
    index = VectorIndex.load(written, DIMENSION)
    recall = recall_of(index, exact_index(features), allowed)
    uses_lists = index._lists is not None and index._lists.is_worthwhile(allowed)
    assert uses_lists == (share >= 0.1)
    assert recall >= 0.95 if uses_lists else recall == 1


@pytest.mark.parametrize("limit", [COUNT // 10, COUNT, 2 * COUNT])
def test_who_asks_for_much_gets_all_of_it(written: Path, features: Features, limit: int) -> None:
    [query] = draw_features(1, 5).astype(np.float32)
    index, exact = VectorIndex.load(written, DIMENSION), exact_index(features)
    expected = exact.search(query, limit=limit, allowed=None)
    assert pairs_of(index.search(query, limit=limit, allowed=None)) == pairs_of(expected)


def test_a_recall_that_lists_do_not_reach_is_reached_by_comparing_all(written: Path, tmp_path: Path) -> None:
    values = json.loads((written / METHOD).read_text())
    values["curve"] = [effort | {"recall": 0.9} for effort in values["curve"]]
    for path in written.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / METHOD).write_text(json.dumps(values))
    assert VectorIndex.load(tmp_path, DIMENSION)._lists is None
    assert VectorIndex.load(tmp_path, DIMENSION, target_recall=0.9)._lists is not None


def test_the_same_rows_give_the_same_bytes(written: Path, features: Features, tmp_path: Path) -> None:
    write_rows(tmp_path, features)
    write_search_files(tmp_path, DIMENSION, "cpu")
    for path in written.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


class TestChanges:
    """A generation that shares segments, and lists, with the one before."""

    def update(
        self, before: Path, folder: Path, features: Features, stale: set[int]
    ) -> tuple[Any, VectorIndex]:
        folder.mkdir()
        for path in segments.segment_files(before):
            if segments.segment_number(path) not in stale:
                (folder / path.name).hardlink_to(path)
        write_rows(folder, features, changed=stale)
        write_search_files(folder, DIMENSION, "cpu", before, stale)
        return read_record(folder), VectorIndex.load(folder, DIMENSION)

    def test_what_changed_is_found_and_what_is_gone_is_not(
        self, written: Path, features: Features, tmp_path: Path
    ) -> None:
        changed, new = features.copy(), draw_features(30, 6)
        changed[2500:2520] = new[:20]
        changed = np.concatenate([changed, new[20:]])
        stale = {2500 // SEGMENT, COUNT // SEGMENT}
        record, index = self.update(written, tmp_path / "new", changed, stale)
        assert set(record.missed) == stale
        assert (tmp_path / "new" / CODES).samefile(written / CODES)
        exact = exact_index(changed)
        assert recall_of(index, exact) >= 0.95
        for image_id in (*range(2501, 2521), *range(COUNT + 1, COUNT + 11)):
            own = changed[image_id - 1].astype(np.float32)
            assert index.search(own, limit=1, allowed=None).ids.tolist() == [image_id]
            before = features[image_id - 1].astype(np.float32) if image_id <= COUNT else own
            assert index.search(before, limit=1, allowed=None).scores[0] == pytest.approx(
                exact.search(before, limit=1, allowed=None).scores[0]
            )

    def test_where_much_changed_the_lists_are_filled_anew(
        self, written: Path, features: Features, tmp_path: Path
    ) -> None:
        changed = np.concatenate([draw_features(3 * SEGMENT, 8), features[3 * SEGMENT :]])
        record, index = self.update(written, tmp_path / "new", changed, {0, 1, 2})
        assert record.missed == ()
        assert record.trained == COUNT
        assert not (tmp_path / "new" / CODES).samefile(written / CODES)
        assert recall_of(index, exact_index(changed)) >= 0.95

    def test_a_library_that_has_doubled_gets_new_centres(
        self, written: Path, features: Features, tmp_path: Path
    ) -> None:
        more = np.concatenate([features, draw_features(COUNT + 100, 9)])
        stale = set(range(COUNT // SEGMENT, len(more) // SEGMENT + 1))
        record, index = self.update(written, tmp_path / "new", more, stale)
        assert record.trained == len(more)
        assert recall_of(index, exact_index(more)) >= 0.95


def test_what_nobody_asks_for_gets_no_lists(features: Features, tmp_path: Path) -> None:
    write_rows(tmp_path, features)
    write_search_files(tmp_path, DIMENSION, "cpu", is_asked=False)
    record = read_record(tmp_path)
    assert record is not None
    assert (record.method, record.reason) == (EXACT, search_method.UNASKED.reason)
    assert record.describe(0.98).endswith("since its weight is 0")
    assert not (tmp_path / CODES).exists()


def test_a_record_that_is_none_is_told(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    for text in ("[]", "{}", '{"curve": [{"lists": 1}]}', "no JSON"):
        (tmp_path / METHOD).write_text(text)
        with pytest.raises(ValueError):  # noqa: PT011 - what it says is JSON's for the last
            read_record(tmp_path)


GIB = 2**30


class TestChoice:
    @pytest.fixture(autouse=True)
    def large(self, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search_method, "CORE_BYTES", CORE_BYTES)

    @pytest.mark.parametrize(
        ("count", "width", "machine", "name", "reason"),
        [
            (0, 1280, Machine(2, 24 * GIB), EXACT, "0 rows of 1280 numbers are 0 MB; up to 268 MB all are"),
            (100_000, 1280, Machine(2, 24 * GIB), EXACT, r"256 MB; up to 268 MB .*\(2 processors\)"),
            (100_000, 1280, Machine(1, 24 * GIB), LISTS, r"256 MB, more than 134 MB \(one processor\)"),
            (200_000, 1280, Machine(64, 24 * GIB), EXACT, r"up to 537 MB all are compared \(4 processors\)"),
            (
                1_000_000,
                1280,
                Machine(2, 24 * GIB),
                LISTS,
                "1,000,000 rows of 1280 numbers are 2,560 MB, more",
            ),
            (100_000, 1280, Machine(2, GIB // 4), LISTS, "more than 134 MB"),
            (
                1_000_000,
                1280,
                Machine(2, GIB // 2),
                EXACT,
                "their codes would take 184 MB of 537 MB of memory",
            ),
            (1_000_000, 1280, Machine(2, 24 * GIB, 8 * GIB), EXACT, "the GPU holds up to 8,590 MB"),
            (9_000_000, 1280, Machine(2, 24 * GIB, 8 * GIB), LISTS, "23,040 MB, more than 268 MB"),
        ],
    )
    def test_it_says_why(self, count: int, width: int, machine: Machine, name: str, reason: str) -> None:
        method = choose_method(count, width, machine)
        assert method.name == name
        assert re.search(reason, method.reason), method.reason

    def test_the_least_effort_is_taken(self) -> None:
        curve = [Effort(1, 25, 0.5), Effort(8, 25, 0.97), Effort(8, 50, 0.985), Effort(16, 25, 0.99)]
        assert choose_effort(curve, 0.98) == curve[2]
        assert choose_effort(curve, 0.3) == curve[0]
        assert choose_effort(curve, 0.999) is None
        assert choose_effort([], 0.1) is None


def test_lists_are_for_many(written: Path) -> None:
    """A filter that allows few is a matter of few rows."""
    record = read_record(written)
    assert record is not None
    search = VectorIndex.load(written, DIMENSION)._lists
    assert isinstance(search, ListSearch)
    assert search.is_worthwhile(None)
    assert not search.is_worthwhile(np.arange(100))
