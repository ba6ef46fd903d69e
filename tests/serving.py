"""An HTTP server on this machine, which answers as a test tells it to."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

PICTURE = bytes(range(256)) * 500
HERE = "127.0.0.1"


def http_answer(body: bytes = PICTURE, status: str = "200 OK", **headers: object) -> bytes:
    """The bytes of an HTTP answer; a header whose value is None is left out."""
    values = {"Content-Length": len(body)} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"{name}: {value}\r\n" for name, value in values.items() if value is not None]
    return f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode() + body


def redirect_answer(to: str, status: str = "302 Found") -> bytes:
    return http_answer(b"", status, Location=to)


SocketHandler = Callable[[socket.socket], Any]


class Server:
    """Answers each connection with the entry of `answers` for its path: bytes, or a function of the socket."""

    def __init__(self, host: str, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.answers: dict[str, bytes | SocketHandler] = {"/": http_answer()}
        self.request_heads: list[str] = []
        self._tls, self._listener = tls, socket.create_server((host, port))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept_connections, daemon=True).start()

    def _accept_connections(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer_connection, args=[connection], daemon=True).start()

    def _answer_connection(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                head = connection.recv(65536).decode("latin-1")
                self.request_heads.append(head)
                answer = self.answers.get(" ".join(head.split(" ")[1:2]), b"")
                _ = answer(connection) if callable(answer) else connection.sendall(answer)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # otherwise the waiting thread would accept once more
        self._listener.close()


@contextmanager
def run_server(host: str = HERE, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Server]:
    server = Server(host, tls, port)
    try:
        yield server
    finally:
        server.close()
