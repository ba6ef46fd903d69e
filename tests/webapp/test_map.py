"""The map of the collection: places, clusters, the pictures inside a line, and libraries without a map."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from flask.testing import FlaskClient

from retrieval import Library
from tests.mapped_library import CLUSTERS, COUNT, make_mapped_library
from webapp import create_app

from .conftest import make_browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(make_mapped_library(tmp_path_factory.mktemp("mapped") / "library")) as opened:
        yield opened


@pytest.fixture(scope="module")
def mapped(served: Library) -> FlaskClient:
    return make_browser(create_app(served))


def test_what_belongs_together_lies_together(served: Library) -> None:
    atlas = served.make_atlas()
    assert atlas is not None
    assert atlas.ids.tolist() == list(range(1, COUNT + 1))
    kinds = np.arange(COUNT) % CLUSTERS
    apart = np.square(atlas.places[:, None] - atlas.places[None]).sum(axis=2) + 9 * np.eye(COUNT)
    assert np.mean(kinds[apart.argmin(axis=1)] == kinds) > 0.95
    assert sum(cluster.count for cluster in atlas.clusters) == COUNT
    assert {cluster.name for cluster in atlas.clusters} <= {f"kind{kind}" for kind in range(CLUSTERS)}
    for number, cluster in enumerate(atlas.clusters):
        assert atlas.numbers[cluster.image_id - 1] == number, "a landmark lies in its cluster"


def test_points_are_sent_as_arrays(mapped: FlaskClient, served: Library) -> None:
    data = mapped.get("/map/points").data
    atlas = served.make_atlas()
    assert atlas is not None
    [count] = struct.unpack_from("<I", data)
    assert len(data) == 4 + 9 * count
    assert np.frombuffer(data, "<u4", count, 4).tolist() == atlas.ids.tolist()
    x = np.frombuffer(data, "<u2", count, 4 + 4 * count) / 65535
    assert np.abs(x - atlas.places[:, 0]).max() < 1e-4


def test_a_line_around_pictures_is_a_condition_of_the_search(
    mapped: FlaskClient, served: Library, parse_page: Callable
) -> None:
    atlas = served.make_atlas()
    assert atlas is not None
    address = mapped.get("/map/area?area=0,0;0.5,0;0.5,1;0,1").headers["Location"]
    expected = int((atlas.places[:, 0] < 0.5).sum())
    shown = mapped.get(address).text
    assert f"{expected} picked pictures" in shown
    assert f"{expected} pictures" in parse_page(shown).text
    inside = atlas.ids[atlas.places[:, 0] < 0.5]
    told = parse_page(mapped.get(f"{address}+-missing:label&limit=200").text).ids
    assert told == [number for number in inside.tolist() if (number - 1) % 3]
    corner = atlas.places[4]
    near = ";".join(
        f"{corner[0] + x:.5f},{corner[1] + y:.5f}" for x, y in ((-0.001, -0.001), (0.001, 0), (0, 0.001))
    )
    assert mapped.get("/map/area", query_string={"area": near}).headers["Location"] == "/?q=among:5"
    assert "There are no pictures inside the line" in mapped.get("/map/area?area=0,0;0,0;0,0").text


@pytest.mark.parametrize("area", ["", "0,0;1,1", "0,0;1,1;2", "a,b;c,d;e,f", ";".join(["0,0"] * 201)])
def test_what_is_no_polygon_is_refused(mapped: FlaskClient, area: str) -> None:
    assert mapped.get("/map/area", query_string={"area": area}).status_code == 400


def test_a_small_library_has_no_map_and_says_so(client: FlaskClient) -> None:
    assert "There is no map yet" in client.get("/map").text
    assert client.get("/map/points").data == b"\0\0\0\0"
