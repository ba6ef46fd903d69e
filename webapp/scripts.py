"""The scripts that every page has, sent as one file: a new visitor asks once instead of thirty times."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request

STATIC: Final = Path(__file__).parent / "static"
# In the order in which they run; each is a file of its own in static/.
NAMES: Final = (
    *("strings", "fetch", "live", "typing", "pictures", "completions", "grid", "keys", "steer", "trail"),
    *("seen", "facets", "more", "stacks", "run", "lightbox", "looking", "zoom", "drawn_box", "region"),
    *("cropper", "emphasis", "compare", "why", "select", "select_act", "select_box"),
)

scripts = Blueprint("scripts", __name__)


@scripts.get("/static/pictor.js")
def page_scripts() -> Response:
    response = Response(join_scripts(), content_type="text/javascript; charset=utf-8")
    response.add_etag()
    response.make_conditional(request)
    return response


@cache
def join_scripts() -> str:
    """One script of all, read once in the life of a server."""
    return "\n".join((STATIC / f"{name}.js").read_text("utf-8") for name in NAMES)
