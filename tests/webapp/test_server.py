"""The embedded server: where it listens, and what it says about itself."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest
from flask import Flask

from webapp import create_server


@pytest.fixture(scope="module")
def port(app: Flask) -> Iterator[int]:
    running = create_server(app, port=0)
    assert running.effective_host == "127.0.0.1"
    thread = threading.Thread(target=running.run)
    thread.start()
    yield running.effective_port
    running.stop()
    thread.join(60)
    assert not thread.is_alive()


def _get_answer(port: int, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/api/v1/status", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()


def test_it_answers_and_does_not_name_itself(port: int) -> None:
    answer = _get_answer(port)
    assert answer.status == 200
    assert answer.headers["Server"] is None
    assert answer.headers["Content-Security-Policy"]


def test_forwarded_headers_change_nothing(port: int) -> None:
    assert _get_answer(port, **{"X-Forwarded-Host": "evil.example"}).status == 200
    assert _get_answer(port, Host="evil.example").status == 400


def test_who_connected_before_it_stops_is_answered(app: Flask) -> None:
    server = create_server(app, port=0)
    clients = [http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=60) for _ in range(3)]
    for client in clients:
        client.request("GET", "/api/v1/status")
    with socket.create_connection(("127.0.0.1", server.effective_port), timeout=60) as silent:
        server.stop()
        server.run()
        for client in clients:
            assert client.getresponse().status == 200
            client.close()
        assert silent.recv(1) == b""
