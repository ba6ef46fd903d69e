"""What the page says in the place of pictures: what is so, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image as PillowImage

from retrieval import Library
from tests.drawing import encode_picture
from webapp import create_app

from .conftest import make_browser


def test_an_empty_library_says_how_to_fill_it(make_library: Callable[..., Library]) -> None:
    library = make_library(0)
    private, public = (make_browser(create_app(library, public=public)) for public in (False, True))
    assert "pictor index ~/Pictures" in private.get("/").text
    assert "pictor demo" in private.get("/").text
    assert "pictor index" not in public.get("/").text
    assert "There are no pictures here yet" in public.get("/").text


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/?q=meadow+tag:night", "No picture matches all of this"),
        ("/?q=meadow&offset=100", "There are no more pictures here"),
        ("/?q=foo:bar", "What you wrote still stands in the box above."),
        ("/?q=https://example.org/a.jpg", "This page fetches nothing from the web."),
        ("/nowhere", "Not found"),
    ],
)
def test_nothing_found_and_what_cannot_be_asked(client: FlaskClient, address: str, sentence: str) -> None:
    html = client.get(address).text
    assert html.count('<section class="state">') == 1
    assert sentence in html


def test_what_was_sent_cannot_be_used(client: FlaskClient) -> None:
    text = client.post("/pictures", data={"picture": (BytesIO(b"just words"), "a.png")}).text
    assert "This picture cannot be read" in text
    assert "JPEG, PNG, WebP" in text
    assert client.post("/pictures", data={"url": "https://example.org/a.jpg"}).status_code == 400
    blank = encode_picture(PillowImage.new("RGB", (64, 64), "white"), "PNG")
    answer = client.post("/pictures", data={"picture": (BytesIO(blank), "a.png")})
    assert client.get(answer.headers["Location"]).status_code in (200, 415)


def test_a_damaged_index_says_what_is_safe_and_how_to_repair_it(make_library: Callable[..., Library]) -> None:
    library = make_library(2)
    for path in library.generations_folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    for public in (False, True):
        with Library.open(library.path) as damaged:
            answer = make_browser(create_app(damaged, public=public)).get("/?q=harbour")
            assert answer.status_code == 503
            assert "Your pictures and what is known of them are safe" in answer.text
            assert ("<code>pictor rebuild</code></pre>" in answer.text) is not public
