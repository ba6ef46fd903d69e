"""A client that a foreign tool makes of the OpenAPI document finds what the library finds."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import Any
from urllib.request import urlopen

import pytest

from retrieval import Filters, Library, Query, StoredPicture, Text, query_to_json

pytest.importorskip("openapi_python_client", reason="it is not installed")


# The tool knows neither pictures nor archives; they are bytes to it.
SETTINGS = "post_hooks: []\ncontent_type_overrides:\n  image/webp: application/octet-stream\n  application/x-tar: application/octet-stream\n"


@pytest.fixture(scope="module")
def call(address: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Calls an operation of a client that is made of the document: `call("search", q="boat")`."""
    folder = tmp_path_factory.mktemp("generated")
    with urlopen(f"{address}/api/v1/openapi.json") as answer:
        (folder / "openapi.json").write_bytes(answer.read())
    (folder / "settings.yaml").write_text(SETTINGS)
    words = [
        "--path",
        "openapi.json",
        "--output-path",
        "made_client",
        "--meta",
        "none",
        "--config",
        "settings.yaml",
    ]
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", *words]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))

    def call(operation: str, *places: object, **values: Any) -> Any:
        [path] = folder.glob(f"made_client/api/*/{operation}.py")  # one folder for each tag of the document
        module = importlib.import_module(f"made_client.api.{path.parent.name}.{operation}")
        if "body" in values:
            body = getattr(importlib.import_module("made_client.models"), values["body"][0])
            values["body"] = body.from_dict(values["body"][1])
        return module.sync(*places, client=connection, **values)

    with importlib.import_module("made_client").Client(base_url=address) as connection:
        yield call
    sys.path.remove(str(folder))


def list_hits(results: Any) -> list[tuple[int, int, float]]:
    return [(hit.id, hit.rank, hit.score) for hit in results.hits]


def test_it_finds_what_the_library_finds(embedded: Library, call: Any) -> None:
    query = Query((Text("harbour"), StoredPicture(3, 2.0)), filters=Filters(without_tags=("day1",)), limit=5)
    ours, theirs = embedded.search(query), call("search_by_body", body=("Query", query_to_json(query)))
    assert (list_hits(theirs), theirs.total, theirs.weaker) == (list_hits(ours), ours.total, ours.weaker)
    assert list_hits(call("search", q="quiet harbour")) == list_hits(embedded.search("quiet harbour"))
    similar = embedded.search(Query((StoredPicture(3),)))
    assert list_hits(call("similar", 3)) == list_hits(similar)
    image, shown = embedded.load_image(2), call("image", 2)
    assert (shown.path, tuple(shown.tags), shown.sha256) == (image.path, image.tags, image.sha256)
    facets = call("facets", q="quiet").to_dict()
    assert [(value["value"], value["count"]) for value in facets["tag"]["values"]] == list(
        embedded.count_facets("quiet")["tag"].counts
    )
    explained = call("explanation", 2, q="quiet harbour")
    assert explained.hit.score == embedded.explain("quiet harbour", 2).hit.score
    assert (
        call("read_line", q="harbours in 2020").meant == embedded.read_line("harbours in 2020").reading.meant
    )  # type: ignore[union-attr]
    assert call("image", 99).code == "image-not-found"


def test_every_operation_has_a_name_of_its_own(address: str) -> None:
    with urlopen(f"{address}/api/v1/openapi.json") as answer:
        paths = json.load(answer)["paths"].values()
    names = [
        operation["operationId"]
        for path in paths
        for operation in path.values()
        if isinstance(operation, dict)
    ]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
