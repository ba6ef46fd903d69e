"""The whole query through the web: as a line, as a body in JSON, as an address; and what is not offered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from socket import socket
from threading import Event, Semaphore
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings

from retrieval import Examples, Library, Query, Settings, answers, query_to_json, write_library
from tests.browsing import allow_fetching
from tests.queries import any_query
from tests.serving import Server, http_answer, run_server
from webapp import LOOPBACK, create_app
from webapp.services import FETCHES

from .conftest import make_scene_library

BODY = {
    "parts": [{"image": 3, "weight": 2}, {"text": "red boat"}, {"text": "night", "weight": -0.5}],
    "filters": {"labels": ["outdoors"], "after": "2020-01-02"},
    "weights": {"colour": 0.5},
    "limit": 3,
    "offset": 1,
}
LINE = '2:image:3 1:text:"red boat" -0.5:night label:outdoors after:2020-01-02 weight.colour:0.5'


def find_hits(client: FlaskClient, **asked: object) -> list[tuple[int, float]]:
    answer = client.get("/api/v1/search", query_string=asked)
    assert answer.status_code == 200, answer.text
    return [(hit["id"], hit["score"]) for hit in answer.json["hits"]]


def test_a_body_in_json_a_line_and_the_permalink_find_the_same(
    client: FlaskClient, parse_page: Callable
) -> None:
    posted = client.post("/api/v1/search", json=BODY).json
    answers.Results.model_validate(posted)
    hits = [(hit["id"], hit["score"]) for hit in posted["hits"]]
    assert hits == find_hits(client, q=LINE, limit=3, offset=1)
    assert len(hits) == 3
    page = parse_page(client.get(posted["permalink"]).text)
    assert page.ids == [image_id for image_id, _ in hits]
    assert posted["query"] == BODY
    assert posted["line"] == LINE.replace("1:text:", "text:")


def test_what_is_answered_asks_for_the_same_again(client: FlaskClient) -> None:
    first = client.get("/api/v1/search?q=harbour+label:outdoors&image=3&limit=2").json
    assert first["query"] == {
        "parts": [{"text": "harbour"}, {"image": 3}],
        "filters": {"labels": ["outdoors"]},
        "limit": 2,
    }
    assert (first["line"], first["permalink"]) == (
        "harbour image:3 label:outdoors",
        "/?q=harbour+image:3+label:outdoors&limit=2",
    )
    again = client.post("/api/v1/search", json=first["query"]).json
    assert again == first
    assert client.get("/api/v1/search", query_string={"q": first["line"], "limit": 2}).json == first
    assert client.get("/api/v1/search").json["permalink"] == "/"


def test_the_pages_of_a_body_follow_one_another(client: FlaskClient) -> None:
    whole = client.post("/api/v1/search", json=BODY | {"limit": 100, "offset": 0}).json["hits"]
    page = client.post("/api/v1/search", json=BODY | {"limit": 2, "offset": 0}).json
    seen = page["hits"]
    while page["next"]:
        page = client.get(page["next"]).json
        seen += page["hits"]
    assert seen == whole
    assert len(whole) > 4


def test_similar_pictures_say_their_query(client: FlaskClient) -> None:
    answer = client.get("/api/v1/images/3/similar?limit=2").json
    assert (answer["line"], answer["query"]) == ("image:3", {"parts": [{"image": 3}], "limit": 2})


def test_a_file_that_was_sent_has_no_address(client: FlaskClient, jpeg: Callable) -> None:
    sent = client.post(
        "/api/v1/search", data={"q": "harbour", "picture_file": (BytesIO(jpeg(3)), "x.jpg")}
    ).json
    answers.Results.model_validate(sent)
    assert sent["hits"]
    assert [sent[name] for name in ("query", "line", "permalink", "next")] == [None] * 4


def test_an_uploaded_picture_is_named_by_its_token(client: FlaskClient, jpeg: Callable) -> None:
    upload = client.post("/pictures", data={"picture": (BytesIO(jpeg(6)), "x.jpg")})
    token = upload.location.rpartition("=")[2]
    hits = find_hits(client, picture=token)
    assert hits[0][0] == 7
    assert find_hits(client, q=f"upload:{token}") == hits
    posted = client.post("/api/v1/search", json={"parts": [{"upload": token}]}).json
    assert [(hit["id"], hit["score"]) for hit in posted["hits"]] == hits
    assert posted["permalink"] == f"/?q=upload:{token}"
    for other in ("f" * 32, "../catalog.sqlite"):
        gone = client.get("/api/v1/search", query_string={"q": f"upload:{other}"})
        assert (gone.status_code, gone.json["code"]) == (404, "picture-expired")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "query: an object is needed"),
        (b'{"q": "boat"}', "q: no such key; there are parts"),
        (b'{"parts": [{"text": "a", "weight": NaN}]}', "parts[0].weight: a number is needed"),
        (b'{"parts": [{"text": "a"}, {"image": "3"}]}', "parts[1].image: a whole number is needed"),
        (b'{"filters": {"tags": "boat"}}', "filters.tags: a list is needed"),
        (b'{"options": {"fusion": "\\ud800"}}', "options: fusion"),
        (b'{"limit": 0}', "limit 0: choose from 1 to 1000"),
    ],
)
def test_a_body_that_is_no_query(client: FlaskClient, data: bytes, words: str) -> None:
    answer = client.post("/api/v1/search", data=data, content_type="application/json")
    assert answer.status_code == 400
    assert words in answer.json["detail"]


def test_other_sites_cannot_post_a_body(client: FlaskClient) -> None:
    answer = client.post("/api/v1/search", json=BODY, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


@settings(deadline=None, max_examples=100)
@given(any_query())
def test_the_document_describes_every_query(query: Query) -> None:
    answers.Query.model_validate_json(json.dumps(query_to_json(query)))


# -- pictures by name -----------------------------------------------------------------------------


def linked_everywhere(client: FlaskClient, kind: str, value: str) -> list[tuple[int, str]]:
    """The status and the text of every link that asks, for a picture and for its palette."""
    addresses = ("/", "/api/v1/search", "/api/v1/facets", "/api/v1/images/1/explanation")
    lines = [f'{kind}:"{value}"', f'palette:{kind}:"{value}"']
    answers = [client.get(address, query_string={"q": line}) for address in addresses for line in lines]
    return [(answer.status_code, answer.text) for answer in answers]


def posted_everywhere(client: FlaskClient, kind: str, value: str) -> list[tuple[int, str]]:
    """The same for every way to send."""
    lines = [f'{kind}:"{value}"', f'palette:{kind}:"{value}"']
    parts: list[object] = [{kind: value}, {"palette": {kind: value}}]
    answers = [client.post("/api/v1/search", data={"q": line}) for line in lines]
    answers += [client.post("/api/v1/search", json={"parts": [part]}) for part in parts]
    return [(answer.status_code, answer.text) for answer in answers]


@pytest.mark.parametrize("name", ["originals/scene-000.jpg", "no such file", "/etc/passwd", "/dev/zero"])
def test_no_door_of_the_web_reads_a_file_of_the_server(
    library_path: Path, library: Library, name: str
) -> None:
    client = create_app(library).test_client()
    path = str(library_path / name)
    said = [*linked_everywhere(client, "file", path), *posted_everywhere(client, "file", path)]
    assert {status for status, _ in said} == {400}
    assert all("file: is not allowed here; use image:, upload:" in text for _, text in said)


@pytest.mark.parametrize(
    ("hosts", "setting", "offered"),
    [
        (LOOPBACK, "auto", False),
        (("pictures.example", *LOOPBACK), "auto", False),
        (None, "auto", False),
        (None, "always", True),
        (LOOPBACK, "always", True),
        (LOOPBACK, "never", False),
    ],
)
def test_addresses_are_fetched_where_that_is_wanted(
    library_path: Path, hosts: tuple[str, ...] | None, setting: str, offered: bool
) -> None:
    with Library.open(library_path, Settings(url_queries=setting)) as library:
        client = create_app(library, hosts=hosts).test_client()
        linked = linked_everywhere(client, "url", "http://127.0.0.1/a.jpg")
        posted = posted_everywhere(client, "url", "http://127.0.0.1/a.jpg")
    refusal = "url: is not allowed here; use image:, upload:"
    assert {status for status, _ in linked} == {400}
    assert all(("taken by POST alone" if offered else refusal) in text for _, text in linked)
    assert {status for status, _ in posted} == {502 if offered else 400}
    assert all(("cannot be reached" if offered else refusal) in text for _, text in posted)


@pytest.fixture
def neighbour() -> Iterator[Server]:
    with run_server() as server:
        yield server


def make_fetching_app(library: Library, neighbour: Server) -> Flask:
    """An application that may fetch pictures, from the server of the test alone."""
    app = create_app(library)
    allow_fetching(app, neighbour)
    return app


def test_a_picture_is_searched_by_its_address(library: Library, neighbour: Server, jpeg: Callable) -> None:
    app = make_fetching_app(library, neighbour)
    client, address = app.test_client(), f"http://127.0.0.1:{neighbour.port}/6.jpg"
    neighbour.answers["/6.jpg"] = http_answer(jpeg(6))
    sent = client.post("/api/v1/search", data={"picture_file": (BytesIO(jpeg(6)), "x.jpg")}).json
    hits = [(hit["id"], hit["score"]) for hit in sent["hits"]]
    assert hits[0][0] == 7
    found = client.post("/api/v1/search", data={"q": f"url:{address}", "limit": 5}).json
    assert [(hit["id"], hit["score"]) for hit in found["hits"]] == hits[:5]
    assert (found["next"], found["permalink"]) == (None, None)  # a link fetches nothing
    assert client.post("/api/v1/search", json={"parts": [{"url": address}]}).json["line"] == f"url:{address}"
    neighbour.answers |= {"/6.jpg": http_answer(b"no", "404 Gone"), "/text": http_answer(b"This is text.")}
    gone = client.post("/api/v1/search", data={"q": f"url:{address}"})
    assert (gone.status_code, gone.json["code"]) == (502, "picture-unreachable")
    assert "the server answers 404 Not Found" in gone.json["detail"]
    text = client.post("/api/v1/search", data={"q": f"url:http://127.0.0.1:{neighbour.port}/text"})
    assert (text.status_code, text.json["code"]) == (415, "not-an-image")
    assert f"http://127.0.0.1:{neighbour.port}/text" in text.json["detail"]


def test_a_link_reaches_no_server_although_addresses_are_allowed(
    library: Library, neighbour: Server, jpeg: Callable
) -> None:
    app = make_fetching_app(library, neighbour)
    neighbour.answers["/6.jpg"] = http_answer(jpeg(6))
    said = linked_everywhere(app.test_client(), "url", f"http://127.0.0.1:{neighbour.port}/6.jpg")
    assert {status for status, _ in said} == {400}
    assert neighbour.request_heads == []


def test_slow_addresses_leave_threads_for_others(library: Library, neighbour: Server) -> None:
    arrived, released = Semaphore(0), Event()

    def answer_late(connection: socket) -> None:
        arrived.release()
        released.wait(60)
        connection.sendall(http_answer(b"no", "404 Gone"))

    app = make_fetching_app(library, neighbour)
    neighbour.answers["/slow"] = answer_late
    body = {"parts": [{"url": f"http://127.0.0.1:{neighbour.port}/slow"}]}
    with ThreadPoolExecutor(FETCHES) as visitors:
        waiting = [
            visitors.submit(app.test_client().post, "/api/v1/search", json=body) for _ in range(FETCHES)
        ]
        for _ in waiting:
            assert arrived.acquire(timeout=60)
        refused = app.test_client().post("/api/v1/search", json=body)
        assert (refused.status_code, refused.json["code"]) == (503, "too-many-fetches")
        assert app.test_client().get("/api/v1/search?q=harbour").status_code == 200
        released.set()
        assert [answer.result().status_code for answer in waiting] == [502] * FETCHES
    neighbour.answers["/slow"] = http_answer(b"no", "404 Gone")
    assert app.test_client().post("/api/v1/search", json=body).status_code == 502  # there is room again


# -- examples that were removed -------------------------------------------------------------------


@pytest.mark.parametrize("line", ["like:99", "like:98 like:99", "like:98 unlike:99", "like:99 after:2019"])
def test_examples_that_are_all_gone(client: FlaskClient, line: str) -> None:
    answer = client.get("/api/v1/search", query_string={"q": line})
    assert (answer.status_code, answer.json["code"]) == (404, "image-not-found")
    assert client.get("/", query_string={"q": line}).status_code == 404


@pytest.mark.parametrize(
    "line", ["like:99 like:1", "like:99 harbour", "unlike:99 image:3", "like:1 unlike:99"]
)
def test_an_example_that_is_gone_is_left_out_and_named(client: FlaskClient, line: str) -> None:
    answer = client.get("/api/v1/search", query_string={"q": line}).json
    rest = " ".join(word for word in line.split() if "99" not in word)
    plain = client.get("/api/v1/search", query_string={"q": rest}).json
    assert answer["hits"] == plain["hits"]
    assert "The example 99 is not in the library any more; it was left out." in answer["notes"]


@pytest.mark.parametrize(
    "line", ["concept:mine", "in-concept:mine", "concept:mine harbour", "harbour in-concept:mine"]
)
def test_a_concept_whose_good_examples_are_gone(tmp_path: Path, line: str) -> None:
    path = make_scene_library(tmp_path / "library", 4)
    with write_library(path) as writer, writer.catalog.writing() as catalog:
        catalog.keep_concept("mine", Examples((2,), (3,)))
        catalog.remove_images([2])
    with Library.open(path) as library:
        answer = create_app(library).test_client().get("/api/v1/search", query_string={"q": line})
    assert (answer.status_code, answer.json["code"]) == (400, "invalid-query")
    assert "concept mine: none of its good examples is in the library any more" in answer.json["detail"]


# -- sentences ------------------------------------------------------------------------------------


def test_what_a_sentence_was_read_as_is_shown_and_can_be_removed(
    client: FlaskClient, parse_page: Callable
) -> None:
    address = "?q=harbour+from+January+2020,+without+night"
    answered = client.get("/api/v1/search" + address).json
    assert [(phrase["text"], phrase["term"]) for phrase in answered["understood"]] == [
        ("from January 2020", "taken:2020-01"),
        ("without night", "-night"),
    ]
    assert answered["understood"][0]["without"] == "harbour without night"
    page = parse_page(client.get("/" + address).text)
    assert page.ids == [hit["id"] for hit in answered["hits"]]
    assert page.ids
    assert "from January 2020 taken:2020-01" in page.text
    links = [values["href"] or "" for tag, values in page.tags if tag == "a" and "href" in values]
    lines = [parse_qs(urlsplit(link).query).get("q", [""])[0] for link in links]
    for phrase in answered["understood"]:
        assert {phrase["without"], phrase["as_words"]} <= set(lines)
    again = client.get("/api/v1/search", query_string={"q": answered["line"]}).json
    assert again["hits"] == answered["hits"]


def test_unwanted_words_alone_can_be_explained(client: FlaskClient) -> None:
    answered = client.get("/api/v1/search?q=pictures+without+night").json
    assert answered["line"] == "-night"
    first = answered["hits"][0]
    explained = client.get(f"/api/v1/images/{first['id']}/explanation?q=-night").json
    assert (explained["hit"]["rank"], explained["hit"]["contributions"]) == (1, [])


def test_what_is_ambiguous_is_asked_back(client: FlaskClient, parse_page: Callable) -> None:
    [phrase] = client.get("/api/v1/search?q=orange").json["ambiguous"]
    assert [reading["line"] for reading in phrase["readings"]] == ['"orange"', "colour:orange"]
    page = parse_page(client.get("/?q=orange").text)
    assert "“orange” was searched as words. Search colour:orange instead?" in page.text
    assert client.get('/api/v1/search?q="orange"').json["ambiguous"] == []


def test_words_of_a_query_in_json_are_no_sentence(client: FlaskClient) -> None:
    answered = client.post("/api/v1/search", json={"parts": [{"text": "harbour last summer"}]}).json
    assert (answered["understood"], answered["line"]) == ([], 'text:"harbour last summer"')
    again = client.get("/api/v1/search", query_string={"q": answered["line"]}).json
    assert again["hits"] == answered["hits"]
