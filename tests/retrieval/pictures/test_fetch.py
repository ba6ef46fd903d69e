"""Fetching a picture by its address, from real servers on this machine, which the default never speaks to."""

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
from tests.serving import HERE, PICTURE, Server, Speaker, answer, moved, serving


def is_loopback(address: Address) -> bool:
    return address.is_loopback


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def fetcher(server: Server, **others: Any) -> UrlFetcher:
    """One that may speak to this machine, on the server's port."""
    return UrlFetcher(**{"max_bytes": 10**6, "allowed": is_loopback, "ports": (server.port,)} | others)


def url(server: Server, path: str = "/", host: str = HERE) -> str:
    return f"http://{host}:{server.port}{path}"


def test_the_bytes_at_the_address_come_back(server: Server) -> None:
    assert fetcher(server)(url(server)) == PICTURE


def test_nothing_about_the_user_is_sent_along(server: Server) -> None:
    server.answers["/a%20b?c=%C3%A4"] = answer(Set_Cookie="secret=1")
    assert fetcher(server)(url(server, "/a b?c=ä#part", "localhost")) == PICTURE
    head, *lines = server.asked[0].rstrip().split("\r\n")
    assert head == "GET /a%20b?c=%C3%A4 HTTP/1.1"
    assert sorted(lines) == [
        "Accept-Encoding: identity",
        "Accept: image/*",
        "Connection: close",
        f"Host: localhost:{server.port}",
        "User-Agent: Pictor",
    ]


def test_a_body_without_a_length_and_one_in_chunks_are_read_whole(server: Server) -> None:
    server.answers["/open"] = answer(Content_Length=None)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (PICTURE[:7], PICTURE[7:], b""))
    server.answers["/chunks"] = answer(chunks, Content_Length=None, Transfer_Encoding="chunked")
    assert fetcher(server)(url(server, "/open")) == PICTURE
    assert fetcher(server)(url(server, "/chunks")) == PICTURE


# -- where it speaks to ---------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "127.255.0.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:db8::1", "2002:7f00:1::", "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "193.0.0.1", "2606:4700::1111"]


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
        UrlFetcher(10**6, ports=(server.port,))(url(server, host=host))
    assert "not on the public Internet" in str(refusal.value) or host in ("LOCALHOST.", "0", "[fe80::1]")
    assert server.asked == []


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let look-ups answer these addresses, one list after another; gives the names that are asked for."""
    left, asked, real = list(answers), [], socket.getaddrinfo

    def look_up(name: str, port: int, *others: Any, **more: Any) -> Any:
        if not name[0].isalpha():
            return real(name, port, *others, **more)
        asked.append(name)
        found = left.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_one_address_that_is_not_public_is_enough(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["8.8.8.8", HERE])
    with pytest.raises(InvalidQuery, match="not on the public Internet"):
        UrlFetcher(10**6, ports=(server.port,))(url(server, host="pictures.example"))
    assert server.asked == []


def test_a_name_is_looked_up_once_and_cannot_mean_another_address_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as first, serving("127.0.0.2", port=first.port) as second:
        asked = names(monkeypatch, [HERE], ["127.0.0.2"], ["127.0.0.2"])
        only = fetcher(first, allowed=lambda address: str(address) == HERE)
        assert only(url(first, host="pictures.example")) == PICTURE
        assert (len(first.asked), second.asked, asked) == (1, [], ["pictures.example"])
        # A redirect back to the name is a new look-up, and a new check.
        first.answers["/"] = moved("/other")
        monkeypatch.undo()
        names(monkeypatch, [HERE], ["127.0.0.2"])
        with pytest.raises(InvalidQuery, match="not on the public Internet"):
            only(url(first, host="pictures.example"))
        assert second.asked == []


def test_the_next_address_is_tried_where_one_does_not_answer(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, ["127.0.0.3", HERE])
    assert fetcher(server)(url(server, host="pictures.example")) == PICTURE


# -- redirects ------------------------------------------------------------------------------------


def test_redirects_are_followed_three_times(server: Server) -> None:
    server.answers |= {
        "/4": moved("/3", "301 Moved"),
        "/3": moved("2", "307 Temporary"),
        "/2": moved(url(server, "/1"), "308 Permanent"),
        "/1": moved("/", "303 See Other"),
    }
    assert fetcher(server)(url(server, "/3")) == PICTURE
    with pytest.raises(PictureUnreachable, match="leads on more than 3 times"):
        fetcher(server)(url(server, "/4"))


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://127.0.0.2:{port}/", "not on the public Internet"),
        ("http://127.0.0.1:22/", "port 22; allowed are"),
        ("https://127.0.0.1/", "port 443; allowed are"),
        ("file:///etc/passwd", "no address of the web"),
        ("ftp://127.0.0.1/", "no address of the web"),
        ("http://me:secret@127.0.0.1:{port}/", "holds a user's name or password"),
        ("http://[", "no proper address"),
    ],
)
def test_a_redirect_is_checked_as_the_first_address_was(server: Server, target: str, words: str) -> None:
    server.answers["/away"] = moved(target.format(port=server.port))
    only = fetcher(server, allowed=lambda address: str(address) == HERE)
    with pytest.raises((InvalidQuery, PictureUnreachable), match=words):
        only(url(server, "/away"))
    assert len(server.asked) == 1


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "no address of the web; write https://…"),
        ("pool.jpg", "no address of the web"),
        ("/etc/passwd", "no address of the web"),
        ("//example.org/a.jpg", "no address of the web"),
        ("file:///etc/passwd", "no address of the web"),
        ("javascript:alert(1)", "no address of the web"),
        ("gopher://127.0.0.1:70/", "no address of the web"),
        ("http://me@example.org/", "holds a user's name or password; leave them out"),
        ("https://:secret@example.org/", "holds a user's name or password"),
        ("http://example.org:22/", "port 22; allowed are 80 and 443"),
        ("http://example.org:99999/", "no proper address"),
        ("http://example.org:x/", "no proper address"),
        ("http://[::1/", "no proper address"),
        ("http://[fe80::1%25lo]/", "no proper name"),
        ("http:///a.jpg", "no proper name"),
        ("http://a b/", "no proper name"),
        ("http://-a/", "no proper name"),
        ("http://exam\x0bple.org/", "no proper name"),
        ("http://" + "a" * 64 + ".org/", "no proper address"),
        ("http://a..b/", "no proper address"),
    ],
)
def test_what_is_no_address_of_a_picture(address: str, words: str) -> None:
    with pytest.raises((InvalidQuery, PictureUnreachable)) as refusal:
        UrlFetcher(10**6)(address)
    assert words in str(refusal.value)


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(PictureUnreachable, match=r"no-such-name.invalid/a.jpg: "):
        UrlFetcher(10**6, seconds=5)("https://no-such-name.invalid/a.jpg")


def test_a_server_that_answers_otherwise(server: Server) -> None:
    server.answers |= {
        "/gone": answer(b"no", "404 \x1b[31mGone"),
        "/odd": answer(b"no", "799 Odd"),
        "/nowhere": answer(b"no", "302 Found"),
        "/noise": b"\0\1\2\3\r\n\r\n",
        "/silent": b"",
        "/short": answer(PICTURE[:100], Content_Length=200),
        "/cut": answer(b"ff\r\nabc", Content_Length=None, Transfer_Encoding="chunked"),
    }
    said = {}
    for path in server.answers.keys() - {"/"}:
        with pytest.raises(PictureUnreachable) as refusal:
            fetcher(server)(url(server, path))
        said[path] = str(refusal.value).removeprefix(f"{url(server, path)}: ")
        assert str(refusal.value).isprintable()
    assert said["/gone"] == "the server answers 404 Not Found"
    assert said["/odd"] == "the server answers 799"
    assert said["/nowhere"] == "the server answers 302 Found"
    assert said["/short"] == "the answer ends too early; try again"
    assert said["/silent"].startswith("cannot be fetched (")
    assert said["/noise"] == said["/cut"] == "the answer is no proper HTTP"


def test_a_server_that_is_not_there() -> None:
    with serving() as server:
        pass
    with pytest.raises(PictureUnreachable, match="cannot be fetched"):
        fetcher(server)(url(server))


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(65536))


@pytest.mark.parametrize(
    "said",
    [answer(bytes(1001)), answer(b"", Content_Length=10**12), endless],
    ids=["whole", "said", "endless"],
)
def test_more_bytes_than_the_limit(server: Server, said: bytes | Speaker) -> None:
    server.answers["/"] = said
    with pytest.raises(ImageTooLarge, match=r"MB; the limit is 0\.001 \(setting max_image_megabytes\)"):
        fetcher(server, max_bytes=1000)(url(server))


def test_as_many_bytes_as_the_limit(server: Server) -> None:
    server.answers["/"] = answer(bytes(1000))
    assert fetcher(server, max_bytes=1000)(url(server)) == bytes(1000)


def test_no_limit_is_above_the_fetchers_own(server: Server) -> None:
    server.answers["/"] = answer(b"", Content_Length=MAX_BYTES + 1)
    with pytest.raises(ImageTooLarge, match="the limit is 64 "):
        fetcher(server, max_bytes=10**12)(url(server))


def trickle(start: bytes) -> Speaker:
    """Sends a little from time to time, so that no single pause is long."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    return speak


@pytest.mark.parametrize(
    "said",
    [
        lambda connection: connection.recv(1),
        trickle(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        trickle(b"HTTP/1.1 200 OK\r\n\r\n"),
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
    ],
    ids=["silence", "head", "body", "body with a length"],
)
def test_a_server_that_takes_too_long(server: Server, said: Speaker) -> None:
    server.answers["/"] = said
    with pytest.raises(PictureUnreachable, match="takes too long to answer"):
        fetcher(server, seconds=0.4)(url(server))


def test_a_look_up_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait())
    with pytest.raises(PictureUnreachable, match="takes too long to answer"):
        UrlFetcher(10**6, seconds=0.2)("https://pictures.example/")
    over.set()


# -- TLS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate, and its key, for the name localhost, signed by itself."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not here to make a certificate")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = path.with_suffix(".key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
               "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", path]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(tls=context) as made:
        yield made


def test_tls_is_verified_against_the_name_although_the_address_is_connected_to(
    tls_server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    fetch = fetcher(tls_server, tls=trusting)
    assert fetch(f"https://localhost:{tls_server.port}/") == PICTURE
    names(monkeypatch, [HERE])
    for host in ("pictures.example", HERE):
        with pytest.raises(PictureUnreachable, match="certificate verify failed"):
            fetch(f"https://{host}:{tls_server.port}/")
    assert len(tls_server.asked) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server: Server) -> None:
    with pytest.raises(PictureUnreachable, match="certificate verify failed"):
        fetcher(tls_server)(f"https://localhost:{tls_server.port}/")
    assert tls_server.asked == []


def test_a_server_that_speaks_no_tls(server: Server) -> None:
    with pytest.raises(PictureUnreachable, match="cannot be fetched"):
        fetcher(server)(f"https://localhost:{server.port}/")
