"""No search is a dead end: misspelt words, empty answers and completions, on the page and in the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from retrieval import Library
from webapp import create_app

from .conftest import make_browser


def find_links(page: Any) -> list[str]:
    """The queries that the links of a page lead to."""
    addresses = [given.get("href") or "" for tag, given in page.tags if tag == "a"]
    return [query for address in addresses for query in parse_qs(urlsplit(address).query).get("q", [])]


def test_a_typo_leads_to_what_was_meant_and_to_itself(client: FlaskClient, parse_page: Callable) -> None:
    answer = client.get("/api/v1/search?q=medaow").json
    [meant] = answer["did_you_mean"]
    assert (meant["words"], meant["line"], meant["is_used"]) == ({"medaow": "meadow"}, "meadow", True)
    assert meant["literal"] == '"medaow"'
    assert answer["line"] == "medaow"
    assert [hit["id"] for hit in answer["hits"]] == [3, 7]
    page = parse_page(client.get("/?q=medaow").text)
    assert page.ids == [3, 7]
    assert {"meadow", '"medaow"'} <= set(find_links(page))
    assert parse_page(client.get(meant["permalink"]).text).ids == [3, 7]
    literal = parse_page(client.get(meant["literal_permalink"]).text)
    assert literal.ids == []
    assert "Did you mean" in literal.text
    explained = client.get("/api/v1/images/3/explanation?q=medaow").json
    assert explained["hit"]["id"] == 3


def test_beside_a_picture_a_typo_keeps_the_picture(client: FlaskClient, parse_page: Callable) -> None:
    page = parse_page(client.get("/?q=medaow&image=2").text)
    assert "Did you mean meadow image:2?" in page.text
    assert "meadow image:2" in find_links(page)


def test_an_empty_page_says_what_empties_it(client: FlaskClient, parse_page: Callable) -> None:
    answer = client.get("/api/v1/search?q=meadow+tag:night").json
    assert [
        (left["piece"], left["total"], left["line"], left["is_alone"]) for left in answer["remainders"]
    ] == [
        ("meadow", 3, "tag:night", False),
        ("tag:night", 2, "meadow", False),
    ]
    page = parse_page(client.get("/?q=meadow+tag:night").text)
    assert (
        "What empties it, and what is found without it: meadow: 3 pictures tag:night: 2 pictures" in page.text
    )
    assert {"meadow", "tag:night"} <= set(find_links(page))
    for left in answer["remainders"]:
        assert f"{left['total']} pictures" in parse_page(client.get(left["permalink"]).text).text
    alone = parse_page(client.get("/?q=meadow+tag:x+tag:y").text)
    assert "meadow: 2 pictures tag:x: 0 pictures tag:y: 0 pictures" in alone.text


def test_words_that_nothing_knows_are_named(client: FlaskClient, parse_page: Callable) -> None:
    answer = client.get("/api/v1/search?q=meadow+qzxqzx").json
    assert answer["unknown_words"] == ["qzxqzx"]
    assert answer["hits"]
    assert "not used: “qzxqzx”" in parse_page(client.get("/?q=meadow+qzxqzx").text).text


def test_lines_go_on(client: FlaskClient) -> None:
    assert client.get("/api/v1/completions?q=red+har").json == [
        {"text": "harbour", "line": "red harbour", "count": 7, "kind": "word"}
    ]
    assert client.get("/api/v1/completions?q=tag:ni").json == [
        {"text": "night", "line": "tag:night", "count": 3, "kind": "value"}
    ]
    assert client.get("/api/v1/completions").json == []
    assert len(client.get("/api/v1/completions?q=tag:&limit=2").json) == 2


@pytest.mark.parametrize("address", ["?limit=0", "?limit=51", "?q=" + 2001 * "a", "?words=a"])
def test_completions_refuse_what_is_too_much(client: FlaskClient, address: str) -> None:
    assert client.get(f"/api/v1/completions{address}").status_code == 400


def test_strangers_learn_no_folders_above_the_pictures(library: Library) -> None:
    public = make_browser(create_app(library, public=True))
    private = make_browser(create_app(library))
    above = library.path.parts[1]
    assert private.get(f"/api/v1/completions?q=folder:{above}").json[0]["count"]
    for start in ("", above, "/", f"/{above}", "originals"):
        assert public.get(f"/api/v1/completions?q=folder:{start}").json == []
