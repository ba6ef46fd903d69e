"""Pages whose head is sent before their search is done, so that a browser loads style and scripts meanwhile.

Whatever can be refused is refused before: with the first byte the status is 200. An error that comes later,
such as a deadline that passes, is shown in the rest of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

from flask import Response, current_app, request, stream_with_context

from .connections import FLUSH
from .deadlines import keep_watching

MAIN: Final = '<main id="main"'  # of the template that all pages extend


def wants_early_head() -> bool:
    """Whether a browser opens the address as a page; programs and scripts learn the true status of errors."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "document"


def send_early_head(page_without_main: str, make_page: Callable[[], str]) -> Response:
    """A page in two pieces. Both texts are whole pages that are equal up to their main element."""
    head, _ = _split(page_without_main)
    response = Response(stream_with_context(_send_pieces(head, make_page, keep_watching())))
    response.headers["X-Accel-Buffering"] = "no"  # nginx would wait for the rest
    return response


def _send_pieces(
    head: str, make_page: Callable[[], str], watched: AbstractContextManager[None]
) -> Iterator[str]:
    yield head
    request.environ.get(FLUSH, lambda: None)()
    with watched:
        try:
            page = make_page()
        except Exception as error:
            page = current_app.make_response(current_app.handle_user_exception(error)).get_data(as_text=True)
    yield _split(page)[1]


def _split(page: str) -> tuple[str, str]:
    head, _, rest = page.partition(MAIN)
    return head, MAIN + rest
