"""Boxes as words and in addresses; what is shown around one."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

import pytest
from flask.testing import FlaskClient

from retrieval import answers
from webapp.boxes import describe_box, image_address, read_box, view_around, write_box


def test_a_box_comes_back_from_its_address() -> None:
    assert write_box([0.125, 0, 1 / 3, 1]) == "0.125,0,0.3333,1"
    assert read_box("0.125,0,0.3333,1") == [0.125, 0, 0.3333, 1]


def test_the_view_is_larger_than_the_box_and_inside_the_picture() -> None:
    assert view_around([0.5, 0.5, 0.2, 0.2], 1000, 500) == pytest.approx((470, 235, 260, 130))
    assert view_around([0, 0.9, 1, 0.1], 1000, 500) == pytest.approx((0, 442.5, 1000, 57.5))


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ([0, 0, 1 / 3, 1 / 3], "upper left, a tenth of the picture"),
        ([0.25, 0.25, 0.5, 0.5], "middle, a quarter of the picture"),
        ([0.6, 0.6, 0.4, 0.4], "lower right, a fifth of the picture"),
        ([0, 0, 1, 1], "middle, nearly all of the picture"),
        ([0.9, 0.45, 0.1, 0.1], "right, a hundredth of the picture"),
    ],
)
def test_a_box_in_words(client: FlaskClient, box: list[float], words: str) -> None:
    with client.application.test_request_context():
        assert describe_box(box) == words


def test_a_tile_leads_to_where_something_was_found_and_shows_it(client: FlaskClient) -> None:
    known = answers.Hit.model_construct(id=3, box=[0.5, 0, 0.5, 0.5])
    with client.application.test_request_context():
        assert image_address(known) == "/images/3?box=0.5,0,0.5,0.5"
        assert image_address(known.model_copy(update={"box": None})) == "/images/3"
    page = client.get("/images/3?box=0.5,0,0.5,0.5").text
    assert "Found: upper right, a quarter of the picture" in page
    assert 'class="zoomed"' in page
    assert 'class="zoomed"' not in client.get("/images/3").text
    assert "Show the whole picture" in page


@pytest.mark.parametrize("box", ["", "1,2,3", "0,0,1,one", "0,0,1,1,1"])
def test_what_is_no_box_is_refused(client: FlaskClient, box: str) -> None:
    assert client.get("/images/3", query_string={"box": box}).status_code == 400


def test_a_library_without_windows_says_so(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search", query_string={"q": "image:3@0,0,0.5,0.5"}).json
    assert any("no parts to compare" in note for note in answer["notes"])
    german = {"Accept-Language": "de"}
    page = client.get("/", query_string={"q": "image:3@0,0,0.5,0.5"}, headers=german).text
    assert "Bilder haben keine Teile zum Vergleichen" in page
    assert all(hit["box"] is None for hit in answer["hits"])


def test_things_of_a_picture_are_offered_each_as_a_search(client: FlaskClient) -> None:
    page = client.get("/?q=meadow&image=3").text
    assert 'href="/things?' in page
    things = client.get("/things?q=meadow&image=3&part=1")
    assert things.status_code == 200
    for address in re.findall(r'<li><a href="(/\?[^"]+)"', things.text):
        assert re.search(r"image:3@[\d.,]+", unquote_plus(address))
        assert client.get(address.replace("&amp;", "&")).status_code == 200
    assert "Back to the results" in things.text
    assert client.get("/things?q=meadow&part=0").status_code == 400
    assert client.get("/things?q=meadow&image=3&part=9").status_code == 400
