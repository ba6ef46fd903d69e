"""Files of word towers: written and read, bound to the weights they were made for, and refused otherwise."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from data import WORD_TOWER
from retrieval import InvalidSetting
from retrieval.descriptors.word_towers import find_word_tower, load_word_tower, word_tower_to_bytes
from retrieval.ranking.word_tower import KernelMap, SubjectMap, WordTable, WordTower
from retrieval.signals import BUNDLED_WEIGHTS


def make_tower(weights_sha256: str) -> WordTower:
    random = np.random.default_rng(3)
    table = WordTable(
        {"dog": 0, "hot dog": 1},
        random.integers(-127, 128, (2, 4), np.int8),
        np.array([0.5, 0.25], np.float32),
        np.array([True, False]),
        random.integers(-127, 128, (1, 3), np.int8),
        np.array([0.5], np.float32),
        np.array([-1, 0]),
    )
    names, sentences = (
        KernelMap(*(random.standard_normal(shape).astype(np.float32) for shape in ((3, 3), 3, (3, 8))))
        for _ in range(2)
    )
    anchors = random.standard_normal((3, 4)).astype(np.float32)
    shares = np.array([0.25, 0.5], np.float32)
    return WordTower(table, SubjectMap(anchors, names, sentences, shares), weights_sha256, "")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    tower, path = make_tower("f" * 64), tmp_path / "tower.npz"
    data = word_tower_to_bytes(tower)
    path.write_bytes(data)
    found = load_word_tower(path)
    assert found.identity == hashlib.sha256(data).hexdigest()
    assert dict(found.table.rows) == dict(tower.table.rows)
    assert np.array_equal(found.table.numbers, tower.table.numbers)
    for text in ("dog", "hot dog", "a dog, a hot dog"):
        assert found.encode_text(text) == pytest.approx(tower.encode_text(text), abs=0.03)
    assert word_tower_to_bytes(tower) == data


def test_a_tower_belongs_to_the_weights_that_it_was_made_for(tmp_path: Path) -> None:
    path = tmp_path / "tower.npz"
    path.write_bytes(word_tower_to_bytes(make_tower("f" * 64)))
    own, other = {"weights_sha256": "f" * 64}, {"weights_sha256": "e" * 64}
    assert find_word_tower(str(path), own) is not None
    with pytest.raises(InvalidSetting, match="made for the weights ffffffffffff"):
        find_word_tower(str(path), other)
    assert find_word_tower("bundled", other) is None
    assert find_word_tower("none", {"weights_sha256": BUNDLED_WEIGHTS}) is None
    assert find_word_tower("bundled", {"weights_sha256": BUNDLED_WEIGHTS, "enhance": ["median:3"]}) is None


def test_a_file_that_holds_no_tower_is_refused(tmp_path: Path) -> None:
    whole = word_tower_to_bytes(make_tower("f" * 64))
    for number, data in enumerate((b"", b"no tower", whole[: len(whole) // 2])):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(data)
        with pytest.raises(InvalidSetting, match="no word tower"):
            load_word_tower(path)
    with pytest.raises(InvalidSetting, match="No such file"):
        load_word_tower(tmp_path / "absent.npz")


def test_the_bundled_tower_belongs_to_the_bundled_backbone_and_is_small() -> None:
    assert WORD_TOWER.stat().st_size <= 12e6
    tower = find_word_tower("bundled", {"weights_sha256": BUNDLED_WEIGHTS})
    assert tower is not None
    assert len(tower.table.rows) >= 30_000
    assert len(tower.table.looks) >= 10_000
    words = ("dog", "hot dogs", "snowboarding", "a woman with a red umbrella", "elephants at a lake")
    vectors = [tower.encode_text(text) for text in words]
    assert all(vector is not None and vector.shape == (1280,) for vector in vectors)
    assert [np.linalg.norm(vector) for vector in vectors if vector is not None] == pytest.approx(
        [1] * 5, abs=1e-5
    )
    assert [tower.encode_text(text) for text in ("blorft", "the", "xqzzt wvvk")] == [None] * 3
