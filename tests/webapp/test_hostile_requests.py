"""Requests that are made to confuse or to exhaust a server: smuggled ones, ranges, far pages, lost clients.

Smuggling: the cases of RFC 9112, 11.2, of PortSwigger's "HTTP Desync Attacks" (2019), and of CVE-2022-24761 and
CVE-2024-49768, which were waitress's own. Ranges: CVE-2011-3192 (Apache).
"""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from .test_connections import HEAD, LONGEST, POST, connect, get_status

NEXT = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"  # what would be smuggled

UNCLEAR = {
    "both lengths": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, the other way": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 200\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 44\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "a length with a mark": POST + b"Content-Length: 0_2\r\n\r\n{}",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "no coding": POST + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a header of two lines": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a hexadecimal chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a negative chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "lines without CR": POST + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
    "a line in an extension": POST + b"Transfer-Encoding: chunked\r\n\r\n2;\n=x\r\n{}\r\n0\r\n\r\n",
    "a bare CR": POST + b"X: a\rContent-Length: 2\r\n\r\n{}",
    "a zero byte": POST + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "headers without CR": POST.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}",
    "long headers": HEAD + b"X: " + b"a" * 300_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_a_request_of_unclear_length_is_refused_and_nothing_behind_it_is_answered(
    port: int, request_bytes: bytes
) -> None:
    with connect(port, request_bytes + NEXT) as connection:
        answers = read_all(connection)
    statuses = re.findall(rb"HTTP/1\.[01] (\d{3})", answers)
    assert len(statuses) == 1, answers
    assert statuses[0] in (b"400", b"431", b"501")


def read_all(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_two_names_of_the_server_are_none(port: int) -> None:
    twice = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    with connect(port, twice) as connection:
        assert b" 400 " in read_all(connection).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("asked", "status"),
    [("bytes=0-9", 206), ("bytes=-5", 206), ("bytes=5-", 206), ("bytes=9999999-", 416), ("bytes=9-5", 416),
     ("bytes=-0", 416), ("bytes=x-y", 416), ("apples=0-9", 416), ("bytes=0-9,20-29", 416), ("bytes=" + "0-,5-0," * 1000, 416)],
)  # fmt: skip
def test_ranges_are_sent_one_at_a_time_or_refused(client: FlaskClient, asked: str, status: int) -> None:
    """Many ranges at once would let one request ask for any number of bytes."""
    whole = client.get("/media/1/thumbnail").data
    answer = client.get("/media/1/thumbnail", headers={"Range": asked})
    assert answer.status_code == status
    if status != 416:
        assert answer.data in whole


@pytest.mark.parametrize(
    "name", ["If-Modified-Since", "If-Unmodified-Since", "If-Range", "If-Match", "If-None-Match"]
)
@pytest.mark.parametrize("value", ["", "x", '"', "W/", "Thu, 01 Jan 99999 00:00:00 GMT", "*," * 2000, "ÿ\t"])
def test_conditions_that_make_no_sense_are_no_fault(client: FlaskClient, name: str, value: str) -> None:
    for address in ("/media/1/thumbnail", "/static/pictor.css", "/api/v1/status"):
        answer = client.get(address, headers={name: value, "Range": "bytes=0-3"})
        answer.close()
        assert answer.status_code in (200, 206, 304, 412, 416)


@pytest.mark.parametrize("offset", [10**5, 10**9, 2**63, 10**30])
@pytest.mark.parametrize(
    "address", ["/", "/api/v1/images", "/api/v1/search", "/duplicates", "/browse/labels", "/status"]
)
def test_a_page_far_behind_the_last_is_empty_or_refused(
    client: FlaskClient, address: str, offset: int
) -> None:
    answer = client.get(address, query_string={"q": "harbour", "offset": offset, "limit": 10})
    assert answer.status_code in (200, 400, 404)
    if answer.is_json and answer.status_code == 200:
        assert not (answer.json or {}).get("hits")


def test_clients_that_go_away_cost_nothing_that_stays(port: int) -> None:
    """They reset the connection in the middle of a request, or before its answer; all of it is given back."""
    body, reset = b'{"parts": [{"text": "harbour"}]}', struct.pack("ii", 1, 0)
    whole = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    assert get_status(port) == 200
    files, threads = count_held()
    for number in range(200):
        with connect(port, whole if number % 2 else whole[:-9]) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    end = time.monotonic() + LONGEST
    while count_held()[0] > files and time.monotonic() < end:
        assert get_status(port) == 200
    assert count_held()[0] <= files + 4  # a search may have opened what it keeps
    assert count_held()[1] <= threads + 1


def count_held() -> tuple[int, int]:
    """Open files and threads of this process."""
    return len(os.listdir(Path("/proc/self/fd"))), threading.active_count()
