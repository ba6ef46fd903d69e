"""What counts in a search by a picture, the box of it that counts, and options: each as an address, and on a chip."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient


def _follow(client: FlaskClient, address: str) -> dict[str, list[str]]:
    """What the search asks for that a form leads to; it can be asked."""
    answer = client.get(address)
    assert answer.status_code == 303, answer.text
    assert client.get(answer.headers["Location"]).status_code == 200
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def _list_chips(html: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'<span class="text">([^<]*)</span>', html)]


def test_a_step_becomes_a_weight_and_the_usual_one_leaves_it_to_the_library(client: FlaskClient) -> None:
    moved = _follow(client, "/emphasis?q=harbour&image=3&subject=3&colour=4&texture=0")
    assert moved == {"q": ["harbour weight.colour:2"], "image": ["3"]}
    html = client.get("/?q=harbour+weight.colour:1.7&image=3").text
    assert 'name="colour" type="range" min="0" max="5" step="1" value="4"' in html
    assert "colours × 1.7" in _list_chips(html)
    kept = _follow(client, "/emphasis?q=harbour+weight.colour:1.7&image=3&colour=4&layout=2")
    assert kept == {"q": ["harbour weight.colour:1.7 weight.layout:0.25"], "image": ["3"]}
    near = _follow(client, "/emphasis?q=weight.colour:0.07&image=3&colour=1&texture=1")
    assert near["q"] == ["weight.colour:0.07 weight.texture:0.06"]
    assert _follow(client, "/emphasis?q=harbour+weight.colour:2&image=3&colour=1")["q"] == ["harbour"]


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("q=harbour&image=3&balance=2", "harbour 4:image:3"),
        ("q=harbour&image=3&balance=-1", "2:harbour image:3"),
        ("q=harbour+4:image:3&balance=0", "harbour image:3"),
        ("q=harbour+2:image:3+image:4&balance=2", "harbour 4:image:3 2:image:4"),
    ],
)
def test_words_and_pictures_are_balanced_by_their_weights(client: FlaskClient, asked: str, line: str) -> None:
    moved = _follow(client, f"/emphasis?{asked}")
    written = " ".join([*moved.get("q", []), *(f"image:{number}" for number in moved.get("image", []))])
    assert written == line


def test_only_a_search_by_a_picture_can_be_similar(client: FlaskClient) -> None:
    assert 'id="emphasis"' not in client.get("/?q=harbour").text
    alone = client.get("/?image=3").text
    assert 'id="emphasis"' in alone
    assert 'name="balance"' not in alone
    for address in re.findall(r'<a href="([^"]*)">only', alone):
        assert client.get(unescape(address)).status_code == 200
    assert client.get("/emphasis?image=3&colour=6").status_code == 400


def test_a_box_is_cut_out_of_any_picture_and_taken_back(client: FlaskClient, jpeg: Callable) -> None:
    answer = client.post("/pictures", data={"picture": (BytesIO(jpeg(5)), "lake.jpg")})
    token = parse_qs(urlsplit(answer.headers["Location"]).query)["picture"][0]
    box = "0.1,0.2,0.5,0.5"
    assert _follow(client, f"/crop?picture={token}&part=0&box={box}") == {"q": [f"upload:{token}@{box}"]}
    assert _follow(client, f"/crop?q=old+palette:image:3&part=1&box={box}") == {
        "q": [f"old palette:image:3@{box}"]
    }
    html = client.get(f"/?q=harbour+image:3@{box}").text
    [whole] = re.findall(r'class="whole" href="([^"]*)"', html)
    assert parse_qs(urlsplit(unescape(whole)).query) == {"q": ["harbour"], "image": ["3"]}
    assert re.search(r'class="thumbnail" viewBox="[\d.]+ 0.2 [\d.]+ 0.5"', html)


@pytest.mark.parametrize(
    "wrong", ["part=0&box=0.1,0.2,0.5,0.5", "part=1&box=0.9,0,0.5,0.5", "part=1&box=a", "part=7&box=0,0,1,1"]
)
def test_what_is_no_box_of_a_picture_is_refused(client: FlaskClient, wrong: str) -> None:
    assert client.get(f"/crop?q=harbour&image=3&{wrong}").status_code == 400


def test_options_are_chips_that_can_be_removed(client: FlaskClient) -> None:
    line = "harbour weaker:yes group:day weight.words:2 weight.meaning:0 diversity:0.2"
    html = client.get("/", query_string={"q": line}).text
    assert _list_chips(html)[1:] == [
        "diversity:0.2",
        "the best of each day",
        "weaker matches, too",
        "words × 2, no meaning of words",
    ]
    removals = re.findall(r'class="remove" href="([^"]*)"', html)
    lines = [parse_qs(urlsplit(unescape(address)).query)["q"][0] for address in removals[1:]]
    assert lines == [
        "harbour weaker:yes group:day weight.words:2 weight.meaning:0",
        "harbour weaker:yes weight.words:2 weight.meaning:0 diversity:0.2",
        "harbour group:day weight.words:2 weight.meaning:0 diversity:0.2",
        "harbour weaker:yes group:day diversity:0.2",
    ]
