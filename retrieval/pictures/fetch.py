"""Fetches pictures from the web, without letting a URL reach this machine's own network.

A host name is resolved once, all its addresses must be public, and the connection goes to one of these
addresses. A name that resolves to another address a moment later (DNS rebinding) therefore gains nothing.
Redirects follow the same rules. Proxies, cookies and passwords are not used.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ..errors import ImageTooLarge, InvalidQuery, PictureUnreachable

Address: TypeAlias = IPv4Address | IPv6Address
MAX_BYTES: Final = 64_000_000  # no setting can exceed this
MAX_REDIRECTS: Final = 3
MAX_ADDRESSES: Final = 3  # of one name, that are tried
CHUNK: Final = 1 << 16
PORTS: Final = {"http": 80, "https": 443}
_SAFE: Final = "/%:@!$&'()*+,;=~?"
# A host name or an IPv6 address. Other text that a resolver accepts must not get into the Host header.
_HOST_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*|[0-9A-Fa-f:.]+")
# Not for hosts of the public Internet, although some versions of Python count them as global.
_SPECIAL: Final = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.175.48.0/24",  # AS112
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID, AS112 …
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the former 6bone (RFC 3701)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_UNICAST: Final = ip_network("2000::/3")  # all of IPv6 that is given to hosts of the public Internet
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})  # the third quarter of an address (RFC 5214)
_UNREACHABLE: Final = "cannot be reached; check the address, or send the picture itself"
_FETCHING: Final = {"Accept": "image/*", "Accept-Encoding": "identity"}
_REDIRECT_STATUS: Final = frozenset({301, 302, 303, 307, 308})


def is_public(address: Address) -> bool:
    """Whether an address is reachable from the whole Internet: not private, local or reserved.

    IPv6 addresses that contain an IPv4 address (mapped, 6to4, Teredo, NAT64, ISATAP) count as private.
    """
    if isinstance(address, IPv6Address) and (
        address not in _UNICAST or address.sixtofour or int(address) >> 32 & 0xFFFFFFFF in _ISATAP
    ):
        return False
    if any(address in network for network in _SPECIAL):
        return False
    is_special = (
        address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    )
    return address.is_global and not (is_special or address.is_private or address.is_loopback)


@dataclass(frozen=True, slots=True)
class UrlFetcher:
    """Fetches the picture behind a URL, as for `url:` in a query.

    At most `max_bytes` (and never more than MAX_BYTES), in at most `seconds` for everything together. It
    connects only to `ports`, and only to addresses for which `is_allowed` is true.
    """

    max_bytes: int
    is_allowed: Callable[[Address], bool] = is_public
    ports: tuple[int, ...] = tuple(PORTS.values())
    seconds: float = 15.0
    tls: ssl.SSLContext | None = None  # None: trust the authorities that this machine trusts

    def __call__(self, url: str) -> bytes:
        """The bytes behind the URL.

        Raises InvalidQuery for a URL that must not be fetched, PictureUnreachable for one that cannot be
        fetched, and ImageTooLarge.
        """
        deadline, current_url = time.monotonic() + self.seconds, url
        try:
            for _ in range(MAX_REDIRECTS + 1):
                body, target = self._request_picture(current_url, deadline)
                if body is not None:
                    return body
                current_url = urljoin(current_url, target)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PictureUnreachable(_printable_url(url), _failure_reason(error)) from error
        raise PictureUnreachable(
            _printable_url(url), f"it is redirected more than {MAX_REDIRECTS} times; give the final address"
        )

    def _request_picture(self, url: str, deadline: float) -> tuple[bytes | None, str]:
        """The picture, or None and the URL of a redirect."""
        parts = urlsplit(url)
        name, port = self._check_url(parts)
        with self._open_connection(parts, name, port, deadline) as connection:
            answer = _send_request(connection, parts, name, deadline)
            if answer.status in _REDIRECT_STATUS and (target := answer.getheader("Location")):
                return None, target
            if answer.status != 200:
                status = f"{answer.status} {http.client.responses.get(answer.status, '')}".strip()
                raise PictureUnreachable(_printable_url(url), f"the server answers {status}")
            return self._read_body(answer, _printable_url(url)), ""

    def _check_url(self, parts: SplitResult) -> tuple[str, int]:
        """The host name, in ASCII, and the port of a URL."""
        if parts.scheme not in PORTS:
            raise InvalidQuery(f"{_printable_url(parts.geturl())}: not a web address; write https://…")
        if parts.username is not None or parts.password is not None:
            raise InvalidQuery(
                f"{_printable_url(parts.geturl())}: contains a user name or password; leave them out"
            )
        name, port = (parts.hostname or "").encode("idna").decode(), parts.port or PORTS[parts.scheme]
        if not _HOST_NAME.fullmatch(name):
            raise InvalidQuery(f"{_printable_url(parts.geturl())}: its host name is not valid")
        if port not in self.ports:
            allowed = " and ".join(str(allowed_port) for allowed_port in self.ports)
            raise InvalidQuery(f"{_printable_url(parts.geturl())}: port {port} is not allowed; use {allowed}")
        return name, port

    def _open_connection(self, parts: SplitResult, name: str, port: int, deadline: float) -> socket.socket:
        try:
            addresses = _resolve_name(name, port, deadline)
            if not all(self.is_allowed(address) for address in addresses):
                raise OSError("not on the public Internet")
            connection = _connect_to_first(addresses[:MAX_ADDRESSES], port, deadline)
        except (OSError, UnicodeError) as error:
            # One sentence for all of them: nobody may learn which names and hosts this network has.
            raise PictureUnreachable(_printable_url(parts.geturl()), _UNREACHABLE) from error
        if parts.scheme == "http":
            return connection
        connection.settimeout(_remaining_seconds(deadline))
        return (self.tls or ssl.create_default_context()).wrap_socket(connection, server_hostname=name)

    def _read_body(self, answer: http.client.HTTPResponse, name: str) -> bytes:
        limit, expected, data = min(self.max_bytes, MAX_BYTES), answer.length or 0, bytearray()
        while max(len(data), expected) <= limit and (chunk := answer.read1(CHUNK)):
            data += chunk
        if (size := max(len(data), expected)) > limit:
            raise ImageTooLarge(
                name, amount=size / 1e6, limit=limit / 1e6, unit="MB", setting="max_image_megabytes"
            )
        if len(data) < expected:
            raise PictureUnreachable(name, "the answer ends too early; try again")
        return bytes(data)


@dataclass(frozen=True, slots=True)
class UrlPoster:
    """Sends bytes to a URL by POST, by the rules of `guard`; redirects are not followed."""

    guard: UrlFetcher = UrlFetcher(MAX_BYTES, seconds=10)

    def check_url(self, url: str) -> None:
        """Raise InvalidQuery for a URL that nothing may be sent to; its host is not looked up."""
        try:
            self.guard._check_url(urlsplit(url))
        except ValueError as error:
            raise InvalidQuery(f"{_printable_url(url)}: not a valid address") from error

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer, which is not read any further.

        Raises InvalidQuery for a URL that nothing may be sent to, and PictureUnreachable for one that does
        not answer.
        """
        deadline = time.monotonic() + self.guard.seconds
        self.check_url(url)
        parts = urlsplit(url)
        name, port = self.guard._check_url(parts)
        try:
            with self.guard._open_connection(parts, name, port, deadline) as connection:
                return _send_request(connection, parts, name, deadline, headers, body).status
        except (OSError, http.client.HTTPException) as error:
            raise PictureUnreachable(_printable_url(url), _failure_reason(error)) from error


def _printable_url(url: str) -> str:
    """A URL for a message; the target of a redirect may contain anything."""
    return "".join(character if character.isprintable() else "?" for character in url)[:200]


def _failure_reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "takes too long to answer; try again, or send the picture itself"
    if isinstance(error, OSError):
        return f"cannot be fetched ({error.strerror or error})"
    # The answer itself is not shown: it may contain anything.
    return (
        "the answer is not valid HTTP"
        if isinstance(error, http.client.HTTPException)
        else "not a valid address"
    )


def _remaining_seconds(deadline: float) -> float:
    """Raises TimeoutError when no time is left."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _resolve_name(name: str, port: int, deadline: float) -> list[Address]:
    """All addresses of a name, resolved once; in a thread, because the resolver has no time limit."""
    results: SimpleQueue[Any] = SimpleQueue()

    def look_up() -> None:
        try:
            results.put(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            results.put(error)

    Thread(target=look_up, daemon=True, name="look-up").start()
    try:
        answer = results.get(timeout=_remaining_seconds(deadline))
    except Empty as error:
        raise TimeoutError from error
    if isinstance(answer, Exception):
        raise answer
    return list(dict.fromkeys(ip_address(socket_address[0]) for *_, socket_address in answer))


def _connect_to_first(addresses: list[Address], port: int, deadline: float) -> socket.socket:
    """A connection to the first address that accepts one. Given addresses, nothing is resolved again."""
    failure: OSError = OSError("the name has no address")
    for address in addresses:
        try:
            return socket.create_connection((str(address), port), timeout=_remaining_seconds(deadline))
        except OSError as error:
            failure = error
    raise failure


class _DeadlineReader(io.RawIOBase):
    """Reads from a connection until the deadline, however slowly the other side sends."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_remaining_seconds(self._deadline))
        return self._connection.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:
        """The one method of a socket that http.client uses."""
        return io.BufferedReader(self)


def _send_request(
    connection: socket.socket,
    parts: SplitResult,
    name: str,
    deadline: float,
    headers: Mapping[str, str] = _FETCHING,
    body: bytes | None = None,
) -> http.client.HTTPResponse:
    """Send the request, by POST if there is a body, and read the headers of the response."""
    method = "GET" if body is None else "POST"
    path, query = quote(parts.path or "/", safe=_SAFE), quote(parts.query, safe=_SAFE)
    host = f"[{name}]" if ":" in name else name
    port = f":{parts.port}" if parts.port else ""
    lines = (
        f"{method} {path}{'?' + query if query else ''} HTTP/1.1",
        f"Host: {host}{port}", "User-Agent: Pictor",
        *(f"{header}: {value}" for header, value in headers.items()),
        *([] if body is None else [f"Content-Length: {len(body)}"]), "Connection: close", "", "",
    )  # fmt: skip
    connection.settimeout(_remaining_seconds(deadline))
    connection.sendall("\r\n".join(lines).encode("ascii") + (body or b""))
    answer = http.client.HTTPResponse(_DeadlineReader(connection, deadline), method=method)  # type: ignore[arg-type]
    answer.begin()
    return answer
