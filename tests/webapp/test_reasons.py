"""Why a hit was found, as pages say it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from retrieval import StoredPicture, Text, answers
from webapp.reasons import compare_pictures, mark_words, round_percents


@pytest.mark.parametrize(
    ("shares", "whole"),
    [
        ([39.5, 29.8, 30.5, 0.2], [40, 30, 30, 0]),
        ([33.4, 33.3, 33.3], [34, 33, 33]),
        ([120.5, -20.5], [121, -21]),
        ([], []),
    ],
)
def test_shares_add_up_when_they_are_rounded(shares: list[float], whole: list[int]) -> None:
    assert round_percents(shares) == whole


def match(value: str, start: int, end: int, typed: str = "") -> answers.WordMatch:
    return answers.WordMatch(field="caption", value=value, start=start, end=end, words=[], typed=typed)


def test_words_are_marked_where_they_stand_once_for_each_text() -> None:
    matches = [match("an old, old pier", 8, 11), match("an old, old pier", 3, 6), match("Hund", 0, 4, "dog")]
    one, other = mark_words(matches)
    assert [piece for piece, is_marked in one.pieces if is_marked] == ["old", "old"]
    assert "".join(piece for piece, _ in one.pieces) == "an old, old pier"
    assert other.typed == "dog"


def test_the_page_of_reasons_marks_words_and_adds_up(client: FlaskClient) -> None:
    address = unescape(re.findall(r'class="why-link" href="([^"]*)"', client.get("/?q=red+harbour").text)[0])
    page = client.get(address).text
    assert "<mark>harbour</mark>" in page
    shares = page[page.index('<ul class="signals">') :]
    assert sum(map(int, re.findall(r">(-?\d+)%</b>", shares))) == 100


def test_a_copy_is_explained_by_a_heat_map_on_both_pictures(
    client: FlaskClient, jpeg: Callable[[int], bytes]
) -> None:
    kept = client.post("/api/v1/queries", data={"picture": (BytesIO(jpeg(3)), "x.jpg")})
    page = client.get(f"/images/4/why?picture={kept.get_json()['id']}").text
    maps = page.split('<div class="mapped">')[1:]
    assert kept.get_json()["address"] in maps[0]
    assert "/media/4/preview" in maps[1]
    assert all("fill-opacity" in heat_map for heat_map in maps)


def test_points_in_common_belong_to_the_picture_that_has_them(app: Flask) -> None:
    corners = [(0.0, 0.0), (0.5, 0.0), (0.5, 0.4), (0.0, 0.4)]
    relation = answers.Relation(
        name="contained in", part=1, of_query=0.2, of_image=1, query_outline=corners, image_outline=corners
    )
    points = answers.Points(
        part=1,
        inliers=1,
        relation=relation,
        transform=[[1, 0, 0.2], [0, 1, 0.2]],
        points=[[0.1, 0.2, 0.3, 0.4]],
    )
    hit = answers.Hit.model_construct(id=7)
    found = answers.Explanation.model_construct(hit=hit, heat=[], points=[points])
    with app.test_request_context():
        [compared] = compare_pictures(found, [Text("pier"), StoredPicture(3)], ["pier", "picture"])
        sentences = compared.sentences
    assert (compared.query, compared.image) == ("/media/3/preview", "/media/7/preview")
    assert compared.points == ((0.1, 0.2, 0.3, 0.4),)
    assert compared.cosine is None
    assert compared.relations == (relation,)
    assert sentences == ["The hit is contained in the picture and fills 20% of it."]


def test_a_picture_outside_the_answer_is_told_apart(client: FlaskClient) -> None:
    answer = client.get("/images/3/why?q=tag:harbour")
    assert answer.status_code == 404
    assert "a condition leaves it out" in answer.text
