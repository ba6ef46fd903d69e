"""The OpenAPI document, whose examples are all sent; the page to try it out; and what problems mean."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from retrieval import Library
from webapp import create_app
from webapp.errors import STATUSES
from webapp.examples import EXAMPLES

# What takes nothing, or what only a server can tell beforehand: ids of its jobs and of stored pictures.
WITHOUT_EXAMPLE = {
    "concepts", "edits", "job", "jobs", "problems", "registered_folders", "saved_searches", "snapshot",
    "start_index", "status", "stop_job", "store_query", "stored_query", "verdicts", "webhooks",
}  # fmt: skip


@pytest.fixture
def client(make_library: Callable[..., Library]) -> FlaskClient:
    return create_app(make_library(4)).test_client()


def load_operations(client: FlaskClient) -> dict[str, tuple[str, str, dict[str, Any]]]:
    document: Any = client.get("/api/v1/openapi.json").json
    return {
        operation["operationId"]: (path, method, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def test_every_example_is_answered(client: FlaskClient) -> None:
    operations = load_operations(client)
    assert set(operations) - set(EXAMPLES) == WITHOUT_EXAMPLE
    for name, example in EXAMPLES.items():
        path, method, operation = operations[name]
        shown = {entry["name"]: entry.get("example") for entry in operation.get("parameters", [])}
        assert {key: value for key, value in shown.items() if value is not None} == {
            **example.path,
            **example.query,
        }
        body: dict[str, Any] = {} if example.body is None else {"json": example.body}
        answer = client.open(path.format(**example.path), method=method, query_string=example.query, **body)
        assert answer.status_code < 300, (name, answer.text)


def test_the_document_says_where_the_server_is_and_groups_its_operations(client: FlaskClient) -> None:
    document: Any = client.get("/api/v1/openapi.json", base_url="http://localhost:8754").json
    assert document["servers"] == [{"url": "http://localhost:8754"}]
    named = {tag["name"] for tag in document["tags"]}
    used = {tag for _, _, operation in load_operations(client).values() for tag in operation["tags"]}
    assert used == named
    assert all(name.isidentifier() for name in load_operations(client))


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs/api")
    assert page.status_code == 200
    for name, (path, _, _) in load_operations(client).items():
        assert f'id="{name}"' in page.text
        assert path in page.text
    for attribute in ('src="http', 'href="http', 'src="//', 'href="//', "<script>", "style="):
        assert attribute not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert 'href="/docs/api"' in client.get("/", headers={"Accept": "text/html"}).text


def test_the_type_of_a_problem_leads_to_what_it_means(client: FlaskClient) -> None:
    page = client.get("/docs/problems").text
    for address in ("/api/v1/search?q=foo:bar", "/api/v1/images/99", "/api/v1/nowhere", "/api/v1/jobs/x"):
        problem: Any = client.get(address).json
        place, _, code = problem["type"].partition("#")
        assert (place, code) == ("/docs/problems", problem["code"])
        assert f'id="{code}"' in page
    # Other errors say with which code they are raised.
    for kind in (kind for kind, _ in STATUSES if "code" in vars(kind)):
        assert f'id="{kind.code}"' in page
        assert (kind.__doc__ or "").split("\n")[0] in unescape(page)
