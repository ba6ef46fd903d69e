"""How answers travel: compressed, and how long they may be kept."""

from __future__ import annotations

import gzip
import re

import pytest
from flask.testing import FlaskClient

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def without_chance(page: bytes) -> bytes:
    """A page without what is another in each answer: the seed of *Shuffled*, and how long the search took."""
    return re.sub(rb"random:\d+|[\d.]+ s</p>", b"", page)


@pytest.mark.parametrize(
    "address", ["/", "/images/1", "/api/v1/search", "/api/v1/openapi.json", "/static/pictor.css"]
)
def test_pages_and_json_are_compressed_for_those_who_take_it(client: FlaskClient, address: str) -> None:
    with client.get(address) as plain, client.get(address, headers=GZIP) as packed:
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
        assert without_chance(gzip.decompress(packed.data)) == without_chance(plain.data)
        assert "Accept-Encoding" in packed.vary
        assert "Accept-Encoding" in plain.vary


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "deflate", ""])
def test_others_get_it_plain(client: FlaskClient, accepted: str) -> None:
    answer = client.get("/", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.text.startswith("<!doctype html>")


def test_what_is_small_or_a_picture_is_not_compressed(client: FlaskClient) -> None:
    for address in ("/media/1/thumbnail", "/media/1/preview", "/api/v1/search?q=nosuchword"):
        assert "Content-Encoding" not in client.get(address, headers=GZIP).headers
    head = client.head("/", headers=GZIP)
    assert (head.status_code, head.data) == (200, b"")


def test_a_static_file_that_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    with client.get("/static/pictor.css", headers=GZIP) as first:
        etag = first.headers["ETag"]
    with client.get("/static/pictor.css", headers=GZIP | {"If-None-Match": etag}) as again:
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/", "private, no-cache"),
        ("/images/1", "private, no-cache"),
        ("/api/v1/search?q=harbour", "private, no-cache"),
        ("/api/v1/status", "private, no-cache"),
        ("/media/1/thumbnail", "private, no-cache"),
        ("/nowhere", "no-store"),
        ("/api/v1/images/99", "no-store"),
        ("/?limit=0", "no-store"),
    ],
)
def test_no_cache_between_keeps_an_answer(client: FlaskClient, address: str, expected: str) -> None:
    assert client.get(address).headers["Cache-Control"] == expected
