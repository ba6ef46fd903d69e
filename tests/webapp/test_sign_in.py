"""People: they sign in by name and password, wrong tries are limited, other sites get nothing done in their
name, and the journal says who did what.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from retrieval import (
    EDIT_SCOPE,
    SCOPES,
    SEARCH_SCOPE,
    InvalidQuery,
    Library,
    NameTaken,
    NameUnknown,
    Restriction,
    open_keeper,
)
from webapp import create_app
from webapp.errors import TooManyTries
from webapp.security import COOKIE, SAFE, SECURE_COOKIE
from webapp.tries import MOST_FOR_NAME, MOST_FROM_ADDRESS, WINDOW, Tries

from .conftest import make_scene_library

PASSWORD = "correct horse battery"
OURS = {"Origin": "http://localhost"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = make_scene_library(tmp_path_factory.mktemp("people") / "library", 3)
    with Library.open(path) as opened:
        with open_keeper(opened) as keeper:
            keeper.create_person("ann", PASSWORD, [SEARCH_SCOPE, EDIT_SCOPE])
            keeper.create_person("everything", PASSWORD, SCOPES)
            keeper.create_person("guest", PASSWORD, [SEARCH_SCOPE], Restriction("tag", "meadow"))
        yield opened


@pytest.fixture
def app(library: Library) -> Flask:
    return create_app(library, keys=True)


def sign_in(app: Flask, name: str, password: str = PASSWORD) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/sign-in", data={"name": name, "key": password, "next": "/"}, headers=OURS)
    assert answer.status_code == 303, answer.text
    return client


def test_a_person_signs_in_and_may_do_what_the_scopes_say(app: Flask, library: Library) -> None:
    ann = sign_in(app, "ann")
    assert "Signed in as ann" in ann.get("/", headers={"Accept": "text/html"}).text
    said = ann.patch("/api/v1/images/1", json={"add": [{"field": "tag", "value": "seen"}]}, headers=OURS)
    assert said.status_code in (200, 400)
    assert ann.get("/metrics").status_code == 403
    guest = sign_in(app, "guest")
    assert guest.get("/api/v1/search").json["total"] == 1  # type: ignore[index]
    assert guest.get("/media/1/thumbnail").status_code == 404
    assert guest.post("/saved", data={"name": "x", "line": "y"}, headers=OURS).status_code == 403


def test_signing_out_a_new_password_and_removal_end_it(app: Flask, library: Library) -> None:
    with open_keeper(library) as keeper:
        keeper.create_person("bob", PASSWORD, [SEARCH_SCOPE])
    browser, other = sign_in(app, "bob"), sign_in(app, "bob")
    token = browser.get_cookie(COOKIE)
    assert token is not None
    assert browser.post("/sign-out", headers=OURS).status_code == 303
    browser.set_cookie(COOKIE, token.value)  # whoever had copied it
    assert browser.get("/api/v1/search").status_code == 401
    assert other.get("/api/v1/search").status_code == 200
    with open_keeper(library) as keeper:
        keeper.change_password("bob", "another password")
    assert other.get("/api/v1/search").status_code == 401
    third = sign_in(app, "bob", "another password")
    with open_keeper(library) as keeper:
        keeper.remove_person("bob")
        with pytest.raises(NameUnknown):
            keeper.remove_person("bob")
    assert third.get("/api/v1/search").status_code == 401


def test_a_sign_in_by_a_key_ends_with_the_key_or_with_its_time(app: Flask, library: Library) -> None:
    with open_keeper(library) as keeper:
        key = keeper.create_key("browser", [SEARCH_SCOPE])
    browser = sign_in(app, "", key)
    assert key not in str(browser.get_cookie(COOKIE))
    assert browser.get("/api/v1/search").status_code == 200
    with open_keeper(library) as keeper:
        found = library.find_key(key)
        assert found is not None
        ended = keeper.begin_sign_in(found, timedelta(seconds=-1))
        keeper.revoke_key("browser")
    assert library.find_signed_in(ended) is None
    assert browser.get("/api/v1/search").status_code == 401


def test_cookies_are_closed_to_scripts_and_other_sites(app: Flask) -> None:
    for scheme, name in (("http", COOKIE), ("https", SECURE_COOKIE)):
        answer = app.test_client().post(
            "/sign-in",
            data={"name": "ann", "key": PASSWORD},
            base_url=f"{scheme}://localhost",
            headers={"Origin": f"{scheme}://localhost"},
        )
        parts = set(answer.headers["Set-Cookie"].split("; "))
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= parts
        assert ("Secure" in parts) == (scheme == "https")
        assert answer.headers["Set-Cookie"].startswith(f"{name}=")


def test_of_passwords_and_tokens_nothing_is_stored_that_could_be_used(app: Flask, library: Library) -> None:
    token = sign_in(app, "ann").get_cookie(COOKIE)
    assert token is not None
    for path in Path(library.path).glob("catalog.sqlite*"):
        data = path.read_bytes()
        assert PASSWORD.encode() not in data
        assert token.value.encode() not in data
    with open_keeper(library) as keeper:
        with pytest.raises(InvalidQuery, match="10 to"):
            keeper.create_person("short", "short", [SEARCH_SCOPE])
        with pytest.raises(NameTaken):
            keeper.create_person("ann", PASSWORD, [SEARCH_SCOPE])
        with pytest.raises(InvalidQuery, match="whole library"):
            keeper.create_person("part", PASSWORD, SCOPES, Restriction("tag", "x"))


def test_wrong_tries_are_limited_also_for_the_right_password(app: Flask, library: Library) -> None:
    client = app.test_client()
    wrong = [
        client.post("/sign-in", data={"name": "ann", "key": "wrong"}, headers=OURS).status_code
        for _ in range(MOST_FOR_NAME + 1)
    ]
    assert wrong == [401] * MOST_FOR_NAME + [429]
    refused = client.post("/sign-in", data={"name": "ann", "key": PASSWORD}, headers=OURS)
    assert (refused.status_code, 0 < int(refused.headers["Retry-After"]) <= WINDOW + 1) == (429, True)
    assert refused.headers["RateLimit"] == f'"sign-in";r=0;t={refused.headers["Retry-After"]}'
    unknown = client.post("/sign-in", data={"name": "nobody here", "key": PASSWORD}, headers=OURS)
    known = client.post("/sign-in", data={"name": "guest", "key": "wrong"}, headers=OURS)
    assert unknown.text == known.text  # nobody learns which names there are
    assert [deed.who for deed in library.load_deeds(2)] == ["nobody", "nobody"]


def test_tries_count_until_they_are_right_and_for_a_while() -> None:
    now = 0.0
    tries = Tries(lambda: now)

    def attempt(name: str, *, is_right: bool = False) -> None:
        with tries.trying("192.0.2.1", name) as say:
            say(is_right)

    for _ in range(100):
        attempt("ann", is_right=True)
    for number in range(MOST_FROM_ADDRESS):
        attempt(f"name {number}")
    with pytest.raises(TooManyTries):
        attempt("ann", is_right=True)
    with tries.trying("192.0.2.2", "ann"):
        pass  # another address
    now = WINDOW + 1
    attempt("ann", is_right=True)


FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:9999"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    {},  # a browser with the cookie that says nothing
]


def test_no_other_site_changes_anything_in_the_name_of_who_is_signed_in(app: Flask) -> None:
    client, asked = sign_in(app, "everything"), 0
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - SAFE:
            path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1), method=method)
            for headers in FOREIGN:
                answer = client.open(path, method=method, headers=headers)
                assert answer.status_code == 403, (path, method, headers)
                assert "another site" in answer.text
                asked += 1
    assert asked > 100
    assert client.get("/api/v1/search").status_code == 200  # still signed in


def test_the_journal_says_who_did_what(app: Flask, library: Library) -> None:
    ann = sign_in(app, "ann")
    assert ann.post("/saved", data={"name": "boats", "line": "boat"}, headers=OURS).status_code == 303
    assert ann.get("/metrics").status_code == 403
    assert ann.post("/sign-out", headers=OURS).status_code == 303
    said = [(deed.who, deed.what, deed.about) for deed in library.load_deeds(3)]
    assert said == [("ann", "sign out", ""), ("ann", "POST /saved", "303"), ("ann", "sign in", "")]
    assert ("owner", "user create") in {(deed.who, deed.what) for deed in library.load_deeds(100)}
    taken = sign_in(app, "everything").post("/export", data={"ids": "1", "format": "originals"}, headers=OURS)
    assert taken.status_code == 200
    assert library.load_deeds(1)[0].what == "POST /export"
    client = app.test_client()
    client.post("/sign-in", data={"name": "x\n2024-01-01 owner: y\x1b[2J", "key": "z"}, headers=OURS)
    [deed] = library.load_deeds(1)
    assert (deed.who, deed.about) == ("nobody", "x?2024-01-01 owner: y?[2J")
    assert json.dumps(deed.about).isprintable()
