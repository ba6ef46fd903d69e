"""A library in which every cosine is known; made once for each test module that uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from retrieval import Image, Library
from tests.world import COUNT, World, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world") / "library")


@pytest.fixture(scope="module")
def world_library(world: World) -> Iterator[Library]:
    with Library.open(world.path) as library:
        yield library


@pytest.fixture(scope="module")
def world_images(world_library: Library) -> dict[int, Image]:
    """All images of the world, by id."""
    return {image_id: world_library.load_image(image_id) for image_id in range(1, COUNT + 1)}
