"""The head of a page is sent while its search still runs; the page is the same, and so are refusals."""

from __future__ import annotations

import gzip
import http.client
import re
import threading

import pytest
from flask.testing import FlaskClient

from retrieval import Library
from webapp.deadlines import DEADLINE

OPENED = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}
PLAIN = ("/", "/?q=harbour", "/?q=red+boat+-night", "/?q=nosuchword", "/?q=harbour&sort=date&limit=2")
MAIN = b'<main id="main"'


def _without_chance(page: bytes) -> bytes:
    return re.sub(rb"random:\d+|[\d.]+ s</p>", b"", page)


@pytest.mark.parametrize("address", PLAIN)
def test_the_page_is_the_same_in_two_pieces(client: FlaskClient, address: str) -> None:
    whole = client.get(address, headers={"Accept": "text/html"})
    opened = client.get(address, headers=OPENED)
    head, rest = list(opened.iter_encoded())
    assert head.startswith(b"<!doctype html>")
    assert b"pictor.css" in head
    assert MAIN not in head
    assert rest.startswith(MAIN)
    assert _without_chance(head + rest) == _without_chance(whole.data)
    assert (opened.status_code, opened.content_type) == (200, whole.content_type)
    packed = list(client.get(address, headers=OPENED | {"Accept-Encoding": "gzip"}).iter_encoded())
    assert len(packed) == 3  # with the end of the compressed data
    assert _without_chance(gzip.decompress(b"".join(packed))) == _without_chance(whole.data)


@pytest.mark.parametrize(
    "address", ["/?q=tag:", "/?q=image:999", "/?nonsense=1", "/?q=harbour&like=999", "/?q=near:Nowhere"]
)
def test_what_is_refused_has_its_status(client: FlaskClient, address: str) -> None:
    refused = client.get(address, headers=OPENED)
    assert refused.status_code >= 400
    assert refused.status_code == client.get(address).status_code


@pytest.mark.parametrize("address", ["/?q=tag:harbour", "/?q=image:1", "/?q=harbour&like=2"])
def test_what_may_be_gone_is_sent_in_one_piece(client: FlaskClient, address: str) -> None:
    opened = client.get(address, headers=OPENED)
    assert opened.status_code == 200
    assert len(list(opened.iter_encoded())) == 1


def test_programs_and_scripts_get_one_piece(client: FlaskClient) -> None:
    for destination in ("empty", "iframe", ""):
        answer = client.get("/?q=harbour", headers={"Accept": "text/html", "Sec-Fetch-Dest": destination})
        assert len(list(answer.iter_encoded())) == 1


def test_an_error_that_comes_late_stands_in_the_page(client: FlaskClient) -> None:
    passed = {DEADLINE: 0.0}  # long ago
    opened = client.get("/?q=harbour", headers=OPENED, environ_overrides=passed)
    head, rest = list(opened.iter_encoded())
    assert opened.status_code == 200
    assert b'value="harbour"' in head
    assert b"deadline-passed" in rest
    assert (head + rest).count(b"</html>") == 1
    assert client.get("/?q=harbour", environ_overrides=passed).status_code == 503


def test_the_first_piece_is_sent_while_the_rest_is_made(
    port: int, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head arrives although the search waits for the test to have read it."""
    is_read, search = threading.Event(), library.search

    def wait_and_search(*given: object, **named: object) -> object:
        assert is_read.wait(30)
        return search(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(type(library), "search", lambda _, *given, **named: wait_and_search(*given, **named))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/?q=harbour", headers=OPENED)
    answer = connection.getresponse()
    head = answer.read1()
    assert b"pictor.css" in head
    assert MAIN not in head
    is_read.set()
    assert answer.read().startswith(MAIN)
    connection.close()
