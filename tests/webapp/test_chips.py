"""What a search consists of, as chips: every change of one has an address that means it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from retrieval import Library
from webapp import create_app

from .conftest import make_browser


def _list_changes(html: str) -> list[list[str]]:
    """What the addresses of each chip ask for: off and on, weights, opposite, removal; in their order."""
    chips = re.search(r'<ul class="chips" aria-label="What is searched for">(.*?)\n</ul>', html, re.DOTALL)
    found = re.split(r'<li class="chip', chips[1])[1:] if chips else []
    return [[unescape(address) for address in re.findall(r'href="([^"]*)"', chip)] for chip in found]


def _ask(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def test_each_part_and_condition_can_be_changed(client: FlaskClient) -> None:
    words, _, tag = _list_changes(client.get("/?q=harbour+-night+tag:boat").text)
    asked = [_ask(address) for address in words]
    assert {"q": ["2:harbour -night tag:boat"]} in asked
    assert {"q": ["-harbour -night tag:boat"]} in asked
    assert {"q": ["-night tag:boat"], "off": ["harbour"]} in asked
    assert asked[-1] == {"q": ["-night tag:boat"]}
    assert [_ask(address) for address in tag] == [
        {"q": ["harbour -night -tag:boat"]},
        {"q": ["harbour -night"], "off": ["tag:boat"]},
        {"q": ["harbour -night"]},
    ]
    for address in (*words, *tag):
        assert client.get(address).status_code == 200, address


def test_what_was_put_aside_counts_nothing_and_comes_back(client: FlaskClient, parse_page: Callable) -> None:
    html = client.get("/?q=harbour&off=tag:night").text
    assert parse_page(html).ids == parse_page(client.get("/?q=harbour").text).ids
    *_, (back, removed) = _list_changes(html)
    assert _ask(back) == {"q": ["harbour tag:night"]}
    assert removed == "/?q=harbour"
    assert 'name="off" value="tag:night"' in html  # a new search from the box keeps it
    assert client.get("/?q=harbour&off=foo:bar").status_code == 200


def test_a_sentence_stays_where_nothing_of_it_changes(client: FlaskClient) -> None:
    line = "harbours in January 2020 tag:boat"
    changes = _list_changes(client.get("/", query_string={"q": line, "image": "3"}).text)
    tag = next(chip for chip in changes if any("-tag" in address for address in chip))
    assert {"q": ["harbours in January 2020 -tag:boat"], "image": ["3"]} in map(_ask, tag)
    assert _ask(tag[-1]) == {"q": ["harbours in January 2020"], "image": ["3"]}
    picture = next(
        chip for chip in changes if any("2:image:3" in unescape(x).replace("%3A", ":") for x in chip)
    )
    assert _ask(picture[-1]) == {"q": [line]}


@pytest.mark.parametrize("public", [False, True])
def test_an_uploaded_picture_has_the_name_of_its_file(
    library: Library, jpeg: Callable, *, public: bool
) -> None:
    client = make_browser(create_app(library, public=public))
    name = f"..\\my\x07 {public}<b>.jpg"
    answer = client.post("/pictures", data={"picture": (BytesIO(jpeg(8 + public)), name)})
    html = client.get(answer.headers["Location"]).text
    assert (f"my {public}&lt;b&gt;.jpg" in html) is not public
    assert ("Uploaded picture" in html) is public
    weights = [_ask(address) for address in _list_changes(html)[0]]
    token = _ask(answer.headers["Location"])["picture"][0]
    assert {"q": [f"2:upload:{token}"]} in weights


def test_colours_join_one_another(client: FlaskClient) -> None:
    html = client.get("/?q=harbours+in+January+2020").text
    assert 'href="/?q=harbours+in+January+2020+colour:navy"' in html
    assert 'href="/?q=colour:%23ff0000,%23000080+-night"' in client.get("/?q=colour:red+-night").text
    answer = client.get("/colours?q=colour:%23ff0000&image=2&colour=%231e90ff")
    assert _ask(answer.headers["Location"]) == {"q": ["colour:#ff0000,#1e90ff"], "image": ["2"]}
    shown = client.get(answer.headers["Location"])
    assert shown.text.count('fill="#1e90ff"') == 1
    assert client.get("/colours?colour=blau").status_code == 400


def test_what_a_classifier_sees_completes_a_word(client: FlaskClient) -> None:
    [found] = [one for one in client.get("/api/v1/completions?q=boat+cat").json if one["kind"] == "label"]
    assert found == {
        "text": "domestic cat",
        "line": 'boat shows:"domestic cat"',
        "count": 1,
        "kind": "label",
    }
    assert client.get('/api/v1/search?q=shows:"domestic cat"').json["total"] == 1
    assert [one["text"] for one in client.get("/api/v1/completions?q=shows:dom").json] == ["domestic cat"]
