"""Webhooks: who is told of what, how it is signed, and to which addresses nothing is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from retrieval import InvalidQuery, Library, PictureUnreachable, Settings, UrlFetcher, UrlPoster, open_keeper
from tests.drawing import write_scenes
from tests.indexing import index_folder
from tests.serving import HERE, Server, http_answer, run_server
from webapp import create_app
from webapp.jobs import Job, JobState
from webapp.webhooks import Webhooks


@pytest.fixture
def server() -> Iterator[Server]:
    with run_server() as running:
        running.answers["/hook"] = http_answer(b"", "204 No Content")
        yield running


@pytest.fixture
def library(make_library: Callable[..., Library]) -> Library:
    return make_library(2, Settings(webhook_addresses="any"))


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return create_app(library).test_client()


def add_hook(client: FlaskClient, server: Server, **values: str) -> Any:
    body = {"url": f"http://{HERE}:{server.port}/hook", **values}
    made = client.post("/api/v1/webhooks", json=body)
    assert made.status_code == 201, made.text
    return made.json


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def read_message(request: str, secret: str) -> dict[str, Any]:
    """The body of a request, whose signature must be right."""
    head, _, body = request.partition("\r\n\r\n")
    headers = {
        name.lower(): value for name, value in (line.split(": ", 1) for line in head.split("\r\n")[1:])
    }
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    found: dict[str, Any] = json.loads(body)
    return found


def test_new_hits_are_told_once_and_signed(client: FlaskClient, library: Library, server: Server) -> None:
    with open_keeper(library) as keeper:
        keeper.add_search("all", "")
    made = add_hook(client, server, event="new-hits", saved="all")
    sender: Webhooks = client.application.extensions["webhooks"]
    sender.look()
    write_scenes(library.path.parent / "more", 2, first=20)
    index_folder(library.path, library.path.parent / "more")
    sender.look()
    wait_until(lambda: client.get("/api/v1/webhooks").json["webhooks"][0]["told_at"])  # type: ignore[index]
    [request] = server.request_heads
    told = read_message(request, made["secret"])
    assert told["type"] == "new-hits"
    assert told["data"] == {"saved": "all", "total": 2, "newest": 4, "images": [3, 4]}
    wait_until(lambda: not sender._telling)
    sender.look()
    time.sleep(0.1)
    assert len(server.request_heads) == 1
    assert "secret" not in client.get("/api/v1/webhooks").text


def test_a_message_that_does_not_arrive_is_sent_again(library: Library, server: Server) -> None:
    poster = UrlPoster(UrlFetcher(0, is_allowed=lambda _: True, ports=(server.port,)))
    sender = Webhooks(library, poster, pauses=(0.01, 0.01))
    client = create_app(library).test_client()
    add_hook(client, server, event="job-ended")
    server.answers["/hook"] = http_answer(b"", "500 Oh No")
    sender.tell_end(JobState(Job("0" * 16, ("/pictures",), "2026-01-01T00:00:00+00:00", 1), "done"))
    wait_until(lambda: client.get("/api/v1/webhooks").json["webhooks"][0]["failure"])  # type: ignore[index]
    [shown] = client.get("/api/v1/webhooks").json["webhooks"]  # type: ignore[index]
    assert (shown["failure"], shown["told_at"]) == ("the server answers 500", None)
    assert len(server.request_heads) == 3
    assert len({line for head in server.request_heads for line in head.split("\r\n") if "-id:" in line}) == 1
    assert client.delete(f"/api/v1/webhooks/{shown['number']}").status_code == 204
    assert client.delete(f"/api/v1/webhooks/{shown['number']}").status_code == 404


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org/", "https://a:b@example.org/", "https://example.org:22/", "x",
     "http://[::1", "https://exa mple.org/"],
)  # fmt: skip
def test_addresses_that_nothing_is_sent_to_are_refused(
    make_library: Callable[..., Library], url: str
) -> None:
    client = create_app(make_library(0)).test_client()
    refused = client.post("/api/v1/webhooks", json={"url": url, "event": "job-ended"})
    assert refused.status_code == 400
    with pytest.raises(InvalidQuery):
        UrlPoster()(url, b"{}", {})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "0x7f.1", "10.0.0.1"])
def test_nothing_is_sent_into_this_network(host: str) -> None:
    with pytest.raises((PictureUnreachable, InvalidQuery)):
        UrlPoster()(f"http://{host}/", b"{}", {})


def test_what_is_to_be_told_must_be_known(client: FlaskClient, server: Server) -> None:
    for body, status in (
        ({"event": "new-hits"}, 400),
        ({"event": "new-hits", "saved": "nothing"}, 404),
        ({"event": "job-ended", "saved": "all"}, 400),
        ({"event": "sunrise"}, 400),
    ):
        url = f"http://{HERE}:{server.port}/hook"
        assert client.post("/api/v1/webhooks", json={"url": url} | body).status_code == status
