"""Pictures by URL are fetched from real servers on this machine, which a fetcher refuses by default."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from retrieval import ImageTooLarge, InvalidQuery, PictureUnreachable, UrlFetcher
from retrieval.pictures.fetch import MAX_BYTES, Address, is_public
from tests.serving import HERE, PICTURE, Server, SocketHandler, http_answer, redirect_answer, run_server

# Of every host that cannot be reached: a server must not tell which names and hosts its own network has.
UNREACHABLE = "cannot be reached; check the address, or send the picture itself"


def is_loopback(address: Address) -> bool:
    return address.is_loopback


@pytest.fixture
def server() -> Iterator[Server]:
    with run_server() as running:
        yield running


def make_fetcher(server: Server, **options: Any) -> UrlFetcher:
    """A fetcher that may connect to this machine, on the server's port."""
    return UrlFetcher(**{"max_bytes": 10**6, "is_allowed": is_loopback, "ports": (server.port,)} | options)


def server_url(server: Server, path: str = "/", host: str = HERE) -> str:
    return f"http://{host}:{server.port}{path}"


def test_the_bytes_at_the_address_come_back(server: Server) -> None:
    assert make_fetcher(server)(server_url(server)) == PICTURE


def test_nothing_about_the_user_is_sent_along(server: Server) -> None:
    server.answers["/a%20b?c=%C3%A4"] = http_answer(Set_Cookie="secret=1")
    assert make_fetcher(server)(server_url(server, "/a b?c=ä#part", "localhost")) == PICTURE
    head, *lines = server.request_heads[0].rstrip().split("\r\n")
    assert head == "GET /a%20b?c=%C3%A4 HTTP/1.1"
    assert sorted(lines) == [
        "Accept-Encoding: identity",
        "Accept: image/*",
        "Connection: close",
        f"Host: localhost:{server.port}",
        "User-Agent: Pictor",
    ]


def test_a_body_without_a_length_and_one_in_chunks_are_read_whole(server: Server) -> None:
    server.answers["/open"] = http_answer(Content_Length=None)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (PICTURE[:7], PICTURE[7:], b""))
    server.answers["/chunks"] = http_answer(chunks, Content_Length=None, Transfer_Encoding="chunked")
    assert make_fetcher(server)(server_url(server, "/open")) == PICTURE
    assert make_fetcher(server)(server_url(server, "/chunks")) == PICTURE


# -- where it connects to ---------------------------------------------------------------------------

# The registries of IANA for special purposes, and addresses with which other programs were attacked: CVE-2024-4032
# (CPython's is_private and is_global), CVE-2021-29921 (octal numbers), CVE-2020-28360 (private-ip).
PRIVATE = [
    "127.0.0.1", "127.255.0.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
    "192.88.99.0", "192.88.99.1", "192.88.99.255", "192.31.196.1", "192.52.193.1", "192.175.48.1",
    "3fff::", "3fff::1", "3fff:fff:ffff::1", "3ffe::1", "3ffe:ffff::1", "2620:4f:8000::1", "2001:20::1", "2001:2::1",
    "2001:470::5efe:7f00:1", "2606:4700::5efe:a00:1", "2606:4700::200:5efe:808:808", "fe80::5efe:c0a8:101",
    "4000::1", "5f00::1", "8000::1", "100:0:0:1::1", "64:ff9b::808:808", "::8.8.8.8",
    "2001::1", "2001:db8::1", "2002:7f00:1::", "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "193.0.0.1", "2606:4700::1111",
          "192.88.98.255", "192.88.100.0", "2001:200::1", "2a00:1450::5eff:1", "3fe0::1", "2620:fe::fe"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_our_own_network_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_that_anybody_reaches_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        HERE,
        "localhost",
        "LOCALHOST.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:7f00:1]",
        "１２７.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "[fe80::1]",
        "0",
        "[::]",
    ],
)
def test_the_default_never_speaks_to_our_own_network(server: Server, host: str) -> None:
    with pytest.raises((InvalidQuery, PictureUnreachable)) as refusal:
        UrlFetcher(10**6, ports=(server.port,))(server_url(server, host=host))
    assert str(refusal.value).endswith(UNREACHABLE)
    assert server.request_heads == []


def fake_lookups(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let look-ups answer these addresses, one list after another; returns the names that are looked up."""
    remaining, looked_up, real = list(answers), [], socket.getaddrinfo

    def look_up(name: str, port: int, *arguments: Any, **options: Any) -> Any:
        if not name[0].isalpha():
            return real(name, port, *arguments, **options)
        looked_up.append(name)
        addresses = remaining.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return looked_up


def test_one_address_that_is_not_public_is_enough(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_lookups(monkeypatch, ["8.8.8.8", HERE])
    with pytest.raises(PictureUnreachable, match=UNREACHABLE):
        UrlFetcher(10**6, ports=(server.port,))(server_url(server, host="pictures.example"))
    assert server.request_heads == []


def test_a_name_is_looked_up_once_and_cannot_mean_another_address_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with run_server() as first, run_server("127.0.0.2", port=first.port) as second:
        looked_up = fake_lookups(monkeypatch, [HERE], ["127.0.0.2"], ["127.0.0.2"])
        only = make_fetcher(first, is_allowed=lambda address: str(address) == HERE)
        assert only(server_url(first, host="pictures.example")) == PICTURE
        assert (len(first.request_heads), second.request_heads, looked_up) == (1, [], ["pictures.example"])
        # A redirect back to the name is a new look-up, and a new check.
        first.answers["/"] = redirect_answer("/other")
        monkeypatch.undo()
        fake_lookups(monkeypatch, [HERE], ["127.0.0.2"])
        with pytest.raises(PictureUnreachable, match=UNREACHABLE):
            only(server_url(first, host="pictures.example"))
        assert second.request_heads == []


def test_the_next_address_is_tried_where_one_does_not_answer(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_lookups(monkeypatch, ["127.0.0.3", HERE])
    assert make_fetcher(server)(server_url(server, host="pictures.example")) == PICTURE


# -- redirects ------------------------------------------------------------------------------------


def test_redirects_are_followed_three_times(server: Server) -> None:
    server.answers |= {
        "/4": redirect_answer("/3", "301 Moved"),
        "/3": redirect_answer("2", "307 Temporary"),
        "/2": redirect_answer(server_url(server, "/1"), "308 Permanent"),
        "/1": redirect_answer("/", "303 See Other"),
    }
    assert make_fetcher(server)(server_url(server, "/3")) == PICTURE
    with pytest.raises(PictureUnreachable, match="redirected more than 3 times"):
        make_fetcher(server)(server_url(server, "/4"))


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://127.0.0.2:{port}/", "cannot be reached; check the address"),
        ("http://127.0.0.1:22/", "port 22 is not allowed; use"),
        ("https://127.0.0.1/", "port 443 is not allowed; use"),
        ("file:///etc/passwd", "not a web address"),
        ("ftp://127.0.0.1/", "not a web address"),
        ("http://me:secret@127.0.0.1:{port}/", "contains a user name or password"),
        ("http://[", "not a valid address"),
    ],
)
def test_a_redirect_is_checked_as_the_first_address_was(server: Server, target: str, words: str) -> None:
    server.answers["/away"] = redirect_answer(target.format(port=server.port))
    only = make_fetcher(server, is_allowed=lambda address: str(address) == HERE)
    with pytest.raises((InvalidQuery, PictureUnreachable), match=words):
        only(server_url(server, "/away"))
    assert len(server.request_heads) == 1


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "not a web address; write https://…"),
        ("pool.jpg", "not a web address"),
        ("/etc/passwd", "not a web address"),
        ("//example.org/a.jpg", "not a web address"),
        ("file:///etc/passwd", "not a web address"),
        ("javascript:alert(1)", "not a web address"),
        ("gopher://127.0.0.1:70/", "not a web address"),
        ("http://me@example.org/", "contains a user name or password; leave them out"),
        ("https://:secret@example.org/", "contains a user name or password"),
        ("http://example.org:22/", "port 22 is not allowed; use 80 and 443"),
        ("http://example.org:99999/", "not a valid address"),
        ("http://example.org:x/", "not a valid address"),
        ("http://[::1/", "not a valid address"),
        ("http://[fe80::1%25lo]/", "host name is not valid"),
        ("http:///a.jpg", "host name is not valid"),
        ("http://a b/", "host name is not valid"),
        ("http://-a/", "host name is not valid"),
        ("http://exam\x0bple.org/", "host name is not valid"),
        ("http://" + "a" * 64 + ".org/", "not a valid address"),
        ("http://a..b/", "not a valid address"),
    ],
)
def test_what_is_no_address_of_a_picture(address: str, words: str) -> None:
    with pytest.raises((InvalidQuery, PictureUnreachable)) as refusal:
        UrlFetcher(10**6)(address)
    assert words in str(refusal.value)


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(PictureUnreachable, match=f"no-such-name.invalid/a.jpg: {UNREACHABLE}"):
        UrlFetcher(10**6, seconds=5)("https://no-such-name.invalid/a.jpg")


def test_a_server_that_answers_otherwise(server: Server) -> None:
    server.answers |= {
        "/gone": http_answer(b"no", "404 \x1b[31mGone"),
        "/odd": http_answer(b"no", "799 Odd"),
        "/nowhere": http_answer(b"no", "302 Found"),
        "/noise": b"\0\1\2\3\r\n\r\n",
        "/silent": b"",
        "/short": http_answer(PICTURE[:100], Content_Length=200),
        "/cut": http_answer(b"ff\r\nabc", Content_Length=None, Transfer_Encoding="chunked"),
    }
    reasons = {}
    for path in server.answers.keys() - {"/"}:
        with pytest.raises(PictureUnreachable) as refusal:
            make_fetcher(server)(server_url(server, path))
        reasons[path] = str(refusal.value).removeprefix(f"{server_url(server, path)}: ")
        assert str(refusal.value).isprintable()
    assert reasons["/gone"] == "the server answers 404 Not Found"
    assert reasons["/odd"] == "the server answers 799"
    assert reasons["/nowhere"] == "the server answers 302 Found"
    assert reasons["/short"] == "the answer ends too early; try again"
    assert reasons["/silent"].startswith("cannot be fetched (")
    assert reasons["/noise"] == reasons["/cut"] == "the answer is not valid HTTP"


def test_a_server_that_is_not_there() -> None:
    with run_server() as server:
        pass
    with pytest.raises(PictureUnreachable, match=UNREACHABLE):
        make_fetcher(server)(server_url(server))


def send_endlessly(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(65536))


@pytest.mark.parametrize(
    "answer",
    [http_answer(bytes(1001)), http_answer(b"", Content_Length=10**12), send_endlessly],
    ids=["whole", "announced", "endless"],
)
def test_more_bytes_than_the_limit(server: Server, answer: bytes | SocketHandler) -> None:
    server.answers["/"] = answer
    with pytest.raises(ImageTooLarge, match=r"MB; the limit is 0\.001 \(setting max_image_megabytes\)"):
        make_fetcher(server, max_bytes=1000)(server_url(server))


def test_as_many_bytes_as_the_limit(server: Server) -> None:
    server.answers["/"] = http_answer(bytes(1000))
    assert make_fetcher(server, max_bytes=1000)(server_url(server)) == bytes(1000)


def test_no_limit_is_above_the_fetchers_own(server: Server) -> None:
    server.answers["/"] = http_answer(b"", Content_Length=MAX_BYTES + 1)
    with pytest.raises(ImageTooLarge, match="the limit is 64 "):
        make_fetcher(server, max_bytes=10**12)(server_url(server))


def send_slowly(start: bytes) -> SocketHandler:
    """Send a byte from time to time, so that no single pause is long."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    return send


@pytest.mark.parametrize(
    "answer",
    [
        lambda connection: connection.recv(1),
        send_slowly(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        send_slowly(b"HTTP/1.1 200 OK\r\n\r\n"),
        send_slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
    ],
    ids=["silence", "head", "body", "body with a length"],
)
def test_a_server_that_takes_too_long(server: Server, answer: SocketHandler) -> None:
    server.answers["/"] = answer
    with pytest.raises(PictureUnreachable, match="takes too long to answer"):
        make_fetcher(server, seconds=0.4)(server_url(server))


def test_a_look_up_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait())
    with pytest.raises(PictureUnreachable, match=UNREACHABLE):
        UrlFetcher(10**6, seconds=0.2)("https://pictures.example/")
    released.set()


# -- TLS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key, for the name localhost, signed by itself."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed; it makes the certificate")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = path.with_suffix(".key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
               "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", path]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path


@pytest.fixture
def tls_server(certificate_file: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file)
    with run_server(tls=context) as running:
        yield running


def test_tls_is_verified_against_the_name_although_the_address_is_connected_to(
    tls_server: Server, certificate_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=certificate_file)
    fetch = make_fetcher(tls_server, tls=trusting)
    assert fetch(f"https://localhost:{tls_server.port}/") == PICTURE
    fake_lookups(monkeypatch, [HERE])
    for host in ("pictures.example", HERE):
        with pytest.raises(PictureUnreachable, match="certificate verify failed"):
            fetch(f"https://{host}:{tls_server.port}/")
    assert len(tls_server.request_heads) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server: Server) -> None:
    with pytest.raises(PictureUnreachable, match="certificate verify failed"):
        make_fetcher(tls_server)(f"https://localhost:{tls_server.port}/")
    assert tls_server.request_heads == []


def test_a_server_that_speaks_no_tls(server: Server) -> None:
    with pytest.raises(PictureUnreachable, match="cannot be fetched"):
        make_fetcher(server)(f"https://localhost:{server.port}/")
