"""The API for what people say of images: one image, many images, suggestions, and taking back."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from retrieval import Library, read_status
from retrieval.writing import background
from webapp import create_app


@pytest.fixture
def client(make_library: Callable[..., Library]) -> FlaskClient:
    """At a library of four scenes, the second of which is predicted to be a tabby."""
    return create_app(make_library(4)).test_client()


def said(client: FlaskClient, image_id: int) -> set[tuple[str, str]]:
    facts = client.get(f"/api/v1/images/{image_id}").json["annotations"]
    return {(fact["field"], fact["value"]) for fact in facts if fact["source"] != "predicted"}


def test_an_image_is_edited_and_the_edit_taken_back(client: FlaskClient) -> None:
    before = said(client, 1)
    change = {"title": "Pier", "caption": "", "rating": 3, "tags": {"add": ["sea"], "remove": ["harbour"]}}
    edited = client.patch("/api/v1/images/1", json=change)
    assert edited.status_code == 200
    image = edited.json["image"]
    assert (image["title"], image["caption"], image["tags"]) == ("Pier", "", ["sea"])
    assert said(client, 1) == {("title", "Pier"), ("rating", "3"), ("tag", "sea"), ("label", "outdoors")}

    back = client.patch("/api/v1/images/1", json={"caption": None, "title": None})
    assert (back.json["image"]["title"], back.json["image"]["caption"]) == (
        "Scene 0",
        "red boat in the harbour",
    )
    assert [edit["images"] for edit in client.get("/api/v1/edits").json["edits"]] == [1, 1]
    for edit in client.get("/api/v1/edits").json["edits"]:
        assert client.delete(f"/api/v1/edits/{edit['id']}").json == edit
    assert said(client, 1) == before
    again = client.delete(f"/api/v1/edits/{edited.json['edit']['id']}")
    assert (again.status_code, again.json["code"]) == (404, "edit-unknown")


def test_many_images_are_edited_by_ids_or_by_a_query(client: FlaskClient) -> None:
    by_ids = client.post("/api/v1/edits", json={"images": [1, 3], "people": {"add": ["Anna"]}})
    assert (by_ids.status_code, by_ids.json["images"]) == (201, 2)
    found = client.get("/api/v1/search?q=person:anna").json
    assert [hit["id"] for hit in found["hits"]] == [1, 3]
    by_query = client.post("/api/v1/edits", json={"q": "person:anna", "labels": {"add": ["portrait"]}})
    assert by_query.json["images"] == 2
    facets = client.get("/api/v1/facets?q=label:portrait").json
    assert {"value": "portrait", "count": 2} in facets["label"]["values"]
    repeated = client.post("/api/v1/edits", json={"q": "person:anna", "labels": {"add": ["portrait"]}})
    assert (repeated.json["id"], repeated.json["images"]) == (None, 0)


def test_an_edit_of_many_images_is_published_beside_the_server(
    make_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "MANY", 3)
    library = make_library(4)
    client = create_app(library).test_client()
    before = {one.kind: one.generation for one in read_status(library).projections}
    client.post("/api/v1/edits", json={"images": [1, 2], "tags": {"add": ["few"]}})
    client.post("/api/v1/edits", json={"images": [1, 2, 3], "tags": {"add": ["many"]}})
    assert len(client.get("/api/v1/search?q=many").json["hits"]) == 3
    deadline = time.monotonic() + 60
    while read_status(library).behind and time.monotonic() < deadline:
        time.sleep(0.1)
    status = read_status(library)
    after = {one.kind: one.generation for one in status.projections}
    assert (status.behind, status.damages) == (0, ())
    assert after["words"] != before["words"]
    assert {kind for kind in before if after[kind] == before[kind]} >= {"vectors", "neighbours", "likeness"}
    assert len(client.get("/api/v1/search?q=many").json["hits"]) == 3


def test_what_was_rejected_is_neither_predicted_nor_suggested_again(client: FlaskClient) -> None:
    address = "/api/v1/images/2/suggestions"
    before = client.get(address).json
    values = [suggestion["value"] for suggestion in before["suggestions"]]
    assert {"tabby", "mammal"} <= set(values)
    assert before["rejected"] == []
    client.patch("/api/v1/images/2", json={"labels": {"remove": ["tabby"], "add": ["mammal"]}})
    after = client.get(address).json
    assert not {"tabby", "mammal"} & {suggestion["value"] for suggestion in after["suggestions"]}
    assert after["rejected"] == [{"field": "label", "value": "tabby"}]
    image = client.get("/api/v1/images/2").json
    assert "tabby" not in [label["name"] for label in image["predicted"]]
    assert 2 not in [hit["id"] for hit in client.get("/api/v1/search?q=shows:tabby").json["hits"]]


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "code"),
    [
        ("PATCH", "/api/v1/images/1", {}, 400, "invalid-edit"),
        ("PATCH", "/api/v1/images/1", {"tags": ["sea"]}, 400, "invalid-parameter"),
        ("PATCH", "/api/v1/images/1", {"rating": 6}, 400, "invalid-parameter"),
        ("PATCH", "/api/v1/images/99", {"title": "x"}, 404, "image-not-found"),
        ("POST", "/api/v1/edits", {"title": "x"}, 400, "invalid-parameter"),
        ("POST", "/api/v1/edits", {"title": "x", "images": [1], "q": ""}, 400, "invalid-parameter"),
        ("POST", "/api/v1/edits", {"title": "x", "q": "tag:"}, 400, "invalid-query"),
    ],
)
def test_wrong_edits_are_refused(
    client: FlaskClient, method: str, address: str, body: object, status: int, code: str
) -> None:
    answer = client.open(address, method=method, json=body)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert client.get("/api/v1/edits").json == {"edits": []}


def test_a_public_server_takes_no_edits_and_other_sites_cannot_send_any(
    make_library: Callable[..., Library],
) -> None:
    library = make_library(1)
    stranger = create_app(library, public=True).test_client()
    for method, address in (
        ("PATCH", "/api/v1/images/1"),
        ("GET", "/api/v1/images/1/suggestions"),
        ("GET", "/api/v1/edits"),
        ("POST", "/api/v1/edits"),
        ("DELETE", "/api/v1/edits/1"),
    ):
        assert stranger.open(address, method=method, json={}).status_code == 403, address
    owner = create_app(library).test_client()
    foreign = {"Origin": "https://elsewhere.example"}
    assert owner.patch("/api/v1/images/1", json={"title": "x"}, headers=foreign).status_code == 403
