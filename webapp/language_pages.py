"""The switch of languages in the footer of every page."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, redirect, request, url_for
from werkzeug import Response

from retrieval import answers

from .locales import COOKIE, LANGUAGES
from .requests import read_parameters

COOKIE_AGE: Final = 365 * 24 * 3600  # seconds

language_pages = Blueprint("language_pages", __name__)


class LanguageForm(answers.StrictModel):
    """The language that a visitor wants to read."""

    language: str


@language_pages.post("/language")
def choose_language() -> Response:
    """Remember the language of this browser in a cookie, and lead back to the page."""
    form = read_parameters(LanguageForm, request.form)
    answer = redirect(_page_before(), 303)
    if form.language in LANGUAGES:
        answer.set_cookie(
            COOKIE,
            form.language,
            max_age=COOKIE_AGE,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    return answer


def _page_before() -> str:
    """The address on this server that the form was sent from."""
    before = urlsplit(request.referrer or "")
    if before.netloc != request.host or before.path.startswith("//"):
        return url_for("pages.search")
    return f"{before.path}?{before.query}" if before.query else before.path
