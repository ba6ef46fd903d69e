"""What every response carries, and which requests are refused."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from retrieval import Library
from webapp import create_app

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
REQUESTS = [
    ("GET", "/", 200),
    ("GET", "/?q=harbour", 200),
    ("GET", "/images/1", 200),
    ("GET", "/media/1/thumbnail", 200),
    ("GET", "/media/1/preview", 200),
    ("GET", "/api/v1/search", 200),
    ("GET", "/api/v1/status", 200),
    ("GET", "/api/v1/openapi.json", 200),
    ("GET", "/static/pictor.css", 200),
    ("GET", "/static/live.js", 200),
    ("GET", "/static/grid.js", 200),
    ("GET", "/static/icon.svg", 200),
    ("HEAD", "/", 200),
    ("OPTIONS", "/", 200),
    ("GET", "/?nonsense=1", 400),
    ("GET", "/api/v1/search?limit=0", 400),
    ("POST", "/pictures", 400),
    ("GET", "/nowhere", 404),
    ("GET", "/api/v1/images/99", 404),
    ("GET", "/media/queries/x", 404),
    ("PUT", "/", 405),
]


@pytest.mark.parametrize(("method", "address", "status"), REQUESTS)
def test_every_response_is_guarded(client: FlaskClient, method: str, address: str, status: int) -> None:
    with client.open(address, method=method) as answer:  # closes the file of a static answer
        assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"].startswith(POLICY)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("address", ["/pictures", "/api/v1/search"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_other_sites_cannot_send_anything(
    client: FlaskClient, jpeg: Callable, address: str, headers: dict[str, str]
) -> None:
    field = "picture" if address == "/pictures" else "picture_file"
    answer = client.post(address, data={field: (BytesIO(jpeg(1)), "a.jpg")}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
    ids=str,
)
def test_our_own_page_and_programs_can(client: FlaskClient, jpeg: Callable, headers: dict[str, str]) -> None:
    answer = client.post("/pictures", data={"picture": (BytesIO(jpeg(1)), "a.jpg")}, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.2", ""]
)
def test_other_names_are_refused(client: FlaskClient, host: str) -> None:
    for address in ("/", "/api/v1/search", "/media/1/thumbnail", "/nowhere"):
        answer = client.get(address, headers={"Host": host})
        assert answer.status_code == 400
        assert "answers only to localhost" in answer.text
        assert answer.headers["Content-Security-Policy"].startswith(POLICY)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
def test_our_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_the_names_can_be_chosen(library: Library) -> None:
    ours = create_app(library, hosts=("pictures.example",)).test_client()
    assert ours.get("/", headers={"Host": "pictures.example"}).status_code == 200
    assert ours.get("/", headers={"Host": "localhost"}).status_code == 400
    anyone = create_app(library, hosts=None).test_client()
    assert anyone.get("/", headers={"Host": "whatever.example"}).status_code == 200
