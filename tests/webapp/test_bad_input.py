"""What is too large, too deep, of a wrong type or made to harm is refused by its name, and is never a fault."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from retrieval import Edit, Library, open_editor, open_keeper
from webapp import create_app

DEEP = 20_000


def nest(opening: str, closing: str, depth: int = DEEP) -> str:
    return opening * depth + closing * depth


JSON = {
    "nested lists": nest("[", "]"),
    "nested objects": nest('{"filters":', "}"),
    "nested conditions": '{"filters":' + nest('{"not":', "}", 2000).replace(":}", ":{}}") + "}",
    "nested alternatives": '{"parts":' + '[{"either":' * 500 + "[]" + "}]" * 500 + "}",
    "many conditions": '{"filters": {"any": [' + ",".join(['{"tags": ["a"]}'] * 20_000) + "]}}",
    "many parts": '{"parts": [' + ",".join(['{"text": "a"}'] * 20_000) + "]}",
    "a long text": '{"q": "' + "a" * 2_000_000 + '"}',
    "no JSON": "{",
    "two documents": '{"q": "a"} {"q": "b"}',
    "not an object": '"q"',
    "a number": "1",
    "nothing": "null",
    "NaN": '{"q": "a", "limit": NaN}',
    "infinity": '{"q": "a", "limit": 1e999}',
    "many digits": '{"q": "a", "limit": 1' + "0" * 5000 + "}",
    "a negative limit": '{"q": "a", "limit": -1}',
    "a huge limit": '{"q": "a", "limit": 1000000000}',
    "a huge offset": '{"q": "a", "offset": 99999999999999999999}',
    "text as a number": '{"q": "a", "limit": "many"}',
    "a list as a text": '{"q": ["a"]}',
    "an object as a list": '{"parts": {"text": "a"}}',
    "half a character": '{"q": "\\ud800"}',
    "nothing but zeros": '{"q": "\\u0000\\u0000"}',
    "an unknown member": '{"__proto__": {"a": 1}}',
    "not UTF-8": '{"q": "\xff"}',
}


@pytest.mark.parametrize("kind", JSON)
@pytest.mark.parametrize("address", ["/api/v1/search", "/api/v1/facets"])
def test_json_that_is_no_query_is_refused_by_name(client: FlaskClient, kind: str, address: str) -> None:
    body = JSON[kind].encode("latin-1")
    answer = client.post(address, data=body, content_type="application/json", headers={"Accept": "*/*"})
    assert answer.status_code in (200, 400, 413) if kind == "nothing but zeros" else (400, 413), answer.text
    if answer.status_code != 200:
        assert answer.json is not None
        assert answer.json["detail"]
        assert "Traceback" not in answer.text


LINES = {
    "parentheses": nest("(", ")", 3000),
    "open parentheses": "(" * DEEP,
    "negations": "NOT " * DEEP + "a",
    "signs": "-" * DEEP + "a",
    "quotes": '"' * DEEP,
    "alternatives": " OR ".join(["a"] * 10_000),
    "stars": "* " * 1000,
    "one star": "*",
    "prefixes": " ".join(f"{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz" * 40),
    "a catastrophic expression": "(a+)+$ " + "a" * 5000 + "!",
    "patterns of folders": "folder:" + "*a" * 3000 + "b",
    "patterns of names": "name:" + "%_" * 3000,
    "weights": "1e308:a",
    "a colour": "colour:#" + "f" * 5000,
    "numbers": "width:>" + "9" * 5000,
    "dates": "taken:99999-99-99..0000-00-00",
    "a place": "near:1e999,1e999,1e999km",
    "SQL": 'tag:"\'; DROP TABLE image; --"',
    "right to left": "\u202e" * 100 + "abc",
    "marks": "a" + "\u0301" * 5000,
    "a zero": "a\x00b",
    "many words": " ".join(f"word{number}" for number in range(20_000)),
}


@pytest.mark.parametrize("kind", LINES)
def test_a_line_costs_little_whatever_is_in_it(client: FlaskClient, kind: str) -> None:
    answer = client.post("/api/v1/search", json={"q": LINES[kind]}, headers={"Accept": "*/*"})
    assert answer.status_code in (200, 400), answer.text[:500]
    short = client.get("/", query_string={"q": LINES[kind][:2000]})
    assert short.status_code in (200, 400)
    assert client.get("/api/v1/completions", query_string={"q": LINES[kind][:500]}).status_code in (200, 400)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/....//app.py",
        "/static/..\\app.py",
        "/static//etc/passwd",
        "/static/%00",
        "/media/queries/../../catalog.sqlite",
        "/media/queries/..%2f..%2fcatalog.sqlite",
        "/media/..%2f1/thumbnail",
        "/media/1%00/thumbnail",
        "/media/-1/thumbnail",
        "/media/99999999999999999999999/original",
        "/media/1/../../../etc/passwd",
        "/images/%2e%2e%2f1",
        "/saved/..%2f..%2fetc%2fpasswd",
        "//evil.example/%2f..",
    ],
)
def test_no_path_leads_out_of_what_is_served(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        assert answer.status_code in (308, 400, 404, 405)
        assert answer.location is None or answer.location.startswith("http://localhost/")
        assert b"root:" not in answer.data
        assert b"SQLite format" not in answer.data


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a\x00b.jpg", "x" * 4000, "\u202egpj.exe", '"><script>.jpg', "..", "a\r\nX: y.jpg"],
)
def test_the_name_of_an_upload_names_no_file(
    library: Library, jpeg: Callable[[int], bytes], name: str
) -> None:
    client = create_app(library).test_client()
    before = {path for path in library.path.parent.rglob("*") if path.parent.name != "queries"}
    answer = client.post("/pictures", data={"picture": (BytesIO(jpeg(1)), name)})
    assert answer.status_code in (303, 400)
    assert {path for path in library.path.parent.rglob("*") if path.parent.name != "queries"} == before | {
        library.path / "queries"
    }
    assert "X" not in answer.headers


@pytest.mark.parametrize("keys", [False, True])
def test_a_foreign_name_of_this_server_is_refused_with_and_without_keys(library: Library, keys: bool) -> None:
    client = create_app(library, keys=keys).test_client()
    for headers in (
        {"Host": "evil.example"},
        {"Host": "localhost@evil.example"},
        {"Host": "localhost\\.evil"},
    ):
        assert client.get("/", headers=headers).status_code == 400
    forwarded = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-For": "8.8.8.8",
        "Forwarded": "host=evil.example",
    }
    answer = client.get("/sign-in" if keys else "/", headers=forwarded)
    assert (answer.status_code, "evil.example" in answer.text) == (200, False)


def test_nothing_that_is_sent_begins_a_header(library: Library) -> None:
    with open_keeper(library) as keeper:
        key = keeper.create_key("header", ["search"])
    client = create_app(library, keys=True).test_client()
    for wanted in ("/\r\nX-Evil: 1", "/%0d%0aX-Evil:1", "/\nSet-Cookie: a=b", "/\x00"):
        form = {"key": key, "next": wanted}
        answer = client.post("/sign-in", data=form, headers={"Origin": "http://localhost"})
        assert answer.status_code in (303, 400)
        assert "X-Evil" not in answer.headers
        assert all("a=b" not in cookie for cookie in answer.headers.getlist("Set-Cookie"))


def test_nothing_that_is_asked_for_begins_a_line_of_the_log(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(library)
    with caplog.at_level(logging.WARNING):
        app.logger.error("request failed: %s", "/\n2026-01-01 INFO all is well\r\x1b[2J\u202e")
    [record] = caplog.records
    assert record.getMessage() == "request failed: /\\n2026-01-01 INFO all is well\\r\\x1b[2J\\u202e"


def test_a_table_begins_no_formula(make_library: Callable[..., Library]) -> None:
    library = make_library(3)
    formulas = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)")
    with open_editor(library) as editor:
        for number, formula in enumerate(formulas[:3], 1):
            editor.edit_images(
                [number], Edit(add=(("caption", formula), ("tag", "@tag"), ("title", "plain")))
            )
    text = create_app(library).test_client().get("/export?format=csv").text
    for row in csv.DictReader(io.StringIO(text)):
        assert row["caption"].startswith("'")
        assert row["caption"][1:] in formulas
        assert (row["tags"].startswith("'@"), row["title"]) == (True, "plain") or ";" in row["tags"]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    assert Path(library.path).exists()
