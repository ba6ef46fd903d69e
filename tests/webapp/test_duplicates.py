"""Duplicates on the page and in the API: lists, verdicts, and what strangers are refused."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from retrieval import Library
from tests.copied_scenes import make_copied_library
from webapp import create_app

from .conftest import make_browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(make_copied_library(tmp_path_factory.mktemp("copies"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(served: Library) -> FlaskClient:
    return make_browser(create_app(served))


def groups(client: FlaskClient, **parameters: object) -> list[list[int]]:
    answer = client.get("/api/v1/duplicates", query_string=parameters).json
    return sorted(group["images"] for group in answer["groups"])


def list_near(page: str) -> list[tuple[str, str]]:
    """What the page of an image says about copies: how much they are alike, and their names."""
    section = page.partition('class="copies-of"')[2].partition("</section>")[0]
    parts = re.split(r"<h3>(.*?)</h3>", section)[1:]
    near = zip(parts[::2], parts[1::2], strict=True)
    return [
        (tier, name) for tier, listed in near for name in re.findall(r'class="name"[^>]*>([^<]+)<', listed)
    ]


def test_the_page_of_a_picture_lists_its_copies(client: FlaskClient, served: Library) -> None:
    assert list_near(client.get("/images/1").text) == [("Same bytes", "again.jpg")]
    assert list_near(client.get("/images/3").text) == [("Same picture", "packed.png")]
    page = client.get("/images/2").text
    assert sorted(list_near(page)) == [("Same picture", "mirrored.png"), ("Same picture", "ungrey.png")]
    assert list_near(client.get("/images/6").text) == []
    assert 'class="path differs"' in page
    apart = client.post("/api/v1/verdicts", json={"kind": "different", "images": [2, 8]})
    assert list_near(client.get("/images/2").text) == [("Same picture", "mirrored.png")]
    client.delete(apart.headers["Location"])
    assert list_near(create_app(served, public=True).test_client().get("/images/2").text) == []


def test_a_verdict_of_the_page_is_remembered_and_can_be_undone(
    client: FlaskClient, parse_page: Callable
) -> None:
    form = {"image": [2, 7, 8], "kind": "same"}
    done = client.post("/duplicates/verdicts", data=form)
    assert done.status_code == 303
    assert groups(client, tier="confirmed") == [[2, 7, 8]]
    page = parse_page(client.get(done.location).text)
    [number] = [
        given["value"] for tag, given in page.tags if tag == "input" and given.get("name") == "verdict"
    ]
    assert "One picture" in parse_page(client.get("/duplicates/verdicts").text).text
    assert client.post("/duplicates/verdicts/withdraw", data={"verdict": number}).status_code == 303
    assert groups(client) == [[2, 7, 8], [3]]
    assert client.post("/duplicates/verdicts/withdraw", data={"verdict": number}).status_code == 404


def test_programs_state_and_withdraw_verdicts(client: FlaskClient) -> None:
    stated = client.post("/api/v1/verdicts", json={"kind": "different", "images": [8, 2]})
    assert (stated.status_code, stated.json["images"]) == (201, [2, 8])
    assert [2, 7, 8] not in groups(client)
    assert client.get("/api/v1/verdicts").json["verdicts"] == [stated.json]
    assert client.delete(stated.headers["Location"]).status_code == 204
    assert client.delete(stated.headers["Location"]).status_code == 404
    assert client.post("/api/v1/verdicts", json={"kind": "maybe", "images": [1, 2]}).status_code == 400


def test_pages_of_groups(client: FlaskClient) -> None:
    first = client.get("/api/v1/duplicates?limit=1").json
    assert (len(first["groups"]), first["total"], first["spare_files"]) == (1, 2, 3)
    second = client.get(first["next"]).json
    assert second["next"] is None
    assert second["groups"] != first["groups"]


def test_lists_to_take_away(client: FlaskClient) -> None:
    rows = list(csv.DictReader(client.get("/duplicates/list?tier=bytes").text.splitlines()))
    assert [(row["keep"], row["path"].rpartition("/")[2]) for row in rows] == [
        ("yes", "scene-000.jpg"),
        ("no", "again.jpg"),
    ]
    paths = client.get("/duplicates/list?tier=bytes&format=paths&keep=oldest")
    assert paths.text.splitlines() == [rows[1]["path"]]
    assert "attachment" in paths.headers["Content-Disposition"]


def test_mistakes_are_named(client: FlaskClient) -> None:
    assert client.get("/api/v1/duplicates?tier=like").status_code == 400
    assert client.get("/api/v1/duplicates?keep=best").json["detail"].endswith("newest or folder:PATH")
    assert client.get("/duplicates?keep=folder").status_code == 200


def test_strangers_learn_nothing_of_it(served: Library) -> None:
    strangers = make_browser(create_app(served, public=True))
    for place in (
        "/duplicates",
        "/duplicates/list",
        "/duplicates/verdicts",
        "/api/v1/duplicates",
        "/api/v1/verdicts",
    ):
        assert strangers.get(place).status_code == 403
    assert strangers.post("/duplicates/verdicts", data={"kind": "same", "image": [1, 2]}).status_code == 403
    assert "/duplicates" not in strangers.get("/").text
