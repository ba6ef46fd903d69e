"""No spelling of an address, no redirect and no answer of a resolver makes a fetcher connect to our own network.

What is faked is the network alone: what names mean, and where a connection to a public address ends.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from itertools import chain, product
from typing import Any

import pytest

from retrieval import InvalidQuery, PictureUnreachable, UrlFetcher, UrlPoster
from retrieval.pictures.fetch import is_public
from tests.serving import HERE, PICTURE, run_server

PUBLIC = "93.184.216.34"
OWN = (
    "127.0.0.1",
    "10.0.0.1",
    "172.16.9.9",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "198.18.0.1",
)
OWN_IPV6 = ("::1", "0:0:0:0:0:0:0:1", "0000::0001", "::", "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1",
            "ff0e::1", "2001:db8::1", "2001::1", "3fff::1", "5f00::1", "100::1", "64:ff9b:1::1", "2001:20::1",
            "fe80::1%25lo", "::1%25lo", "2001:470::5efe:7f00:1", "2606:4700::200:5efe:a00:1")  # fmt: skip
NAMES = ("localhost", "LOCALHOST", "localhost.", "LocalHost.", "ｌｏｃａｌｈｏｓｔ", "localhost%00.example.com",
         "localhost%2eexample.com", "localhost\\.example.com", "example.com@127.0.0.1", "127.0.0.1#@example.com",
         "example.com:80@127.0.0.1", "127.0.0.1\\@example.com", "127.0.0.1%20", "127.0.0.1%0d%0aHost:x", "[::1", "::1",
         "[127.0.0.1]", "example.com%09@127.0.0.1", "%31%32%37.0.0.1", "127.0.0.1:22", "127.0.0.1:6379")  # fmt: skip


def spell(address: str) -> Iterator[str]:
    """Everything that some program takes for this IPv4 address."""
    number = int(IPv4Address(address))
    a, b, c, d = address.split(".")
    parts = [int(part) for part in (a, b, c, d)]
    yield from (address, f"{address}.", str(number), hex(number), f"{number:#o}".replace("0o", "0"))
    yield from (".".join(map(hex, parts)), ".".join(f"0{part:o}" for part in parts))
    yield from (".".join(f"{part:#010x}" for part in parts), ".".join(f"000{part:o}" for part in parts))
    yield from (
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"0X{number:X}",
        f"{hex(parts[0])}.{b}.{c}.{d}",
    )
    yield address.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})  # full width
    yield address.translate(
        {48: 0x24EA} | {ord(digit): ord(digit) + 0x242F for digit in "123456789"}
    )  # circled
    yield from (address.replace(".", "。"), address.replace(".", "．"), address.replace(".", "%2e"))
    yield from (f"[::ffff:{address}]", f"[::{address}]", f"[64:ff9b::{address}]", f"[64:ff9b:1::{address}]")
    high, low = divmod(number, 1 << 16)
    yield from (
        f"[::ffff:{high:x}:{low:x}]",
        f"[2002:{high:x}:{low:x}::]",
        f"[0:0:0:0:0:ffff:{high:x}:{low:x}]",
    )
    yield f"[2001:0:{high:x}:{low:x}::1]"


SPELLINGS = tuple(
    dict.fromkeys(chain(chain.from_iterable(map(spell, OWN)), (f"[{one}]" for one in OWN_IPV6), NAMES))
)
# What a resolver may say of a name, one look-up after the other.
ANSWERS = [
    answer
    for own in (*OWN, "::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::")
    for answer in ([[own]], [[PUBLIC, own]], [[own, PUBLIC]], [[PUBLIC], [own]])
]


@dataclass
class Network:
    """Where connections go; those to the public address end at a server on this machine."""

    port: int
    connected: list[str] = field(default_factory=list)
    lookups: list[list[str]] = field(default_factory=list)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Network, Any]]:
    real_connect, real_look_up = socket.create_connection, socket.getaddrinfo
    with run_server() as server:
        net = Network(server.port)

        def connect(target: tuple[str, int], *arguments: Any, **options: Any) -> socket.socket:
            net.connected.append(target[0])
            if target[0] != PUBLIC:
                raise ConnectionRefusedError
            return real_connect((HERE, net.port), *arguments, **options)

        def look_up(name: str, port: int, *arguments: Any, **options: Any) -> Any:
            if not name.endswith(".example"):
                return real_look_up(name, port, *arguments, **options)
            addresses = net.lookups.pop(0) if net.lookups else [PUBLIC]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "create_connection", connect)
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        yield net, server


def is_refused(url: str) -> bool:
    with pytest.raises((InvalidQuery, PictureUnreachable)):
        UrlFetcher(10**6, seconds=5)(url)
    return True


def test_there_are_many_spellings_and_the_network_is_seen(network: Any) -> None:
    assert len(SPELLINGS) >= 200
    assert UrlFetcher(10**6)("http://pictures.example/") == PICTURE
    assert network[0].connected == [PUBLIC]  # so that a connection would be noticed
    assert not any(is_public(ip_address(own)) for own in OWN)


def test_no_spelling_is_connected_to_nor_a_redirect_to_it(network: Any) -> None:
    net, server = network
    for spelling, scheme in product(SPELLINGS, ("http", "https")):
        assert is_refused(f"{scheme}://{spelling}/a.jpg"), spelling
    assert net.connected == []
    for number, spelling in enumerate(SPELLINGS):
        status = (301, 302, 303, 307, 308)[number % 5]
        location = f"http://{spelling}/".encode("utf-8", "replace").decode("latin-1")
        server.answers["/hop"] = (
            f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
        )
        assert is_refused("http://pictures.example/hop"), spelling
    assert set(net.connected) == {PUBLIC}  # the server that redirects
    assert len(net.connected) == len(SPELLINGS)


def test_nothing_is_sent_to_a_spelling_either(network: Any) -> None:
    for spelling in SPELLINGS:
        with pytest.raises((InvalidQuery, PictureUnreachable)):
            UrlPoster()(f"http://{spelling}/hook", b"{}", {})
    assert network[0].connected == []


@pytest.mark.parametrize(
    "scheme", ["file", "ftp", "gopher", "data", "unix", "http+unix", "jar", "dict", "ldap", "javascript", ""]
)
def test_no_other_scheme_is_taken_nor_redirected_to(network: Any, scheme: str) -> None:
    net, server = network
    assert is_refused(f"{scheme}://127.0.0.1/etc/passwd")
    assert net.connected == []
    server.answers["/hop"] = f"HTTP/1.1 302 Found\r\nLocation: {scheme}:///etc/passwd\r\n\r\n".encode()
    if scheme:
        assert is_refused("http://pictures.example/hop")
    assert set(net.connected) <= {PUBLIC}


def test_no_answer_of_a_resolver_leads_to_our_own_network(network: Any) -> None:
    net, server = network
    server.answers["/again"] = b"HTTP/1.1 302 Found\r\nLocation: http://rebinding.example/a.jpg\r\n\r\n"
    for answers in ANSWERS:
        net.lookups[:] = [*answers]
        assert is_refused(f"http://rebinding.example/{'again' if len(answers) > 1 else 'a.jpg'}"), answers
    assert set(net.connected) <= {PUBLIC}
    assert len(net.connected) == sum(len(answers) > 1 for answers in ANSWERS)
