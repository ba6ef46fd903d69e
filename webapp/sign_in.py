"""Signing in and out: in place of a password or a key, a browser gets a token whose owner is known."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, redirect, render_template, request, url_for
from pydantic import Field
from werkzeug import Response

from retrieval import ApiKey, Library, Person, RetrievalError, answers, open_keeper

from .parameters import NoParameters
from .requests import read_parameters
from .security import find_cookie_name, read_session
from .services import current_services, services_of
from .tries import Tries

LASTING: Final = timedelta(days=30)
_TRIES: Final = "tries"
NOBODY: Final = "nobody"  # in the journal: who could not sign in

sign_in = Blueprint("sign_in", __name__)


class SignInForm(answers.StrictModel):
    """A name and its password, or a key without a name; and the address here that a visitor wanted."""

    name: str = Field(default="", max_length=200)
    key: str = Field(max_length=1000)
    next: str = ""


class SignInParameters(answers.StrictModel):
    """The address on this server that a visitor wanted."""

    next: str = ""


@sign_in.get("/sign-in")
def show() -> str:
    """The page that asks who is there."""
    parameters = read_parameters(SignInParameters, request.args)
    return _render_form(parameters.next, is_wrong=False)


@sign_in.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    """Keep a token in a cookie that scripts cannot read and other sites cannot send."""
    form = read_parameters(SignInForm, request.form)
    library, name = current_services().library, form.name.strip()
    with current_tries().trying(request.remote_addr or "", name) as is_right:
        asker = _find_asker(library, name, form.key)
        is_right(asker is not None)
    if asker is None:
        note_deed(None, "sign in", name)
        return _render_form(form.next, is_wrong=True), 401
    with open_keeper(library) as keeper:
        token = keeper.begin_sign_in(asker, LASTING)
    note_deed(asker, "sign in", "")
    answer = redirect(_own_address(form.next), 303)
    answer.set_cookie(
        find_cookie_name(),
        token,
        max_age=LASTING,
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
    return answer


@sign_in.post("/sign-out")
def leave() -> Response:
    """Let the token of this browser mean nobody any more."""
    read_parameters(NoParameters, request.form)
    library, token = current_services().library, read_session()
    if token and (asker := library.find_signed_in(token)) is not None:
        with open_keeper(library) as keeper:
            keeper.end_sign_in(token)
        note_deed(asker, "sign out", "")
    answer = redirect(url_for("sign_in.show"), 303)
    answer.delete_cookie(find_cookie_name(), secure=request.is_secure, httponly=True, samesite="Strict")
    return answer


def attach_sign_in(app: Flask) -> None:
    """Give the application the pages that sign in and out."""
    app.register_blueprint(sign_in)
    app.extensions[_TRIES] = Tries()


def current_tries() -> Tries:
    """The tries at the application that answers the current request."""
    tries: Tries = current_app.extensions[_TRIES]
    return tries


def note_deed(asker: ApiKey | Person | None, what: str, about: str) -> None:
    """Note in the journal who did what; nobody is refused because that could not be written."""
    who = NOBODY if asker is None else asker.name if isinstance(asker, Person) else f"key {asker.name}"
    with suppress(RetrievalError), open_keeper(services_of(current_app).library) as keeper:
        keeper.note_deed(who, what, about)


def _find_asker(library: Library, name: str, secret: str) -> ApiKey | Person | None:
    return library.check_password(name, secret) if name else library.find_key(secret.strip())


def _render_form(wanted: str, *, is_wrong: bool) -> str:
    return render_template("sign_in.html", next=wanted, is_wrong=is_wrong, words="")


def _own_address(wanted: str) -> str:
    """An address of this server, never of another one."""
    parts = urlsplit(wanted.replace("\\", "/"))
    is_own = wanted.startswith("/") and not wanted.startswith("//") and not (parts.scheme or parts.netloc)
    return wanted if is_own and wanted.isprintable() else url_for("pages.search")
