"""`among:`: images picked by their ids, or by the name of a list that is kept for a while."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import InvalidQuery, Library, StorageFailed
from retrieval.search.picked_lists import LIFETIME, MAX_WRITTEN, PickedLists

ALL = np.arange(1, 3001)


@given(st.sets(st.integers(1, 3000), min_size=1, max_size=60))
def test_what_is_written_picks_the_same_images(ids: set[int]) -> None:
    value = PickedLists(Path("nowhere")).write_value(np.array(sorted(ids))) if len(ids) < 30 else "1..3000"
    picked = PickedLists(Path("nowhere")).select_ids(ALL, value).tolist()
    assert picked == (sorted(ids) if len(ids) < 30 else ALL.tolist())


def test_spans_may_overlap_and_stand_in_any_order() -> None:
    picked = PickedLists(Path("nowhere")).select_ids(ALL, "7,1..100,5..9,200,50..120")
    assert picked.tolist() == [*range(1, 121), 200]


def test_many_images_are_kept_until_nobody_used_them_for_long(tmp_path: Path) -> None:
    lists = PickedLists(tmp_path / "picked")
    odd = ALL[::2]
    name = lists.write_value(odd)
    assert len(name) == 32 < MAX_WRITTEN
    assert lists.write_value(odd) == name
    assert lists.select_ids(ALL, name).tolist() == odd.tolist()
    assert lists.select_ids(np.array([2, 3, 4]), name).tolist() == [3]
    long_ago = time.time() - LIFETIME - 60
    os.utime(tmp_path / "picked" / name, (long_ago, long_ago))
    lists.write_value(ALL[::3])
    with pytest.raises(InvalidQuery, match="not kept any more"):
        lists.select_ids(ALL, name)


def test_many_images_cannot_be_kept_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "picked").write_text("no folder")
    with pytest.raises(StorageFailed):
        PickedLists(tmp_path / "picked").write_value(ALL[::2])


def test_picked_images_are_a_condition_like_others(library: Library) -> None:
    every = library.search("").total
    assert library.search("among:2,4..5").ids == [2, 4, 5]
    assert library.search("-among:2,4..5").total == every - 3
    assert library.search("among:2..4 among:3..9").ids == [3, 4]
    assert library.search("among:1 OR among:3").ids == [1, 3]
    assert library.pick_images([3, 1, 2, 9]) == "1..3,9"
    assert library.find_picked("2..3").tolist() == [2, 3]
    for wrong in ("a", "3,", "-1", "0123456789abcdef"):
        with pytest.raises(InvalidQuery):
            library.search(f'among:"{wrong}"')
