"""A slice of `python -m benchmarks trees`: random trees of conditions equal an exhaustive search."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.trees import RowWorld, check_tree, draw_rows, draw_trees, open_rows
from tests.databases import BACKENDS, Server

TREES = 60


@pytest.fixture(params=BACKENDS)
def row_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RowWorld]:
    """Thirty images with values that SQL could wrongly take for equal, on either database."""
    address = ""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        address = server.create_database()
    with open_rows(tmp_path / "library", draw_rows(random.Random(7), 30), address) as world:
        yield world


def test_random_trees_equal_an_exhaustive_search(row_world: RowWorld) -> None:
    checked = [check_tree(row_world, tree) for tree in draw_trees(random.Random(16), TREES)]
    assert [fault for _, faults in checked for fault in faults] == []
    assert sum(0 < found < 30 for found, _ in checked) > TREES / 2
