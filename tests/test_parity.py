"""One query through Python, command, API and page: the same ids in the same order."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from indexer.cli import cli
from retrieval import Library, Part, Picture, StoredPicture, parse_query, query_from_json, query_to_json
from webapp import create_app

LINES = ("quiet harbour", "noon -forest", "", "tag:day2", 'folder:market "at noon"', "label:forest -tag:day3")


@pytest.fixture(scope="module")
def client(library: Library) -> FlaskClient:
    return create_app(library).test_client()


def by_python(library: Library, line: str, parts: tuple[Part, ...]) -> list[int]:
    return library.search(parse_query(line, parts=parts)).ids


def by_command(library_path: Path, line: str, *options: str) -> list[int]:
    words = ["search", *options, "--limit", "40", "--json", "--library", str(library_path)]
    words += ["--", line] if line else []
    answer = CliRunner().invoke(cli, words)
    assert answer.exit_code == 0, answer.output
    return [hit["id"] for hit in json.loads(answer.stdout)["hits"]]


def by_api(client: FlaskClient, **parameters: object) -> list[int]:
    return [hit["id"] for hit in client.get("/api/v1/search", query_string=parameters).json["hits"]]


def by_page(client: FlaskClient, **parameters: object) -> list[int]:
    page = client.get("/", query_string=parameters)
    assert page.status_code == 200
    return [int(each) for each in re.findall(r'data-image-id="(\d+)"', page.text)]


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
    assert [int(each) for each in re.findall(r'data-image-id="(\d+)"', page.text)] == expected


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
    assert [int(each) for each in re.findall(r'data-image-id="(\d+)"', shown.text)] == expected
