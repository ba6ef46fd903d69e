"""Saved searches and concepts on the page and in the API: the same list, changed from both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from retrieval import Annotation, Examples, Library, open_keeper, write_library
from tests.databases import new_image
from webapp import create_app

from .conftest import SCRIPT, make_browser, make_scene_library

BOATS, ODD = "harbour -night", f'caption {SCRIPT} & "tag:x"'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library that these tests save into."""
    with Library.open(make_scene_library(tmp_path_factory.mktemp("saved") / "library")) as opened:
        yield opened


@pytest.fixture
def client(served: Library) -> FlaskClient:
    """A browser at a library without anything saved but one concept."""
    with write_library(served.path) as opened, opened.catalog.writing() as writer:
        for name in writer.load_searches():
            writer.remove_search(name)
        for name in writer.load_concepts():
            writer.forget_concept(name)
    with open_keeper(served) as keeper:
        keeper.keep_concept("gulls", Examples((1, 2), (3,)))
    return make_browser(create_app(served))


def add_harbours(library: Library, count: int) -> list[int]:
    with write_library(library.path) as opened, opened.catalog.writing() as writer:
        start = writer.newest_image() + 100
        ids = writer.add_images([new_image(start + number) for number in range(count)])
        for image_id in ids:
            writer.add_location(f"/new/{image_id}.jpg".encode(), image_id, mtime=0, size=1)
            writer.replace_annotations(image_id, "t", [Annotation("tag", "harbour", "t")])
        return ids


def find_forms(page: Any) -> list[str]:
    return [given["action"] for tag, given in page.tags if tag == "form" and given.get("method") == "post"]


def listed(client: FlaskClient) -> dict[str, Any]:
    return {search["name"]: search for search in client.get("/api/v1/saved").json["searches"]}


def test_a_search_is_saved_run_changed_and_removed_by_the_forms_of_the_page(
    client: FlaskClient, parse_page: Callable
) -> None:
    found = parse_page(client.get("/", query_string={"q": "harbour -night", "image": 3}).text)
    assert "/saved" in find_forms(found)
    [line] = [given["value"] for tag, given in found.tags if tag == "input" and given.get("name") == "line"]
    assert line == "harbour -night image:3"
    saved = client.post("/saved", data={"name": " boats ", "line": BOATS})
    assert (saved.status_code, saved.location) == (303, "/saved")
    assert client.post("/saved", data={"name": ODD[:60].replace("/", ""), "line": "tag:x"}).status_code == 303
    shown = client.get("/saved").text
    assert SCRIPT not in shown, "what users type is escaped"
    page = parse_page(shown)
    assert BOATS in page.text
    assert "2 good and 1 bad examples" in page.text
    run = client.post("/saved/run", data={"name": "boats"})
    assert run.status_code == 303
    assert parse_page(client.get(run.location).text).ids == [1, 5, 9, 12]
    change = {"name": "boats", "new_name": "ships", "line": "harbour"}
    assert client.post("/saved/change", data=change).status_code == 303
    assert listed(client)["ships"]["line"] == "harbour"
    assert client.post("/saved/remove", data={"name": "ships"}).status_code == 303
    assert "ships" not in listed(client)


def test_concepts_are_renamed_and_removed_by_the_forms_of_the_page(client: FlaskClient) -> None:
    assert (
        client.post("/saved/concepts/rename", data={"name": "gulls", "new_name": "birds"}).status_code == 303
    )
    concepts = {"concepts": [{"name": "birds", "good": [1, 2], "bad": [3]}]}
    assert client.get("/api/v1/concepts").json == concepts
    assert client.post("/saved/concepts/remove", data={"name": "birds"}).status_code == 303
    assert client.get("/api/v1/concepts").json == {"concepts": []}


def test_a_search_is_saved_changed_and_removed_by_the_api(client: FlaskClient) -> None:
    made = client.post("/api/v1/saved", json={"name": "my boats", "line": BOATS})
    assert (made.status_code, made.location) == (201, "/api/v1/saved/my%20boats")
    assert made.json | {"created_at": ""} == {
        "name": "my boats", "line": BOATS, "created_at": "", "looked_at": None, "seen_image": 12, "new": 0, "problem": None,
        "permalink": "/?q=harbour+-night",
    }  # fmt: skip
    assert client.get(made.location).json == made.json
    page = client.get("/api/v1/saved/my boats/hits?limit=3").json
    assert ([hit["id"] for hit in page["hits"]], page["total"], page["line"]) == ([1, 5, 9], 4, BOATS)
    assert "cursor=" in page["next"]
    assert [hit["id"] for hit in client.get(page["next"]).json["hits"]] == [12]
    other = client.post("/api/v1/saved", json={"name": "others", "line": '-saved:"my boats"'})
    assert other.status_code == 201
    changed = client.patch("/api/v1/saved/my boats", json={"name": "ships", "line": "harbour"})
    assert (changed.json["name"], changed.json["line"]) == ("ships", "harbour")
    assert listed(client)["others"]["line"] == "-saved:ships"
    assert client.delete("/api/v1/saved/ships").status_code == 409
    assert client.delete("/api/v1/saved/others").status_code == 204
    assert client.delete("/api/v1/saved/ships").status_code == 204
    assert listed(client) == {}
    renamed = client.patch("/api/v1/concepts/gulls", json={"name": "birds"})
    assert renamed.json == {"name": "birds", "good": [1, 2], "bad": [3]}
    assert client.delete("/api/v1/concepts/birds").status_code == 204


def test_what_is_new_is_counted_listed_and_marked_as_seen(
    served: Library, client: FlaskClient, parse_page: Callable
) -> None:
    client.post("/api/v1/saved", json={"name": "boats", "line": "tag:harbour"})
    client.post("/api/v1/saved", json={"name": "trees", "line": "tag:tree"})
    ids = add_harbours(served, 3)
    assert {name: search["new"] for name, search in listed(client).items()} == {"boats": 3, "trees": 0}
    assert "3 new pictures in boats" in parse_page(client.get("/saved").text).text
    first = client.get("/api/v1/saved/boats/new?limit=2").json
    assert ([hit["id"] for hit in first["hits"]], first["total"], first["newest"]) == (ids[:2], 3, ids[-1])
    assert [hit["id"] for hit in client.get(first["next"]).json["hits"]] == ids[2:]
    page = parse_page(client.get("/saved/new?name=boats").text)
    assert page.ids == ids
    later = add_harbours(served, 1)
    seen = client.post("/api/v1/saved/boats/look", json={"newest": first["newest"]}).json
    assert (seen["new"], seen["looked_at"] is not None) == (1, True)
    assert parse_page(client.get("/saved/new?name=boats").text).ids == later
    assert client.post("/saved/look", data={"name": "boats", "newest": later[0]}).status_code == 303
    assert listed(client)["boats"]["new"] == 0
    add_harbours(served, 1)
    assert client.post("/api/v1/saved/boats/look", json={"newest": 2**62}).json["new"] == 0
    add_harbours(served, 1)
    assert listed(client)["boats"]["new"] == 1, "nobody has seen what was still to come"
    client.post("/saved/run", data={"name": "boats"})
    assert listed(client)["boats"]["new"] == 0


def test_a_search_is_saved_while_pictures_are_indexed(served: Library, client: FlaskClient) -> None:
    with write_library(served.path):
        assert client.post("/saved", data={"name": "boats", "line": BOATS}).status_code == 303
        assert client.post("/api/v1/saved/boats/look", json={}).status_code == 200
    assert list(listed(client)) == ["boats"]


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "code"),
    [
        ("POST", "/api/v1/saved", {"name": "a", "line": "tag:"}, 400, "invalid-query"),
        ("POST", "/api/v1/saved", {"name": "a/b", "line": ""}, 400, "invalid-query"),
        ("POST", "/api/v1/saved", {"name": "a"}, 400, "invalid-parameter"),
        ("POST", "/api/v1/saved", {"name": "a", "line": "", "x": 1}, 400, "invalid-parameter"),
        ("POST", "/api/v1/saved", [], 400, "invalid-parameter"),
        ("POST", "/api/v1/saved", {"name": "a", "line": "image:999"}, 404, "image-not-found"),
        ("POST", "/api/v1/saved?x=1", {"name": "a", "line": ""}, 400, "invalid-parameter"),
        ("GET", "/api/v1/saved/none", None, 404, "name-unknown"),
        ("GET", "/api/v1/saved/none/hits", None, 404, "name-unknown"),
        ("GET", "/api/v1/saved/none/new", None, 404, "name-unknown"),
        ("POST", "/api/v1/saved/none/look", {}, 404, "name-unknown"),
        ("POST", "/api/v1/saved/none/look", {"newest": -1}, 400, "invalid-parameter"),
        ("PATCH", "/api/v1/saved/none", {"name": "x"}, 404, "name-unknown"),
        ("DELETE", "/api/v1/saved/none", None, 404, "name-unknown"),
        ("PATCH", "/api/v1/concepts/none", {"name": "x"}, 404, "name-unknown"),
        ("DELETE", "/api/v1/concepts/none", None, 404, "name-unknown"),
    ],
)  # fmt: skip
def test_what_the_api_refuses(
    client: FlaskClient, method: str, address: str, body: object, status: int, code: str
) -> None:
    answer = client.open(address, method=method, **({} if body is None else {"json": body}))
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert listed(client) == {}


def test_what_the_page_refuses_is_a_page_that_says_why(client: FlaskClient, parse_page: Callable) -> None:
    assert client.post("/saved", data={"name": "boats", "line": BOATS}).status_code == 303
    taken = client.post("/saved", data={"name": "boats", "line": ""})
    assert taken.status_code == 409
    text = parse_page(taken.text).text
    assert "This name cannot be used" in text
    assert "boats: a saved search has this name already" in text
    assert client.post("/saved", data={"line": ""}).status_code == 400
    uploaded = client.get("/?picture=" + "0" * 32)
    assert "Save this search" not in uploaded.text
    assert "Save this search" not in client.get("/").text


WRITING = [
    ("POST", "/saved"), ("POST", "/saved/run"), ("POST", "/saved/look"), ("POST", "/saved/change"),
    ("POST", "/saved/remove"), ("POST", "/saved/concepts/rename"), ("POST", "/saved/concepts/remove"),
    ("POST", "/api/v1/saved"), ("PATCH", "/api/v1/saved/a"), ("DELETE", "/api/v1/saved/a"),
    ("POST", "/api/v1/saved/a/look"), ("PATCH", "/api/v1/concepts/a"), ("DELETE", "/api/v1/concepts/a"),
]  # fmt: skip
READING = ["/saved", "/saved/new?name=a", "/api/v1/saved", "/api/v1/saved/a", "/api/v1/concepts"]


def test_another_site_changes_nothing_and_a_public_server_shows_nothing(
    served: Library, client: FlaskClient
) -> None:
    with open_keeper(served) as keeper:
        keeper.add_search("a", "tag:x")
    for method, address in WRITING:
        foreign = client.open(address, method=method, headers={"Origin": "https://evil.example"})
        assert (foreign.status_code, method) == (403, method), address
    public = make_browser(create_app(served, public=True))
    for method, address in [*WRITING, *(("GET", address) for address in READING)]:
        answer = public.open(address, method=method, json={})
        assert answer.status_code == 403, address
        assert "for the owner of this library alone" in answer.text
    assert 'href="/saved"' not in public.get("/?q=harbour").text
    assert "Save this search" not in public.get("/?q=harbour").text
    assert public.get("/api/v1/search?q=saved:a").status_code == 200
    assert list(listed(client)) == ["a"]


def test_a_public_server_tells_no_names(served: Library) -> None:
    """Completions and refusals name nothing that was saved; whoever knows a name can use it."""
    with open_keeper(served) as keeper:
        keeper.add_search("secret harbour", "tag:x")
        keeper.keep_concept("secret quiet", Examples((1,)))
    private, public = (make_browser(create_app(served, public=public)) for public in (False, True))
    for line in ("secr", "saved:", "concept:", "in-concept:s", "recipe:"):
        completions = public.get("/api/v1/completions", query_string={"q": line}).json
        assert not [found for found in completions if "secret" in found["text"]], line
    told = [found for found in private.get("/api/v1/completions?q=secr").json if found["kind"] == "search"]
    assert told == [
        {"text": "secret harbour", "line": 'saved:"secret harbour"', "count": None, "kind": "search"}
    ]
    for line in ("saved:secret", "concept:secret", "in-concept:secret", "harbour OR concept:secret"):
        asked = {"q": line}
        assert "secret harbour" not in public.get("/api/v1/search", query_string=asked).text
        assert "secret quiet" not in public.get("/", query_string=asked).text
        assert public.get("/api/v1/search", query_string=asked).status_code == 400
    assert public.get("/api/v1/search", query_string={"q": 'concept:"secret quiet"'}).status_code == 200


def test_many_names_have_pages_the_searches_before_the_concepts(
    served: Library, client: FlaskClient, parse_page: Callable
) -> None:
    names = [f"search {number}" for number in range(4)]
    with open_keeper(served) as keeper:
        for name in names:
            keeper.add_search(name, "harbour")
        keeper.keep_concept("boats", Examples((1,)))
    shown, address = [], "/saved?limit=3"
    while address:
        page = parse_page(client.get(address).text)
        shown.append([given["value"] for tag, given in page.tags if given.get("name") == "new_name"])
        address = next((given["href"] for tag, given in page.tags if given.get("rel") == "next"), "")
    assert shown == [["search 0", "search 1", "search 2"], ["search 3", "boats", "gulls"]]
    back = [given["href"] for tag, given in page.tags if given.get("rel") == "prev"]
    assert back == ["/saved?limit=3"]
