"""The pictures: only by id or token, only as we encoded them, and not sent twice."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image as PillowImage

from retrieval import DEFAULT_DECODER, Library, Limits
from webapp import create_app, uploads
from webapp.decoding import Decoder

from .conftest import make_browser


@pytest.fixture
def token(client: FlaskClient, jpeg: Callable) -> str:
    answer = client.post("/pictures", data={"picture": (BytesIO(jpeg(5)), "../../etc/x\0.jpg")})
    return answer.headers["Location"].rpartition("=")[2]


def _queries(library: Library) -> Path:
    return library.path / "queries"


@pytest.mark.parametrize("kind", ["thumbnail", "preview"])
def test_pictures_are_webp_without_metadata(client: FlaskClient, kind: str) -> None:
    answer = client.get(f"/media/1/{kind}")
    picture = PillowImage.open(BytesIO(answer.data))
    assert (answer.content_type, picture.format, picture.size) == ("image/webp", "WEBP", (160, 120))
    assert not picture.getexif()
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_query_picture_is_png(client: FlaskClient, token: str) -> None:
    answer = client.get(f"/media/queries/{token}")
    assert answer.content_type == "image/png"
    assert answer.data.startswith(b"\x89PNG")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_what_did_not_change_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get("/media/1/thumbnail").headers["ETag"]
    again = client.get("/media/1/thumbnail", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Security-Policy" in again.headers


def test_a_rendition_is_named_by_its_file_unless_that_is_gone(make_library: Callable[..., Library]) -> None:
    library = make_library(1)
    browser = create_app(library).test_client()
    tag = browser.get("/media/1/preview").headers["ETag"]
    Path(os.fsdecode(library.load_image(1).locations[0].path)).unlink()
    again = browser.get("/media/1/preview", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    fresh = browser.get("/media/1/preview")
    assert fresh.data == library.load_thumbnail(1)
    assert fresh.headers["ETag"] != tag


@pytest.mark.parametrize(
    "address",
    [
        "/media/99/thumbnail",
        "/media/99/preview",
        "/media/0/thumbnail",
        "/media/9223372036854775808/thumbnail",
        "/media/-1/thumbnail",
        "/media/..%2f..%2fetc%2fpasswd/thumbnail",
        "/media/queries/..%2fcatalog.sqlite",
        "/media/queries/../../catalog.sqlite",
        "/media/queries/" + "0" * 32,
        "/media/queries/" + "0" * 31 + "%00",
        "/media/queries/" + "0" * 32 + "%0a",
        "/static/../app.py",
    ],
)
def test_nothing_else_is_served(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert b"SQLite" not in answer.data


def test_the_folder_is_private_and_holds_our_encoding_only(
    client: FlaskClient, library: Library, token: str
) -> None:
    assert _queries(library).stat().st_mode & 0o777 == 0o700
    assert (_queries(library) / f"{token}.png").is_file()
    assert {path.suffix for path in _queries(library).iterdir()} <= {".png", ".name"}


def test_use_renews_and_age_removes(
    make_library: Callable[..., Library], jpeg: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = make_library(1)
    pictures = uploads.QueryPictures(library, Decoder(Limits(), DEFAULT_DECODER))
    tokens = [pictures.keep_picture(jpeg(seed)) for seed in range(3)]
    old = time.time() - uploads.LIFETIME - 60
    for token in tokens[:2]:
        os.utime(_queries(library) / f"{token}.png", (old, old))
    pictures.read_picture(tokens[0])
    monkeypatch.setattr(uploads, "MAX_PICTURES", 3)
    newest = pictures.keep_picture(jpeg(3))
    assert {path.stem for path in _queries(library).iterdir()} == {tokens[0], tokens[2], newest}
    monkeypatch.setattr(uploads, "MAX_PICTURES", 1)
    last = pictures.keep_picture(jpeg(4))
    assert [path.stem for path in _queries(library).iterdir()] == [last]


def test_an_expired_picture_says_so_alike(make_library: Callable[..., Library], jpeg: Callable) -> None:
    library = make_library(1)
    client = make_browser(create_app(library))
    answer = client.post("/pictures", data={"picture": (BytesIO(jpeg(5)), "a.jpg")})
    [kept] = _queries(library).glob("*.png")
    kept.unlink()
    page = client.get(answer.headers["Location"])
    problem = client.get(f"/api/v1/search?picture={kept.stem}")
    assert page.status_code == problem.status_code == 404
    assert problem.json["code"] == "picture-expired"
    assert "seven days" in problem.json["detail"]
    assert problem.json["detail"] in page.text
