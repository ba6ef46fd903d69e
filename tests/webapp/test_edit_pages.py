"""The forms in which people say something of a picture, as browsers without scripts send them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from retrieval import Library
from webapp import create_app

from .conftest import make_browser

UNCHANGED = {
    "title": "Scene 1", "title_before": "Scene 1", "rating": "", "rating_before": "",
    "caption": "old harbour at night", "caption_before": "old harbour at night",
}  # fmt: skip


@pytest.fixture
def library(make_library: Callable[..., Library]) -> Library:
    return make_library(4)


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return make_browser(create_app(library))


def send(client: FlaskClient, form: str, **values: str) -> Any:
    answer = client.post(f"/images/2/{form}", data=values)
    assert (answer.status_code, answer.location) == (303, "/images/2#said")
    return client.get("/images/2")


def test_only_what_was_changed_in_the_form_is_said(client: FlaskClient, library: Library) -> None:
    send(client, "facts", **UNCHANGED)
    assert library.load_edits() == []
    page = send(client, "facts", **UNCHANGED | {"title": "Night", "rating": "4", "tags": "boat; sea ;"})
    assert "Last said: title Night; rating 4; tag boat; tag sea" in page.text
    image = library.load_image(2)
    assert (image.title, image.caption, image.tags) == (
        "Night",
        "old harbour at night",
        ("boat", "sea", "night"),
    )
    send(client, "facts", **UNCHANGED | {"caption": " \r\n"})
    assert library.load_image(2).caption == ""


def test_values_are_accepted_rejected_and_allowed_again_by_one_click(
    client: FlaskClient, library: Library, parse_page: Callable
) -> None:
    send(client, "values", add="label:tabby")
    page = send(client, "values", remove="tag:night")
    assert (library.load_image(2).labels, library.load_image(2).tags) == (("tabby", "outdoors"), ())
    buttons = [given.get("value") for tag, given in parse_page(page.text).tags if tag == "button"]
    assert {"tag:night", "label:outdoors", "label:tabby", "label:domestic cat"} <= set(buttons)
    send(client, "values", unsay="tag:night")
    assert library.load_image(2).tags == ("night",)


def test_edits_are_taken_back_from_the_picture_and_from_the_list(
    client: FlaskClient, library: Library
) -> None:
    send(client, "values", add="tag:one")
    send(client, "values", add="tag:two")
    latest, first = (str(kept.id) for kept in library.load_edits())
    assert client.post("/edits/undo", data={"number": latest, "image_id": "2"}).location == "/images/2#said"
    assert "tag one" in client.get("/edits").text
    assert client.post("/edits/undo", data={"number": first}).location == "/edits"
    assert library.load_image(2).tags == ("night",)
    assert client.post("/edits/undo", data={"number": first}).status_code == 404


def test_a_public_server_shows_no_form_and_takes_none(library: Library) -> None:
    stranger = make_browser(create_app(library, public=True))
    assert 'class="edit"' not in stranger.get("/images/2").text
    for address in ("/images/2/values", "/images/2/facts", "/edits/undo"):
        assert stranger.post(address, data={"add": "tag:x"}).status_code == 403
    assert stranger.get("/edits").status_code == stranger.get("/images/2/suggestions").status_code == 403
