"""Whole answers and selected images as files for other programs."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from retrieval import Edit, Library, open_editor
from retrieval.answers import exports
from webapp import create_app

from .conftest import COUNT, SCRIPT


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_whole_answer_is_a_table_in_its_order(client: FlaskClient) -> None:
    answer = client.get("/export?q=harbour&sort=name&format=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="pictures.csv"'
    rows = read_csv(answer.text)
    found = client.get("/api/v1/search?q=harbour&sort=name&limit=100").json["hits"]
    assert [int(row["id"]) for row in rows] == [hit["id"] for hit in found]
    assert [row["caption"] for row in rows] == [hit["caption"] for hit in found]
    assert f"harbour {SCRIPT}" in [row["caption"] for row in rows]


def test_json_has_all_that_is_known_and_an_empty_answer_is_an_empty_list(client: FlaskClient) -> None:
    exported = json.loads(client.get("/export?format=json").data)
    assert exported == [client.get(f"/api/v1/images/{number}").json for number in range(1, COUNT + 1)]
    assert json.loads(client.get("/export?q=tag:nothing&format=json").data) == []


def test_selected_images_come_in_the_order_in_which_they_were_selected(
    client: FlaskClient, library: Library
) -> None:
    answer = client.post("/export", data={"ids": "3,1,999,3", "format": "paths"})
    locations = [library.load_image(number).location for number in (3, 1)]
    assert answer.data.splitlines() == [location.path for location in locations if location]
    table = read_csv(client.post("/export", data={"ids": "3,1", "format": "csv"}).text)
    assert [row["id"] for row in table] == ["3", "1"]


def test_people_and_ratings_are_in_the_table(make_library: Callable[..., Library]) -> None:
    library = make_library(1)
    with open_editor(library) as editor:
        editor.edit_images([1], Edit(add=(("person", "Anna"), ("person", "Bo"), ("rating", "5"))))
    [row] = read_csv(create_app(library).test_client().get("/export?format=csv").text)
    assert (row["people"], row["rating"]) == ("Anna;Bo", "5")


def test_a_zip_holds_the_renditions_and_lists_what_does_not_fit(
    client: FlaskClient, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = client.post("/export", data={"ids": "2,1", "format": "zip"}).data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["0001 scene-001.webp", "0002 scene-000.webp"]
        assert archive.read("0001 scene-001.webp") == library.render_preview(2)
        assert archive.read("0002 scene-000.webp").startswith(b"RIFF")
    monkeypatch.setattr(exports, "MOST_BYTES", len(library.render_preview(2)))
    data = client.post("/export", data={"ids": "2,1", "format": "zip"}).data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read(exports.LEFT_OUT) == b"0002 scene-000.webp\n"


def test_a_zip_holds_the_files_as_they_are_by_their_names(make_library: Callable[..., Library]) -> None:
    library = make_library(3)
    paths = [Path(os.fsdecode(library.load_image(number).locations[0].path)) for number in (1, 2, 3)]
    paths[2].unlink()
    answer = create_app(library).test_client().post("/export", data={"ids": "3,2,1", "format": "originals"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="originals.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.namelist() == [paths[1].name, paths[0].name, exports.LEFT_OUT]
        assert archive.read(paths[0].name) == paths[0].read_bytes()
        assert archive.read(exports.LEFT_OUT).decode() == f"{paths[2].name}\n"


def test_of_files_with_one_name_later_ones_get_a_number(library: Library) -> None:
    images = [library.load_image(1), library.load_image(2), library.load_image(1)]
    data = b"".join(exports.export_originals(images, lambda image_id: b"x"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["scene-000.jpg", "scene-001.jpg", "scene-000 (2).jpg"]


def test_too_many_pictures_for_a_zip_are_refused(client: FlaskClient) -> None:
    ids = ",".join(map(str, range(1, 1002)))
    answer = client.post("/export", data={"ids": ids, "format": "zip"})
    assert answer.status_code == 400
    assert "at most 1,000 pictures, and these are 1,001" in answer.text


@pytest.mark.parametrize("query", ["format=xls", "q=boat", "q=tag:&format=csv"])
def test_wrong_exports_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/export?{query}").status_code == 400


def test_a_public_server_exports_nothing(library: Library) -> None:
    stranger = create_app(library, public=True).test_client()
    assert stranger.get("/export?format=csv").status_code == 403
    assert stranger.post("/export", data={"ids": "1", "format": "zip"}).status_code == 403
