"""What the interface for programs tells and shows of single images, and the vectors of what is asked."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from retrieval import Library, Problem, write_library
from webapp import create_app


@pytest.fixture(scope="module")
def client(library: Library) -> FlaskClient:
    return create_app(library).test_client()


def ask(client: FlaskClient, address: str, **body: object) -> Any:
    answer = client.post(address, json=body) if body else client.get(address)
    assert answer.status_code < 300, answer.text
    return answer.json


def refuse(client: FlaskClient, address: str, **body: object) -> str:
    answer = client.post(address, json=body) if body else client.get(address)
    assert answer.status_code in (400, 404), answer.text
    return str(answer.json["detail"])  # type: ignore[index]


def test_several_images_are_told_of_in_the_order_they_were_asked_for(client: FlaskClient) -> None:
    found = ask(client, "/api/v1/images?id=3&id=1&id=999")["images"]
    assert found == [ask(client, "/api/v1/images/3"), ask(client, "/api/v1/images/1")]
    assert "id" in refuse(client, "/api/v1/images")


def test_a_stored_image_has_the_vectors_that_embedding_it_gives(client: FlaskClient) -> None:
    stored = {vector["space"]: vector for vector in ask(client, "/api/v1/images/2/vectors")["vectors"]}
    assert {"subject", "colour"} <= set(stored)
    for space, vector in stored.items():
        assert vector == ask(client, "/api/v1/embed", image=2, space=space)
        assert len(vector["values"]) == vector["dimension"]
    assert "image 99" in refuse(client, "/api/v1/images/99/vectors")


def test_a_picture_that_is_sent_has_nearly_the_vector_of_its_image(
    client: FlaskClient, jpeg: Callable[[int], bytes]
) -> None:
    kept = client.post("/api/v1/queries", data={"picture": (BytesIO(jpeg(3)), "x.jpg")}).json
    assert kept is not None
    sent = ask(client, "/api/v1/embed", upload=kept["id"])
    stored = ask(client, "/api/v1/embed", image=4)
    assert sent["fingerprint"] == stored["fingerprint"]
    assert np.dot(sent["values"], stored["values"]) > 0.98


def test_what_has_no_vector_is_refused(client: FlaskClient) -> None:
    assert "exactly one" in refuse(client, "/api/v1/embed", space="subject")
    assert "exactly one" in refuse(client, "/api/v1/embed", text="a", image=1)
    assert "there are subject" in refuse(client, "/api/v1/embed", text="boat", space="colour")
    assert "there are subject, colour" in refuse(client, "/api/v1/embed", image=1, space="smell")
    assert "no longer here" in refuse(client, "/api/v1/embed", upload="0" * 32)
    assert "did you mean text?" in refuse(client, "/api/v1/embed", txt="boat")


@pytest.mark.parametrize("size", ["thumbnail", "preview", "large"])
def test_renditions_are_not_sent_twice(client: FlaskClient, size: str) -> None:
    sent = client.get(f"/api/v1/images/1/rendition?size={size}")
    assert (sent.status_code, sent.mimetype) == (200, "image/webp")
    assert sent.headers["Cache-Control"] == "private, no-cache"
    again = client.get(
        f"/api/v1/images/1/rendition?size={size}", headers={"If-None-Match": sent.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_a_heat_map_colours_the_image_where_it_is_like_the_query(client: FlaskClient) -> None:
    plain, heated = (
        np.asarray(Image.open(BytesIO(client.get(address).data)).convert("RGB"), np.int16)
        for address in ("/api/v1/images/1/rendition", "/api/v1/images/1/heatmap?image=2&q=weaker:yes")
    )
    assert plain.shape == heated.shape
    assert (heated - plain)[:, :, 0].max() > 30
    assert "no heat map" in refuse(client, "/api/v1/images/1/heatmap?q=harbour%20OR%20boat%20weaker:yes")


def test_a_concept_is_saved_and_told_of(make_library: Callable[..., Library]) -> None:
    client = create_app(make_library(4)).test_client()
    saved = client.post("/api/v1/concepts", json={"name": "dusk", "good": [1, 2], "bad": [3]})
    assert saved.status_code == 201
    assert client.get(saved.headers["Location"]).json == saved.json
    assert "image 9" in refuse(client, "/api/v1/concepts", name="x", good=[9])
    assert "nowhere" in refuse(client, "/api/v1/concepts/nowhere")


def test_problems_are_listed_with_what_mends_them(make_library: Callable[..., Library]) -> None:
    library = make_library(1)
    with write_library(library.path) as changed, changed.catalog.writing() as writer:
        writer.report_problem(Problem(b"/a/b.jpg", "truncated", "ends too early"))
    found = ask(create_app(library).test_client(), "/api/v1/problems")
    assert found["total"] == 1
    assert found["problems"][0]["path"] == "/a/b.jpg"
    assert "pictor retry" in found["problems"][0]["repair"]
    public = create_app(library, public=True).test_client().get("/api/v1/problems")
    assert public.status_code == 403
