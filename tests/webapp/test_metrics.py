"""What watches a server: life, readiness, and metrics that count what was really asked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from retrieval import Annotation, Library, write_library
from webapp import create_app

from .conftest import COUNT, make_scene_library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(make_scene_library(tmp_path / "library")) as opened:
        yield opened


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return create_app(library).test_client()


def read_metrics(client: FlaskClient) -> dict[str, float]:
    text = client.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^([^#\s]+) (\S+)$", text, re.M)}


def test_requests_are_counted_and_timed_by_their_route(client: FlaskClient) -> None:
    for path in ("/api/v1/search?q=harbour", "/api/v1/search?q=dog", "/api/v1/search?nonsense=1", "/gone/x"):
        client.get(path)
    found = read_metrics(client)
    assert found['pictor_requests_total{method="GET",route="api.search",status="200"}'] == 2
    assert found['pictor_requests_total{method="GET",route="api.search",status="400"}'] == 1
    assert found['pictor_requests_total{method="GET",route="none",status="404"}'] == 1
    assert found['pictor_request_seconds_count{route="api.search"}'] == 3
    assert not any("harbour" in name or "gone" in name for name in found)


def test_they_say_how_far_the_indexes_are_behind(library: Library, client: FlaskClient) -> None:
    before = read_metrics(client)
    assert before["pictor_images"] == COUNT
    assert before["pictor_changes"] == before["pictor_published_changes"]
    with write_library(library.path) as opened, opened.catalog.writing() as writer:
        writer.replace_annotations(1, "user", [Annotation("tag", "new", "user")])
    after = read_metrics(client)
    assert after["pictor_changes"] > after["pictor_published_changes"] == before["pictor_published_changes"]


def test_a_damaged_library_lives_and_is_not_ready(library: Library, client: FlaskClient) -> None:
    assert [client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    for generation in library.generations_folder.iterdir():
        shutil.rmtree(generation) if generation.is_dir() else generation.unlink()
    other = create_app(Library.open(library.path)).test_client()
    assert other.get("/healthz").status_code == 200
    refused = other.get("/readyz")
    assert refused.status_code == 503
    assert "pictor rebuild" in refused.text


def test_strangers_get_no_figures(library: Library) -> None:
    client = create_app(library, public=True).test_client()
    assert [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 403]
