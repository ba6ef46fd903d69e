"""One query through Python, command, API and page: the same ids in the same order."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from indexer.cli import cli
from retrieval import Library, Part, Picture, StoredPicture, parse_query, query_from_json, query_to_json
from webapp import create_app

LINES = ("quiet harbour", "noon -forest", "", "tag:day2", 'folder:market "at noon"', "label:forest -tag:day3")


@pytest.fixture(scope="module")
def client(library: Library) -> FlaskClient:
    client = create_app(library).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"  # as a browser
    return client


def by_python(library: Library, line: str, parts: tuple[Part, ...]) -> list[int]:
    return library.search(parse_query(line, parts=parts)).ids


def command_json(library_path: Path, *arguments: str, line: str = "") -> Any:
    """What a command prints with --json."""
    words = [*arguments, "--json", "--library", str(library_path), *(["--", line] if line else [])]
    answer = CliRunner().invoke(cli, words)
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def by_command(library_path: Path, line: str, *options: str) -> list[int]:
    answer = command_json(library_path, "search", *options, "--limit", "40", line=line)
    return [hit["id"] for hit in answer["hits"]]


def by_api(client: FlaskClient, **parameters: object) -> list[int]:
    return [hit["id"] for hit in client.get("/api/v1/search", query_string=parameters).json["hits"]]


def by_page(client: FlaskClient, **parameters: object) -> list[int]:
    page = client.get("/", query_string=parameters)
    assert page.status_code == 200
    return [int(image_id) for image_id in re.findall(r'data-image-id="(\d+)"', page.text)]


@pytest.mark.parametrize("line", LINES)
def test_words_and_filters(library: Library, library_path: Path, client: FlaskClient, line: str) -> None:
    expected = by_python(library, line, ())
    assert expected
    assert by_command(library_path, line) == expected
    assert by_api(client, q=line) == expected
    assert by_page(client, q=line) == expected


WHOLE = (
    '1:"at noon" 2:image:7 -0.5:forest weight.colour:0.4',
    "2:quiet image:3 image:7 -tag:day3 weaker:yes",
    "quiet after:2000 captioned:no",
)


@pytest.mark.parametrize("line", WHOLE)
def test_the_whole_query_as_a_line_as_json_and_as_an_address(
    library: Library, library_path: Path, client: FlaskClient, tmp_path: Path, line: str
) -> None:
    expected = by_python(library, line, ())
    assert by_command(library_path, line) == expected
    assert by_api(client, q=line) == expected
    path = tmp_path / "query.json"
    path.write_text(json.dumps(query_to_json(parse_query(line))))
    assert by_command(library_path, "", "--query", str(path)) == expected
    answer = client.post("/api/v1/search", data=path.read_bytes(), content_type="application/json").json
    assert [hit["id"] for hit in answer["hits"]] == expected
    assert parse_query(answer["line"]) == query_from_json(answer["query"]) == parse_query(line)
    page = client.get(answer["permalink"])
    assert [int(image_id) for image_id in re.findall(r'data-image-id="(\d+)"', page.text)] == expected


@pytest.mark.parametrize("line", ["", "quiet noon"])
def test_a_stored_picture(library: Library, library_path: Path, client: FlaskClient, line: str) -> None:
    expected = by_python(library, line, (StoredPicture(7),))
    assert expected
    assert by_command(library_path, line, "--like", "7") == expected
    assert by_api(client, q=line, image=7) == expected
    assert by_page(client, q=line, image=7) == expected


@pytest.mark.parametrize("line", ["", "quiet noon"])
def test_a_picture_file(
    library: Library, library_path: Path, client: FlaskClient, scenes: Path, line: str
) -> None:
    path = scenes / "forest" / "scene-006.jpg"
    expected = by_python(library, line, (Picture(path),))
    assert by_command(library_path, line, "--image", str(path)) == expected
    form = {"q": line, "picture_file": (io.BytesIO(path.read_bytes()), "query.jpg")}
    assert [hit["id"] for hit in client.post("/api/v1/search", data=form).json["hits"]] == expected
    upload = client.post(
        "/pictures", data={"q": line, "picture": (io.BytesIO(path.read_bytes()), "query.jpg")}
    )
    assert upload.status_code == 303
    shown = client.get(upload.location)
    assert [int(image_id) for image_id in re.findall(r'data-image-id="(\d+)"', shown.text)] == expected


ADDRESSES = {"thumbnail", "preview", "next", "permalink"}  # keys of addresses, which only a server has


def without_addresses(value: Any, *, expect_none: bool = False) -> Any:
    """The same JSON without the addresses; with `expect_none`, each address must be null."""
    if isinstance(value, list):
        return [without_addresses(item, expect_none=expect_none) for item in value]
    if not isinstance(value, dict):
        return value
    assert not expect_none or all(value[key] is None for key in ADDRESSES & value.keys())
    return {
        key: None if key in ADDRESSES else without_addresses(item, expect_none=expect_none)
        for key, item in value.items()
    }


@pytest.mark.parametrize(
    ("arguments", "line", "address"),
    [
        (("search", "--limit", "3"), "quiet image:7 weaker:yes", "search?q=quiet+image:7+weaker:yes&limit=3"),
        (("search",), "tag:day2 after:2000 weight.colour:0.4", "search?q=tag:day2+after:2000+weight.colour:0.4&limit=10"),
        (("show", "7"), "", "images/7"),
        (("explain", "5"), "quiet image:7", "images/5/explanation?q=quiet+image:7&limit=10"),
    ],
    ids=["search", "filters", "show", "explain"],
)  # fmt: skip
def test_the_command_prints_what_the_api_answers_key_by_key(
    library_path: Path, client: FlaskClient, arguments: tuple[str, ...], line: str, address: str
) -> None:
    printed = command_json(library_path, *arguments, line=line)
    answered = client.get(f"/api/v1/{address}").json
    assert without_addresses(printed, expect_none=True) == without_addresses(answered)
    assert json.dumps(without_addresses(printed)) == json.dumps(without_addresses(answered)), (
        "the order of keys"
    )


def test_the_status_of_the_command_holds_that_of_the_api(library_path: Path, client: FlaskClient) -> None:
    printed, answered = command_json(library_path, "status"), client.get("/api/v1/status").json
    spaces = [{key: space[key] for key in answered["spaces"][0]} for space in printed["spaces"]]
    assert {key: printed[key] for key in answered} | {"spaces": spaces} == answered
