"""Slow, silent and too many connections, to a real server.

The kinds are those of public reports: Slowloris (CVE-2007-6750, Apache), slow bodies (CVE-2011-3192's sibling
R.U.D.Y., Apache's mod_reqtimeout), slow reading (CVE-2019-9517 and -9511 for HTTP/2), chunks byte by byte
(CVE-2023-44487's reports on pending requests), and waitress's issue 63 (a connection limit that stops accepting).
"""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import ExitStack, suppress

import pytest

from webapp import connections
from webapp.connections import network_of

from .conftest import LONGEST

HEAD = b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def connect(port: int, start: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=LONGEST)
    connection.sendall(start)
    return connection


def get_status(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)
    try:
        connection.request("GET", "/api/v1/status")
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed a connection on which it has sent nothing."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def wait_until_closed(connection: socket.socket, drip: bytes) -> None:
    """Send a little now and then until the server closes the connection; fails if it never does."""
    end = time.monotonic() + LONGEST
    while not is_closed(connection):
        assert time.monotonic() < end, "the server waits for ever"
        time.sleep(0.05)
        with suppress(OSError):
            connection.sendall(drip)


@pytest.mark.parametrize(
    ("start", "drip"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (HEAD[:10], b""),
        (HEAD + b"X: ", b"x"),
        (HEAD, b"X: y\r\n"),
        (POST + b"Content-Length: 100000\r\n\r\n", b""),
        (POST + b"Content-Length: 100000\r\n\r\n", b" "),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b" "),
    ],
    ids=["silent", "blank lines", "half a line", "header by bytes", "headers", "no body", "body by bytes", "chunks", "one chunk"],
)  # fmt: skip
def test_a_client_that_takes_too_long_is_cut_off(
    port: int, monkeypatch: pytest.MonkeyPatch, start: bytes, drip: bytes
) -> None:
    for limit in ("HEADER_SECONDS", "BODY_SECONDS"):
        monkeypatch.setattr(connections, limit, 0.2)
    with connect(port, start) as connection:
        wait_until_closed(connection, drip)
    assert get_status(port) == 200


def test_a_client_that_goes_on_sending_is_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.0)
    monkeypatch.setattr(connections, "RATE", 1)  # each byte is worth a second
    body = b'{"parts": [{"text": "harbour"}]}'
    with connect(port, POST + b"Content-Length: %d\r\n\r\n" % len(body)) as connection:
        for place in range(0, len(body), 8):
            connection.sendall(body[place : place + 8])
            time.sleep(0.05)
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_too_many_connections_of_one_address_close_the_one_that_waits_longest(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_FROM_ADDRESS", 5)
    with ExitStack() as stack:
        silent = []
        for _ in range(5):
            silent.append(stack.enter_context(connect(port)))
            assert get_status(port) == 200  # so it is accepted before the next one comes
        assert is_closed(silent[0])
        for _ in range(7):
            assert get_status(port) == 200


def test_more_connections_than_the_server_holds(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 8)
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(connect(port, HEAD))
        assert get_status(port) == 200


def test_a_browser_keeps_its_connection_between_requests(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)
    for _ in range(3):
        connection.request("GET", "/api/v1/status")
        answer = connection.getresponse()
        assert (answer.status, len(answer.read()) > 0) == (200, True)
    sock = connection.sock
    assert sock is not None
    assert not is_closed(sock)
    connection.close()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2606:4700::1111", "2606:4700::/64"),
        ("2606:4700::2222", "2606:4700::/64"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("localhost", "localhost"),
    ],
)
def test_what_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
