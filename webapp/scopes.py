"""Scopes: what each request needs of a key or a person, and what whoever asks now may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import current_app, g

from retrieval import (
    BACKUP_SCOPE,
    EDIT_SCOPE,
    INDEX_SCOPE,
    METRICS_SCOPE,
    ORIGINALS_SCOPE,
    SEARCH_SCOPE,
    STATUS_SCOPE,
)

from .errors import ScopeMissing
from .security import SAFE

# What needs no key, and tells nothing about the library: the sign-in, the files of the page, and what says
# whether the server lives and answers.
_OPEN: Final = frozenset(
    {
        "static",
        "scripts.page_scripts",
        "sign_in.show",
        "sign_in.enter",
        "sign_in.leave",
        "language_pages.choose_language",
        "health.show_life",
        "health.show_readiness",
    }
)
# Requests that need another scope than their method says.
_SCOPES: Final[Mapping[str, str]] = {
    "api.search_by_body": SEARCH_SCOPE,
    "api.search_batch": SEARCH_SCOPE,
    "api.facets_by_body": SEARCH_SCOPE,
    "api.explanation_by_body": SEARCH_SCOPE,
    "line_api.write_line": SEARCH_SCOPE,
    "line_api.ids_by_body": SEARCH_SCOPE,
    "exports.export_selection": SEARCH_SCOPE,
    "pages.upload": SEARCH_SCOPE,
    "query_api.store_query": SEARCH_SCOPE,
    "query_api.embed": SEARCH_SCOPE,
    "media.original": ORIGINALS_SCOPE,
    "api.status": STATUS_SCOPE,
    "api.problems": STATUS_SCOPE,
    "status_pages.status": STATUS_SCOPE,
    "status_pages.run": STATUS_SCOPE,
    "status_pages.stop_run": INDEX_SCOPE,
    "job_api.registered_folders": INDEX_SCOPE,
    "job_api.start_index": INDEX_SCOPE,
    "job_api.jobs": INDEX_SCOPE,
    "job_api.job": INDEX_SCOPE,
    "job_api.stop_job": INDEX_SCOPE,
    "job_api.snapshot": BACKUP_SCOPE,
    "health.show_metrics": METRICS_SCOPE,
    "webhook_api.webhooks": EDIT_SCOPE,
}
_OF_STRANGERS: Final = frozenset({SEARCH_SCOPE, STATUS_SCOPE})


def find_scope(endpoint: str | None, method: str) -> str | None:
    """The scope that a request needs; None where no key is needed.

    Whatever changes something needs the scope of edits, so that a route nobody thought of is not left open.
    """
    if endpoint in _OPEN:
        return None
    by_method = SEARCH_SCOPE if method in SAFE else EDIT_SCOPE
    return _SCOPES.get(endpoint or "", by_method)


def may(scope: str) -> bool:
    """Whether whoever asks may do what needs this scope; pages hide what they may not do."""
    if current_app.config["PUBLIC"]:
        return scope in _OF_STRANGERS
    return not current_app.config["KEYS"] or scope in g.get("scopes", ())


def require_scope(scope: str) -> None:
    """Raise ScopeMissing unless whoever asks may do what needs this scope besides that of the request."""
    if not may(scope):
        raise ScopeMissing(g.asker.name, g.scopes, scope)
    g.further_scope = scope
