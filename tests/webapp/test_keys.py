"""Keys: every route with every scope, what is stored of a key, and how browsers sign in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from retrieval import (
    BACKUP_SCOPE,
    EDIT_SCOPE,
    INDEX_SCOPE,
    METRICS_SCOPE,
    ORIGINALS_SCOPE,
    SCOPES,
    SEARCH_SCOPE,
    STATUS_SCOPE,
    Library,
    NameTaken,
    NameUnknown,
    open_keeper,
)
from webapp import create_app
from webapp.scopes import find_scope

from .conftest import make_scene_library

RARE = set(SCOPES) - {SEARCH_SCOPE, EDIT_SCOPE}
FORMS = {"/pictures", "/export", "/sign-out", "/language"}  # of those who may only search
FREE = {
    "/static/<path:filename>",
    "/static/pictor.js",
    "/sign-in",
    "/sign-out",
    "/language",
    "/healthz",
    "/readyz",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(make_scene_library(tmp_path_factory.mktemp("keys") / "library")) as opened:
        yield opened


@pytest.fixture(scope="module")
def keys(library: Library) -> dict[str, str]:
    """A key with each scope."""
    with open_keeper(library) as keeper:
        return {scope: keeper.create_key(f"only {scope}", [scope]) for scope in SCOPES}


@pytest.fixture(scope="module")
def app(library: Library) -> Flask:
    return create_app(library, keys=True)


def ask(app: Flask, rule: Rule, method: str, **headers: str) -> int:
    """The status of a request without content; what is wrong about it besides comes after the key."""
    values = {name: "x" if name in ("filename", "name", "token") else 1 for name in rule.arguments}
    with app.test_request_context():
        path = app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
    return app.test_client().open(path, method=method, headers=headers).status_code


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_every_route_wants_a_key_with_the_scope_of_what_it_does(app: Flask, keys: dict[str, str]) -> None:
    allowed: dict[tuple[str, str], set[str]] = {}
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.rule in FREE:
                continue
            assert ask(app, rule, method) == 401, (rule, method)
            assert ask(app, rule, method, Authorization="Bearer pictor_00000000_" + "A" * 43) == 401
            for scope, key in keys.items():
                # 403 is the answer of the scope alone: nothing else of these requests is forbidden.
                if ask(app, rule, method, **bearer(key)) != 403:
                    allowed.setdefault((rule.endpoint, method), set()).add(scope)
    assert all(len(scopes) == 1 for scopes in allowed.values()), allowed
    needed = {place: scopes.pop() for place, scopes in allowed.items()}
    assert needed == {place: find_scope(*place) for place in needed}
    changing = {place for place in needed if place[1] not in ("GET",)}
    bodies = {"api.search_by_body", "api.search_batch", "api.facets_by_body", "api.explanation_by_body"}
    asking = bodies | {
        "exports.export_selection",
        "pages.upload",
        "query_api.store_query",
        "query_api.embed",
        "line_api.write_line",
        "line_api.ids_by_body",
    }
    assert {endpoint for endpoint, method in changing if needed[endpoint, method] == SEARCH_SCOPE} == asking
    others = {(scope, endpoint) for (endpoint, _), scope in needed.items() if scope in RARE}
    assert others == {
        (ORIGINALS_SCOPE, "media.original"),
        (INDEX_SCOPE, "status_pages.stop_run"),
        (INDEX_SCOPE, "job_api.registered_folders"),
        (INDEX_SCOPE, "job_api.start_index"),
        (INDEX_SCOPE, "job_api.jobs"),
        (INDEX_SCOPE, "job_api.job"),
        (INDEX_SCOPE, "job_api.stop_job"),
        (BACKUP_SCOPE, "job_api.snapshot"),
        (METRICS_SCOPE, "health.show_metrics"),
        (STATUS_SCOPE, "api.status"),
        (STATUS_SCOPE, "api.problems"),
        (STATUS_SCOPE, "status_pages.status"),
        (STATUS_SCOPE, "status_pages.run"),
    }


def test_a_route_that_nobody_thought_of_needs_a_scope() -> None:
    assert [find_scope("new.route", method) for method in ("GET", "POST", "PATCH", "DELETE")] == [
        SEARCH_SCOPE,
        *[EDIT_SCOPE] * 3,
    ]
    assert find_scope(None, "GET") == SEARCH_SCOPE  # what is not there is told to those with a key alone


def test_of_a_key_nothing_is_stored_that_could_be_used(library: Library) -> None:
    with open_keeper(library) as keeper:
        key = keeper.create_key("stored", [SEARCH_SCOPE])
    secret = key.rpartition("_")[2] if key.count("_") == 2 else key[16:]
    for path in Path(library.path).glob("catalog.sqlite*"):
        assert secret.encode() not in path.read_bytes()
    assert library.find_key(key) is not None
    for other in (key[:-1], key + "A", key.swapcase(), "", key[:16] + "A" * 43):
        assert library.find_key(other) is None


def test_a_revoked_key_is_refused_from_the_next_request_on(app: Flask, library: Library) -> None:
    client = app.test_client()
    with open_keeper(library) as keeper:
        key = keeper.create_key("short-lived", [SEARCH_SCOPE])
        with pytest.raises(NameTaken):
            keeper.create_key("short-lived", [SEARCH_SCOPE])
    assert client.get("/api/v1/search?q=harbour", headers=bearer(key)).status_code == 200
    with open_keeper(library) as keeper:
        assert keeper.revoke_key("short-lived").prefix in key
        with pytest.raises(NameUnknown):
            keeper.revoke_key("short-lived")
    refused = client.get("/api/v1/search?q=harbour", headers=bearer(key))
    assert (refused.status_code, refused.json["code"]) == (401, "key-missing")  # type: ignore[index]
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="Pictor"'
    assert [key.revoked_at is not None for key in library.load_keys() if key.name == "short-lived"] == [True]


def test_a_use_is_noted_once_an_hour(app: Flask, library: Library) -> None:
    with open_keeper(library) as keeper:
        key = keeper.create_key("noted", [SEARCH_SCOPE])

    def look() -> datetime | None:
        assert app.test_client().get("/api/v1/search", headers=bearer(key)).status_code == 200
        return next(found.last_used_at for found in library.load_keys() if found.name == "noted")

    first = look()
    assert first is not None
    assert look() == first
    with open_keeper(library) as keeper:
        from retrieval.catalog.keys import update_key

        prefix = key.split("_")[1]
        update_key(keeper._writer._connection, prefix, last_used_at=first - timedelta(hours=2))
    later = look()
    assert later is not None
    assert later >= first


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def test_a_browser_is_led_to_the_sign_in_and_back_to_what_it_wanted(
    browser: FlaskClient, keys: dict[str, str]
) -> None:
    led = browser.get("/?q=harbour")
    assert (led.status_code, led.location) == (302, "/sign-in?next=/?q%3Dharbour")
    assert "Sign in" in browser.get(led.location).text
    wrong = browser.post("/sign-in", data={"key": "pictor_x", "next": "/?q=harbour"})
    assert (wrong.status_code, "Set-Cookie" in wrong.headers) == (401, False)
    signed_in = browser.post("/sign-in", data={"key": f" {keys[SEARCH_SCOPE]} ", "next": "/?q=harbour"})
    assert (signed_in.status_code, signed_in.location) == (303, "/?q=harbour")
    assert {"HttpOnly", "SameSite=Strict"} <= set(signed_in.headers["Set-Cookie"].split("; "))
    assert browser.get("/?q=harbour").status_code == 200
    assert browser.post("/saved/add", data={"name": "x", "line": "harbour"}).status_code in (403, 404)
    # A browser says where a request comes from; with the cookie alone, it could be from anywhere.
    assert browser.post("/sign-out").status_code == 403
    assert browser.post("/sign-out", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize(
    "wanted", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x", ""]
)
def test_a_sign_in_never_leads_to_another_site(
    browser: FlaskClient, keys: dict[str, str], wanted: str
) -> None:
    led = browser.post("/sign-in", data={"key": keys[SEARCH_SCOPE], "next": wanted})
    assert (led.status_code, led.location) == (303, "/")


def test_the_document_says_that_keys_are_wanted(app: Flask, library: Library, keys: dict[str, str]) -> None:
    document = app.test_client().get("/api/v1/openapi.json", headers=bearer(keys[SEARCH_SCOPE])).json
    assert document is not None
    assert document["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    without = create_app(library).test_client().get("/api/v1/openapi.json").json
    assert without is not None
    assert "security" not in without


def test_a_page_hides_what_its_key_may_not_do(app: Flask, keys: dict[str, str], library: Library) -> None:
    def read(scopes: set[str], address: str) -> str:
        with open_keeper(library) as keeper:
            key = keeper.create_key(f"page {len(library.load_keys())}", scopes)
        answer = app.test_client().get(address, headers=bearer(key))
        assert answer.status_code == 200
        return answer.text

    search, editing = {SEARCH_SCOPE}, {SEARCH_SCOPE, EDIT_SCOPE}
    for address, mark in (
        ("/", "data-edit="),
        ("/?q=harbour", "/saved"),
        ("/images/1", "/images/1/facts"),
        ("/images/1", 'class="edit"'),
    ):
        assert mark in read(editing, address)
    for address in ("/", "/?q=harbour", "/images/1", "/saved", "/duplicates"):
        page = read(search, address)
        assert set(re.findall(r'action="([^"]+)" method="post"', page)) <= FORMS
        assert '/original"' not in page
    assert "/media/1/original" in read({SEARCH_SCOPE, ORIGINALS_SCOPE}, "/images/1")
    for scopes, status in ((search, 403), (search | {ORIGINALS_SCOPE}, 200)):
        with open_keeper(library) as keeper:
            key = keeper.create_key(f"files {status}", scopes)
        sent = app.test_client().post(
            "/export", data={"ids": "1", "format": "originals"}, headers=bearer(key)
        )
        assert sent.status_code == status


def test_an_original_is_sent_as_it_is_to_be_kept(app: Flask, keys: dict[str, str], library: Library) -> None:
    path = Path(os.fsdecode(library.load_image(1).locations[0].path))
    sent = app.test_client().get("/media/1/original", headers=bearer(keys[ORIGINALS_SCOPE]))
    assert (sent.status_code, sent.data) == (200, path.read_bytes())
    assert sent.content_type == "image/jpeg"
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert sent.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "sandbox" in sent.headers["Content-Security-Policy"]
    part = {"Range": "bytes=10-19"} | bearer(keys[ORIGINALS_SCOPE])
    ranged = app.test_client().get("/media/1/original", headers=part)
    assert (ranged.status_code, ranged.data) == (206, path.read_bytes()[10:20])
    assert ranged.headers["Content-Range"] == f"bytes 10-19/{path.stat().st_size}"
    public = create_app(library, public=True).test_client().get("/media/1/original")
    assert public.status_code == 403
