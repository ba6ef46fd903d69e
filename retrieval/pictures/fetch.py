"""Pictures from the web, fetched so that nobody can make this machine speak to its own network.

A name is looked up once, every address that it has must be public, and the connection goes to one of those
addresses: a name that means another address a moment later (DNS rebinding) gains nothing. Redirects are
followed by the same rules. No proxy, no cookie and no password takes part.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ..errors import ImageTooLarge, InvalidQuery, PictureUnreachable

Address: TypeAlias = IPv4Address | IPv6Address
MAX_BYTES: Final = 64_000_000
MAX_REDIRECTS: Final = 3
MAX_ADDRESSES: Final = 3  # addresses of one name
CHUNK: Final = 1 << 16
PORTS: Final = {"http": 80, "https": 443}
_SAFE: Final = "/%:@!$&'()*+,;=~?"
# A host's name or an IPv6 address; what else a look-up might take is not for the line after "Host:".
_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*|[0-9A-Fa-f:.]+")
_PROTOCOLS: Final = ip_network("192.0.0.0/24")  # older Pythons take a part of it for public
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


def is_public(address: Address) -> bool:
    """Whether anybody on the Internet reaches this address: no network of our own, nothing set apart.

    What carries an IPv4 address inside (mapped, 6to4, Teredo, NAT64) is taken for private: one way to
    write an address is enough.
    """
    if isinstance(address, IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or address.teredo or address.is_site_local
    ):
        return False
    if address in _PROTOCOLS:
        return False
    apart = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not (apart or address.is_private or address.is_loopback)


@dataclass(frozen=True, slots=True)
class UrlFetcher:
    """Fetches a picture by its address, as `url:` in a query means it.

    At most `max_bytes` (and never more than MAX_BYTES) in at most `seconds` over all; only to `ports`, and
    only to addresses that are `allowed`.
    """

    max_bytes: int
    is_allowed: Callable[[Address], bool] = is_public
    ports: tuple[int, ...] = tuple(PORTS.values())
    seconds: float = 15.0
    tls: ssl.SSLContext | None = None  # None: the authorities that this machine trusts

    def __call__(self, url: str) -> bytes:
        """The bytes at the address.

        Raises InvalidQuery for an address that is not to be fetched, PictureUnreachable for one that
        cannot be, and ImageTooLarge.
        """
        deadline, asked = time.monotonic() + self.seconds, url
        try:
            for _ in range(MAX_REDIRECTS + 1):
                body, moved = self._request_picture(asked, deadline)
                if body is not None:
                    return body
                asked = urljoin(asked, moved)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PictureUnreachable(_printable_url(url), _failure_reason(error)) from error
        raise PictureUnreachable(_printable_url(url), f"leads on more than {MAX_REDIRECTS} times")

    def _request_picture(self, url: str, deadline: float) -> tuple[bytes | None, str]:
        """The picture, or the address that it has moved to."""
        parts = urlsplit(url)
        name, port = self._check_url(parts)
        with self._open_connection(parts, name, port, deadline) as connection:
            answer = _send_request(connection, parts, name, deadline)
            if answer.status in _MOVED and (moved := answer.getheader("Location")):
                return None, moved
            if answer.status != 200:
                said = f"{answer.status} {http.client.responses.get(answer.status, '')}".strip()
                raise PictureUnreachable(_printable_url(url), f"the server answers {said}")
            return self._read_body(answer, _printable_url(url)), ""

    def _check_url(self, parts: SplitResult) -> tuple[str, int]:
        """The name, in ASCII, and the port that the address leads to."""
        if parts.scheme not in PORTS:
            raise InvalidQuery(f"{_printable_url(parts.geturl())}: no address of the web; write https://…")
        if parts.username is not None or parts.password is not None:
            raise InvalidQuery(
                f"{_printable_url(parts.geturl())}: holds a user's name or password; leave them out"
            )
        name, port = (parts.hostname or "").encode("idna").decode(), parts.port or PORTS[parts.scheme]
        if not _NAME.fullmatch(name):
            raise InvalidQuery(f"{_printable_url(parts.geturl())}: its server has no proper name")
        if port not in self.ports:
            allowed = " and ".join(str(each) for each in self.ports)
            raise InvalidQuery(f"{_printable_url(parts.geturl())}: port {port}; allowed are {allowed}")
        return name, port

    def _open_connection(self, parts: SplitResult, name: str, port: int, deadline: float) -> socket.socket:
        addresses = _resolve_name(name, port, deadline)
        if not all(self.is_allowed(each) for each in addresses):
            raise InvalidQuery(
                f"{_printable_url(parts.geturl())}: not on the public Internet; send the picture itself"
            )
        connection = _connect_to_first(addresses[:MAX_ADDRESSES], port, deadline)
        if parts.scheme == "http":
            return connection
        connection.settimeout(_remaining_seconds(deadline))
        return (self.tls or ssl.create_default_context()).wrap_socket(connection, server_hostname=name)

    def _read_body(self, answer: http.client.HTTPResponse, name: str) -> bytes:
        most, expected, data = min(self.max_bytes, MAX_BYTES), answer.length or 0, bytearray()
        while max(len(data), expected) <= most and (chunk := answer.read1(CHUNK)):
            data += chunk
        if (size := max(len(data), expected)) > most:
            raise ImageTooLarge(
                name, amount=size / 1e6, limit=most / 1e6, unit="MB", setting="max_image_megabytes"
            )
        if len(data) < expected:
            raise PictureUnreachable(name, "the answer ends too early; try again")
        return bytes(data)


def _printable_url(url: str) -> str:
    """An address as messages may show it; one that a server leads on to can hold anything."""
    return "".join(sign if sign.isprintable() else "?" for sign in url)[:200]


def _failure_reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "takes too long to answer; try again, or send the picture itself"
    if isinstance(error, OSError):
        return f"cannot be fetched ({error.strerror or error})"
    # What the server said stays out of the message: it can hold anything.
    return (
        "the answer is no proper HTTP"
        if isinstance(error, http.client.HTTPException)
        else "no proper address"
    )


def _remaining_seconds(deadline: float) -> float:
    """The seconds that are left; raises TimeoutError where there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _resolve_name(name: str, port: int, deadline: float) -> list[Address]:
    """Every address of a name, looked up once; beside, since a look-up itself knows no time limit."""
    found: SimpleQueue[Any] = SimpleQueue()

    def look_up() -> None:
        try:
            found.put(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.put(error)

    Thread(target=look_up, daemon=True, name="look-up").start()
    try:
        answer = found.get(timeout=_remaining_seconds(deadline))
    except Empty as error:
        raise TimeoutError from error
    if isinstance(answer, Exception):
        raise answer
    return list(dict.fromkeys(ip_address(place[0]) for *_, place in answer))


def _connect_to_first(addresses: list[Address], port: int, deadline: float) -> socket.socket:
    """A connection to the first address that takes one; addresses, so that nothing is looked up again."""
    failure: OSError = OSError("the name has no address")
    for address in addresses:
        try:
            return socket.create_connection((str(address), port), timeout=_remaining_seconds(deadline))
        except OSError as error:
            failure = error
    raise failure


class _DeadlineReader(io.RawIOBase):
    """What a connection still sends before the deadline: no pause and no trickle outlasts it."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_remaining_seconds(self._deadline))
        return self._connection.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What http.client asks of a socket."""
        return io.BufferedReader(self)


def _send_request(
    connection: socket.socket, parts: SplitResult, name: str, deadline: float
) -> http.client.HTTPResponse:
    """Ask for the picture, and read the head of the answer."""
    path, query = quote(parts.path or "/", safe=_SAFE), quote(parts.query, safe=_SAFE)
    host = f"[{name}]" if ":" in name else name
    port = f":{parts.port}" if parts.port else ""
    lines = (
        f"GET {path}{'?' + query if query else ''} HTTP/1.1", f"Host: {host}{port}", "User-Agent: Pictor",
        "Accept: image/*", "Accept-Encoding: identity", "Connection: close", "", "",
    )  # fmt: skip
    connection.settimeout(_remaining_seconds(deadline))
    connection.sendall("\r\n".join(lines).encode("ascii"))
    answer = http.client.HTTPResponse(_DeadlineReader(connection, deadline), method="GET")  # type: ignore[arg-type]
    answer.begin()
    return answer
