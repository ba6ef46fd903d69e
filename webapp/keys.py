"""Keys: with them on, every request says who asks, and each asker may do only what the scopes name."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Flask, current_app, g, redirect, request, url_for
from flask import Response as FlaskResponse
from werkzeug import Response

from retrieval import (
    METRICS_SCOPE,
    SEARCH_SCOPE,
    STATUS_SCOPE,
    ApiKey,
    Library,
    Person,
    RetrievalError,
    open_keeper,
)

from .errors import KeyMissing, ScopeMissing, wants_page
from .scopes import find_scope
from .security import SAFE, read_session
from .services import current_services
from .sign_in import attach_sign_in, note_deed

NOTED_EVERY: Final = timedelta(hours=1)
SCHEME: Final = {"type": "http", "scheme": "bearer", "description": "A key from `pictor key create`"}
_OF_ONE_REQUEST: Final = ("asker", "scopes", "further_scope", "restriction")
# What is not noted in the journal of deeds: whoever looks on does nothing.
_LOOKING: Final = frozenset({None, SEARCH_SCOPE, STATUS_SCOPE, METRICS_SCOPE})


def require_keys(app: Flask) -> None:
    """Answer only requests that the asker may make; browsers are led to the sign-in page."""
    attach_sign_in(app)
    app.before_request(_check_asker)
    app.after_request(_note_doing)


def _check_asker() -> Response | None:
    # An answer that is still being sent may have left its context to this request.
    for name in _OF_ONE_REQUEST:
        g.pop(name, None)
    scope = find_scope(request.endpoint, request.method)
    if scope is None:
        return None
    library = current_services().library
    asker = _find_asker(library)
    if asker is None:
        if wants_page() and request.method in SAFE:
            return redirect(url_for("sign_in.show", next=request.full_path.rstrip("?")))
        raise KeyMissing
    g.scopes, g.asker = asker.scopes, asker
    if scope not in asker.scopes:
        raise ScopeMissing(asker.name, asker.scopes, scope)
    g.restriction = asker.restriction
    _note_use(library, asker)
    return None


def _find_asker(library: Library) -> ApiKey | Person | None:
    """Who has the key of the header, or is signed in in this browser."""
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return library.find_key(key.strip())
    token = read_session()
    return library.find_signed_in(token) if token else None


def _note_use(library: Library, asker: ApiKey | Person) -> None:
    """Note the use at most once an hour; nobody is refused because that could not be written."""
    now = datetime.now(UTC).replace(tzinfo=None)
    if asker.last_used_at is None or now - asker.last_used_at > NOTED_EVERY:
        with suppress(RetrievalError), open_keeper(library) as keeper:
            keeper.note_use(asker)


def _note_doing(response: FlaskResponse) -> FlaskResponse:
    """Note in the journal what was changed, taken away or refused."""
    scope = g.get("further_scope") or find_scope(request.endpoint, request.method)
    if scope not in _LOOKING and "asker" in g:
        note_deed(g.asker, f"{request.method} {request.path}", str(response.status_code))
    return response


def document_keys(document: dict[str, object]) -> dict[str, object]:
    """The OpenAPI document of a server that wants keys."""
    if not current_app.config["KEYS"]:
        return document
    components = document["components"]
    assert isinstance(components, dict)
    return document | {
        "components": components | {"securitySchemes": {"key": SCHEME}},
        "security": [{"key": []}],
    }
