"""What a client does when a server is busy, gone, or refuses: it waits, tries again, or says so."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from retrieval import (
    Client,
    Edit,
    ImageTooLarge,
    InvalidQuery,
    Library,
    ProjectionDamaged,
    RequestRefused,
    RetrievalError,
    ServerUnreachable,
    UnreadableImage,
    open_keeper,
)
from retrieval.client.problems import read_problem
from tests.browsing import serve_library
from tests.serving import SocketHandler, http_answer, run_server
from webapp import create_app

COUNT = json.dumps({"hits": [], "total": 7}).encode()
PROBLEM = json.dumps({"status": 503, "code": "projection-damaged", "detail": "words: damaged"}).encode()
BUSY = http_answer(b"", "503 Service Unavailable", Retry_After=0)
PATH = "/api/v1/search?fields=id"


def one_after_the_other(*answers: bytes) -> SocketHandler:
    """The first answer to the first request, and so on; the last one from then on."""
    left = list(answers)
    return lambda connection: connection.sendall(left.pop(0) if len(left) > 1 else left[0])


@pytest.fixture
def asked() -> Iterator[Callable[..., tuple[Client, list[str]]]]:
    """A client of a server that gives these answers, and the heads of the requests that come in."""
    with run_server() as server, ExitStack() as opened:

        def make(*answers: bytes, **options: object) -> tuple[Client, list[str]]:
            server.answers = {
                PATH: one_after_the_other(*answers),
                "/api/v1/edits": one_after_the_other(*answers),
            }
            client = Client(f"http://127.0.0.1:{server.port}/", **options)  # type: ignore[arg-type]
            return opened.enter_context(client), server.request_heads

        yield make


@pytest.mark.parametrize(
    "obstacle",
    [
        BUSY,
        http_answer(b"", "429 Too Many Requests", Retry_After=0),
        http_answer(
            b"", "503 Service Unavailable", Retry_After=format_datetime(datetime.now(UTC) - timedelta(1))
        ),
        b"",  # the connection is lost
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{",  # in the middle of the answer
    ],
    ids=["503", "429", "a date", "lost", "cut off"],
)
def test_what_only_reads_is_asked_again(
    asked: Callable[..., tuple[Client, list[str]]], obstacle: bytes
) -> None:
    client, heads = asked(obstacle, obstacle, http_answer(COUNT))
    assert client.count_images() == 7
    assert len(heads) == 3


def test_a_server_that_asks_for_patience_gets_it(asked: Callable[..., tuple[Client, list[str]]]) -> None:
    client, _ = asked(http_answer(b"", "503 Service Unavailable", Retry_After=1), http_answer(COUNT))
    start = time.monotonic()
    assert client.count_images() == 7
    assert time.monotonic() - start >= 1


@pytest.mark.parametrize(
    ("answer", "options", "requests", "error"),
    [
        (BUSY, {"retries": 2}, 3, RequestRefused),
        (b"", {"retries": 1}, 2, ServerUnreachable),
        (http_answer(b"", "503 Service Unavailable", Retry_After=3600), {}, 1, RequestRefused),
        (http_answer(PROBLEM, "503 Service Unavailable"), {}, 1, ProjectionDamaged),
        (http_answer(b"<h1>", "502 Bad Gateway"), {}, 1, RequestRefused),
        (http_answer(b"", "302 Found", Location="http://127.0.0.1:1/"), {}, 1, RequestRefused),
        (http_answer(b'{"sum": 7}'), {}, 1, ServerUnreachable),
    ],
    ids=["busy", "gone", "an hour", "damaged", "no problem", "elsewhere", "no such shape"],
)
def test_there_is_an_end(
    asked: Callable[..., tuple[Client, list[str]]],
    answer: bytes,
    options: dict[str, int],
    requests: int,
    error: type[RetrievalError],
) -> None:
    client, heads = asked(answer, **options)
    with pytest.raises(error):
        client.count_images()
    assert len(heads) == requests


@pytest.mark.parametrize("obstacle", [BUSY, b""])
def test_what_changes_something_is_sent_once(
    asked: Callable[..., tuple[Client, list[str]]], obstacle: bytes
) -> None:
    client, heads = asked(obstacle, http_answer(b"{}"))
    with pytest.raises((RequestRefused, ServerUnreachable)):
        client.edit_images([1], Edit((("tag", "x"),)))
    assert len(heads) == 1


def test_a_server_that_says_nothing_is_not_waited_for_longer_than_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            Client(address, timeout=0.2) as client,
            pytest.raises(ServerUnreachable, match=r"no answer within 0\.2 seconds"),
        ):
            client.count_images()


def test_an_address_that_is_none_is_told_at_once() -> None:
    with pytest.raises(ServerUnreachable, match="write it as in http://"):
        Client("127.0.0.1:8754")


def test_a_key_goes_along_and_a_closed_client_sends_nothing(
    asked: Callable[..., tuple[Client, list[str]]],
) -> None:
    client, heads = asked(http_answer(COUNT), key="pictor_1_abc")
    with client:
        assert client.count_images() == 7
    assert "authorization: Bearer pictor_1_abc" in heads[0].replace("Authorization", "authorization")
    with pytest.raises(RuntimeError, match="closed"):
        client.count_images()


def test_a_server_with_keys(library_path: Path, tmp_path: Path) -> None:
    shutil.copytree(library_path, tmp_path / "library")
    with Library.open(tmp_path / "library") as library:
        with open_keeper(library) as keeper:
            key = keeper.create_key("notebook", ["search"])
        with serve_library(library, create_app(library, keys=True)) as address:
            with Client(address) as client, pytest.raises(RequestRefused) as missing:
                client.search("harbour")
            with Client(address, key) as client:
                assert client.search("harbour").ids == library.search("harbour").ids
                with pytest.raises(RequestRefused, match="needs the scope edit") as refused:
                    client.edit_images([1], Edit((("tag", "x"),)))
    assert (missing.value.code, refused.value.code) == ("key-missing", "scope-missing")


def test_problems_become_the_errors_of_the_library() -> None:
    def read(status: int, code: str, detail: str) -> RetrievalError:
        return read_problem(status, json.dumps({"code": code, "detail": detail}).encode())

    wrong = read(400, "invalid-query", "column 9: tagg: is not a key")
    assert isinstance(wrong, InvalidQuery)
    assert (wrong.column, str(wrong)) == (9, "column 9: tagg: is not a key")
    unreadable = read(415, "truncated", "a.jpg: ends too early")
    assert isinstance(unreadable, UnreadableImage)
    assert (unreadable.name, unreadable.code, unreadable.reason) == ("a.jpg", "truncated", "ends too early")
    assert isinstance(read(413, "too-many-pixels", "a.jpg: 480 megapixels"), ImageTooLarge)
    assert type(read(413, "request-entity-too-large", "The upload is too large")) is RequestRefused
    assert read_problem(500, b"oops").code == "status-500"
