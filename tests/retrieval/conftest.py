"""A library in which every cosine is known; made once for each test module that uses it."""

from __future__ import annotations

import pytest

from tests.world import World, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world") / "library")
