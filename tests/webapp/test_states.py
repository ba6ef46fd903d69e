"""What the page says in the place of pictures: what is so, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image as PillowImage

from retrieval import Library
from tests.browsing import allow_fetching
from tests.drawing import encode_picture
from tests.serving import http_answer, run_server
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


def test_a_picture_that_is_too_simple_says_what_to_choose(client: FlaskClient) -> None:
    blank = encode_picture(PillowImage.new("RGB", (64, 64), "white"), "PNG")
    answer = client.post("/pictures", data={"picture": (BytesIO(blank), "a.png")})
    html = client.get(answer.headers["Location"] + "&q=weight.subject:0+weight.colour:1").text
    assert html.count('<section class="state">') == 1
    assert "This picture is too simple to compare" in html
    assert "Choose one with more to see" in html


def test_no_confident_match_offers_the_closest(client: FlaskClient) -> None:
    html = client.get("/?q=2:image:2+weight.subject:0+weight.colour:1").text
    assert html.count('<section class="state">') == 1
    assert "No confident match" in html
    assert "are a little like what you asked for" in html
    [closest] = re.findall(r'class="button strong" href="([^"]*)">Show the closest ones', html)
    assert 'class="tile"' in client.get(unescape(closest)).text


@pytest.mark.parametrize(
    ("body", "status", "advice"),
    [
        (b"<html>a page around a picture</html>", 415, "Pictor reads JPEG, PNG, WebP"),
        (None, 502, "Does it open in another window"),
    ],
)
def test_an_address_that_gives_no_picture_says_what_to_do(
    library: Library, body: bytes | None, status: int, advice: str
) -> None:
    app = create_app(library)
    with run_server() as neighbour:
        neighbour.answers["/a.jpg"] = http_answer(b"", "404 Gone") if body is None else http_answer(body)
        allow_fetching(app, neighbour)
        url = f"http://127.0.0.1:{neighbour.port}/a.jpg"
        answer = make_browser(app).post("/pictures", data={"url": url})
    assert answer.status_code == status
    assert answer.text.count('<section class="state">') == 1
    assert advice in answer.text


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
