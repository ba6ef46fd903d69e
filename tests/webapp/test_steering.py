"""Steering by links alone: each verdict and each undo is an address, and the same search for programs."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from retrieval import Examples, Library, Query, StoredPicture
from webapp import create_app


@pytest.fixture(scope="module")
def client(library: Library) -> FlaskClient:
    client = create_app(library).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def links(page: str, kind: str) -> list[str]:
    """The addresses of the links that steer so."""
    found = [link for link in re.findall(r"<a [^>]*>", page) if f'data-steer="{kind}"' in link]
    return [unescape(re.findall(r'href="([^"]*)"', link)[0]) for link in found]


def shown_ids(page: str) -> list[int]:
    return [int(image_id) for image_id in re.findall(r'data-image-id="(\d+)"', page)]


def test_verdicts_are_links_that_rank_as_the_engine_does(client: FlaskClient, library: Library) -> None:
    page = client.get("/?image=2").text
    good, bad = links(page, "good")[3], links(page, "bad")[7]
    liked, unliked = (int(re.findall(r"like=(\d+)", address)[0]) for address in (good, bad))
    assert good == f"/?image=2&like={liked}"
    steered = client.get(f"{good}&unlike={unliked}").text
    query = Query((StoredPicture(2),), examples=Examples((liked,), (unliked,)))
    assert shown_ids(steered) == library.search(query).ids
    assert shown_ids(steered) != [found for found in shown_ids(page) if found != liked]
    answer = client.get(f"/api/v1/search?image=2&like={liked}&unlike={unliked}").get_json()
    assert answer["query"]["examples"] == {"good": [liked], "bad": [unliked]}
    assert [hit["id"] for hit in answer["hits"]] == shown_ids(steered)


def test_each_example_can_be_taken_back_and_judged_anew(client: FlaskClient) -> None:
    page = client.get("/?q=harbour&like=3&unlike=7").text
    assert links(page, "undo") == ["/?q=harbour&unlike=7", "/?q=harbour&like=3"]
    assert links(page, "clear") == ["/?q=harbour"]


@pytest.mark.parametrize(
    ("line", "cleared"),
    [("harbour like:3 unlike:7", ["/?q=harbour"]), ("like:3", ["/"]), ('"a like:3 b"', [])],
)
def test_examples_of_a_line_are_shown_as_pictures(client: FlaskClient, line: str, cleared: list[str]) -> None:
    page = client.get("/", query_string={"q": line}).text
    assert links(page, "clear") == cleared


def test_bad_examples_are_offered_where_something_is_wanted(client: FlaskClient) -> None:
    everything, ranked = client.get("/").text, client.get("/?q=harbour").text
    assert links(everything, "good")
    assert not links(everything, "bad")
    assert len(links(ranked, "bad")) == len(shown_ids(ranked))


def test_examples_are_saved_as_a_concept_once(library_path: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(library_path, tmp_path / "library"))
    with Library.open(path) as library:
        client = create_app(library).test_client()
        form = {"name": "quiet ", "good": ["3", "5"], "bad": ["7"]}
        assert client.post("/saved/concepts", data=form).status_code == 303
        assert library.load_concepts() == {"quiet": Examples((3, 5), (7,))}
        again = client.post("/saved/concepts", data=form | {"good": ["1"]})
        assert (again.status_code, library.load_concepts()["quiet"].good) == (409, (3, 5))
        strangers = create_app(library, public=True).test_client()
        assert "Save as concept" not in strangers.get("/?like=3").text
        assert strangers.post("/saved/concepts", data=form | {"name": "x"}).status_code == 403
