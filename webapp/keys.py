"""Keys: with them on, every request says who asks, and each key allows only what its scopes name."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, url_for
from pydantic import Field
from werkzeug import Response

from retrieval import ApiKey, Library, RetrievalError, answers, open_keeper

from .errors import KeyMissing, ScopeMissing, wants_page
from .parameters import NoParameters
from .requests import read_parameters
from .scopes import find_scope
from .security import SAFE
from .services import current_services

COOKIE: Final = "pictor_key"
COOKIE_AGE: Final = timedelta(days=30)
NOTED_EVERY: Final = timedelta(hours=1)
SCHEME: Final = {"type": "http", "scheme": "bearer", "description": "A key from `pictor key create`"}

keys = Blueprint("keys", __name__)


class SignInForm(answers.StrictModel):
    """A key, and the address on this server that a visitor wanted."""

    key: str = Field(max_length=200)
    next: str = ""


class SignInParameters(answers.StrictModel):
    """The address on this server that a visitor wanted."""

    next: str = ""


def require_keys(app: Flask) -> None:
    """Answer only requests whose key allows them; browsers are led to the sign-in page."""
    app.register_blueprint(keys)
    app.before_request(_check_key)


def _check_key() -> Response | None:
    scope = find_scope(request.endpoint, request.method)
    if scope is None:
        return None
    library = current_services().library
    key = library.find_key(_read_key())
    if key is None:
        if wants_page() and request.method in SAFE:
            return redirect(url_for("keys.show_sign_in", next=request.full_path.rstrip("?")))
        raise KeyMissing
    if scope not in key.scopes:
        raise ScopeMissing(key.name, key.scopes, scope)
    g.scopes, g.asker, g.restriction = key.scopes, key.name, key.restriction
    _note_use(library, key)
    return None


def _note_use(library: Library, key: ApiKey) -> None:
    """Note the use at most once an hour; nobody is refused because that could not be written."""
    now = datetime.now(UTC).replace(tzinfo=None)
    if key.last_used_at is None or now - key.last_used_at > NOTED_EVERY:
        with suppress(RetrievalError), open_keeper(library) as keeper:
            keeper.note_key_use(key)


def _read_key() -> str:
    """The key of the header, or that of a visitor who signed in; "" for none."""
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else request.cookies.get(COOKIE, "")


@keys.get("/sign-in")
def show_sign_in() -> str:
    """The page that asks for a key."""
    parameters = read_parameters(SignInParameters, request.args)
    return render_template("sign_in.html", next=parameters.next, is_wrong=False, words="")


@keys.post("/sign-in")
def sign_in() -> Response | tuple[str, int]:
    """Keep a valid key in a cookie that scripts cannot read and other sites cannot send."""
    form = read_parameters(SignInForm, request.form)
    if current_services().library.find_key(form.key.strip()) is None:
        return render_template("sign_in.html", next=form.next, is_wrong=True, words=""), 401
    answer = redirect(_own_address(form.next), 303)
    answer.set_cookie(
        COOKIE,
        form.key.strip(),
        max_age=COOKIE_AGE,
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
    return answer


@keys.post("/sign-out")
def sign_out() -> Response:
    """Forget the key of this browser."""
    read_parameters(NoParameters, request.form)
    answer = redirect(url_for("keys.show_sign_in"), 303)
    answer.delete_cookie(COOKIE)
    return answer


def _own_address(wanted: str) -> str:
    """An address of this server, never of another one."""
    parts = urlsplit(wanted.replace("\\", "/"))
    is_own = wanted.startswith("/") and not wanted.startswith("//") and not (parts.scheme or parts.netloc)
    return wanted if is_own else url_for("pages.search")


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
