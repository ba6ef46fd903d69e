"""The index of windows finds what comparing every window finds, among all and among some."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.projections import window_index
from retrieval.projections.parts import PartView
from retrieval.projections.window_index import WindowIndex, save_codes
from retrieval.ranking.arrays import Int64Ids
from retrieval.ranking.neighbourhoods import Direction
from retrieval.ranking.ranking import round_scores
from retrieval.ranking.windows import DIMENSIONS, WINDOWS, Codes, WindowAxes, encode_windows, score_windows

COUNT = 400
AXES = WindowAxes(np.zeros(DIMENSIONS, np.float32), np.eye(DIMENSIONS, dtype=np.float32))


NEAR = 20  # images with a window near the query, each less near than the one before


@pytest.fixture(scope="module")
def codes(query: np.ndarray) -> Codes:
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((COUNT, len(WINDOWS), DIMENSIONS))
    for place in range(NEAR):
        noise = generator.standard_normal(DIMENSIONS) * (0.5 + 0.06 * place)
        rows[11 * place, place % len(WINDOWS)] = query * DIMENSIONS**0.5 + noise
    return encode_windows((rows / np.linalg.norm(rows, axis=2, keepdims=True)).astype(np.float32))


@pytest.fixture(scope="module")
def query() -> np.ndarray:
    row = np.random.default_rng(1).standard_normal(DIMENSIONS).astype(np.float32)
    return row / np.linalg.norm(row)


def expected_ids(codes: Codes, query: np.ndarray, ids: Int64Ids) -> list[int]:
    best = round_scores(score_windows(codes, query).max(axis=1))
    return [int(ids[place]) for place in np.lexsort((ids, -best))]


def test_candidates_of_faiss_hold_what_all_scores_rank_first(
    codes: Codes, query: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_index, "MOST_EXACT", 10)
    ids = np.arange(1, COUNT + 1) * 3
    index = WindowIndex(ids, codes)
    found = index.search(query, limit=50, allowed=None)
    assert found.ids.tolist()[:NEAR] == expected_ids(codes, query, ids)[:NEAR]
    assert len(found) == 50
    everything = index.search(query, limit=2 * COUNT, allowed=None)
    assert everything.ids.tolist() == expected_ids(codes, query, ids)


def test_a_filter_acts_before_the_limit(codes: Codes, query: np.ndarray) -> None:
    ids = np.arange(COUNT)
    index, allowed = WindowIndex(ids, codes), np.arange(5, COUNT, 7)
    found = index.search(query, limit=10, allowed=np.append(allowed, 10**6))
    assert found.ids.tolist() == expected_ids(codes[allowed], query, allowed)[:10]
    every = index.search(query, limit=COUNT, allowed=None)
    assert found.scores.tolist() == every.scores[every.rank_of(found.ids) - 1].tolist()


def test_files_are_loaded_as_one_index(codes: Codes, query: np.ndarray, tmp_path: Path) -> None:
    ids = np.arange(1, COUNT + 1)
    for number, part in enumerate(np.split(np.arange(COUNT), [150])):
        save_codes(tmp_path / f"{number}", ids[part], codes[part])
    loaded = WindowIndex.load(sorted(tmp_path.iterdir()))
    assert loaded.ids.tolist() == ids.tolist()
    assert loaded.search(query, limit=9, allowed=None).ids.tolist() == expected_ids(codes, query, ids)[:9]


def test_codes_of_another_length_are_refused(tmp_path: Path) -> None:
    import faiss

    index = faiss.IndexBinaryIDMap2(faiss.IndexBinaryFlat(64))
    index.add_with_ids(np.zeros((1, 8), np.uint8), np.array([1]))
    faiss.write_index_binary(index, str(tmp_path / "two"))
    with pytest.raises(ValueError, match="codes of 8 bytes, not of 896"):
        WindowIndex.load([tmp_path / "two"])


def test_what_changed_is_found_as_it_is_now(codes: Codes, query: np.ndarray) -> None:
    best = int(score_windows(codes, query).max(axis=1).argmax())
    ids, worst = np.arange(COUNT), int(score_windows(codes, query).max(axis=1).argmin())
    changed = WindowIndex(np.array([best]), codes[[worst]])
    view = PartView(WindowIndex(ids, codes), changed, np.array([best]), lambda: AXES)
    found = view.search(query, limit=COUNT, allowed=None)
    assert found.ids[0] != best
    assert set(found.ids[-2:].tolist()) == {best, worst}
    windows = view.find_windows(query, ids)
    assert windows[best] == windows[worst] == int(score_windows(codes[[worst]], query).argmax())
    assert view.search(Direction(query), limit=5, allowed=None).ids.tolist() == found.ids[:5].tolist()
