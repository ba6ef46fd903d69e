"""What a full server answers: made once by the application, so that each refusal costs next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from flask import Flask

from retrieval import DeadlinePassed, RetrievalError

from .errors import ServerBusy

_PROGRAM, _BROWSER = "/api/v1/search", "/"
_HTML: Final = "text/html"
_REPLACED: Final = ("Retry-After", "Content-Length")  # by those of each refusal


@final
@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP answer: its status line, its headers and its body."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@final
class Refusals:
    """What a full server says, as a problem to programs and as a page to browsers."""

    def __init__(self, app: Flask) -> None:
        self._made = {
            (error.code, path): _make_refusal(app, error, path)
            for error in (ServerBusy(), DeadlinePassed())
            for path in (_PROGRAM, _BROWSER)
        }

    def find(self, error: RetrievalError, path: str, accept: str) -> Refusal:
        """The answer to a request for this path from a client that accepts these types."""
        is_page = _HTML in accept and not path.startswith(("/api/", "/media/"))
        return self._made[error.code, _BROWSER if is_page else _PROGRAM]


def _make_refusal(app: Flask, error: RetrievalError, path: str) -> Refusal:
    with app.test_request_context(path, headers={"Accept": _HTML if path == _BROWSER else "*/*"}):
        response = app.process_response(app.make_response(app.handle_user_exception(error)))
    headers = tuple((name, value) for name, value in response.headers.items() if name not in _REPLACED)
    return Refusal(response.status, headers, response.get_data())
