"""What every response carries, and which requests are refused before anything is done for them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, request

from .errors import ForeignRequest, UnknownHost

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it, browsers send our own forms with "Origin: null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


COOKIE: Final = "pictor_session"
# With this beginning, browsers take a cookie over HTTPS alone, from this very host.
SECURE_COOKIE: Final = f"__Host-{COOKIE}"


def find_cookie_name() -> str:
    """The name of the cookie by which a browser is known."""
    return SECURE_COOKIE if request.is_secure else COOKIE


def read_session() -> str:
    """The token of a browser in which somebody signed in; "" for none."""
    return request.cookies.get(find_cookie_name(), "")


def protect_app(app: Flask, hosts: tuple[str, ...] | None) -> None:
    """Guard every request and every response; `hosts` None accepts any Host header."""

    @app.before_request
    def refuse_request() -> None:
        _check_host(hosts)
        _check_origin()

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _check_host(hosts: tuple[str, ...] | None) -> None:
    """Refuse other host names: a site whose name points to this machine would get the rights of our pages."""
    if hosts is None:
        return
    host = _without_port(request.environ.get("HTTP_HOST", ""))
    if host.lower() not in {name.lower() for name in hosts}:
        raise UnknownHost(f"“{host[:80]}”: this server answers only to {', '.join(hosts)}")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _check_origin() -> None:
    """Refuse what another site makes a browser send; programs send neither of the two headers."""
    if request.method in SAFE:
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "same-origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    # Every browser tells one of the two; what has a cookie and tells neither is no program of the owner.
    unproven = bool(read_session()) and origin is None and "Sec-Fetch-Site" not in request.headers
    if foreign or unproven or site not in ("same-origin", "none"):
        raise ForeignRequest("This request comes from another site. Send it from Pictor's own page.")
