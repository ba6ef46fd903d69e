"""One table from error to status, one sentence for page and JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy
from flask import Flask
from flask.testing import FlaskClient

import retrieval
from retrieval import Library, RetrievalError, Settings, answers
from webapp import create_app, errors
from webapp.app import MAX_UPLOAD


def _make_error(kind: type[RetrievalError]) -> RetrievalError:
    arguments = {
        retrieval.ImageTooLarge: lambda: retrieval.ImageTooLarge(
            "a.png", amount=480, limit=200, unit="megapixels", setting="max_image_megapixels"
        ),
        retrieval.UnreadableImage: lambda: retrieval.UnreadableImage("a.png", "truncated", "ends too early"),
        retrieval.ProjectionDamaged: lambda: retrieval.ProjectionDamaged("words", "missing"),
        retrieval.FeatureDamaged: lambda: retrieval.FeatureDamaged("colour", [3]),
        retrieval.DurabilityTooLow: lambda: retrieval.DurabilityTooLow("here", "synchronous is 1, not 2"),
        retrieval.SchemaOutOfDate: lambda: retrieval.SchemaOutOfDate("here", "0001", "0002"),
        retrieval.StorageFailed: lambda: retrieval.StorageFailed("here", "disk full"),
        retrieval.NotEnoughMemory: lambda: retrieval.NotEnoughMemory("vectors", 1),
        retrieval.NameUnknown: lambda: retrieval.NameUnknown("saved search", "<b>signs</b>", ["boats"]),
        retrieval.NameTaken: lambda: retrieval.NameTaken("concept", "<b>signs</b>"),
        retrieval.NameInUse: lambda: retrieval.NameInUse("concept", "<b>signs</b>", ["boats"]),
        retrieval.EditUnknown: lambda: retrieval.EditUnknown(7),
        retrieval.WebhookUnknown: lambda: retrieval.WebhookUnknown(7),
        errors.NotPublic: errors.NotPublic,
        errors.NotOffered: errors.NotOffered,
        errors.SnapshotBusy: errors.SnapshotBusy,
        errors.KeyMissing: errors.KeyMissing,
        errors.ScopeMissing: lambda: errors.ScopeMissing("<b>signs</b>", ("search",), "edit"),
        errors.TooManyTries: lambda: errors.TooManyTries(60),
        retrieval.LibraryBusy: lambda: retrieval.LibraryBusy("here", "process 7"),
        errors.PictureExpired: errors.PictureExpired,
        errors.ServerBusy: errors.ServerBusy,
        retrieval.DeadlinePassed: retrieval.DeadlinePassed,
        retrieval.CursorExpired: retrieval.CursorExpired,
        retrieval.PictureUnreachable: lambda: retrieval.PictureUnreachable("https://a.b/c", "takes too long"),
    }
    return arguments.get(kind, lambda: kind("a sentence with <b>signs</b>"))()


@pytest.fixture(scope="module")
def failing_app(library: Library) -> Flask:
    """The application with two more addresses that raise each error of the table."""
    app = create_app(library)

    def fail(number: int) -> str:
        raise _make_error(errors.STATUSES[number][0])

    def crash() -> str:
        raise ZeroDivisionError("a secret in a traceback")

    app.add_url_rule("/fail/<int:number>", "fail", fail)
    app.add_url_rule("/api/v1/fail/<int:number>", "fail-api", fail)
    app.add_url_rule("/crash", "crash", crash)
    app.add_url_rule("/api/v1/crash", "crash-api", crash)
    return app


def test_the_table_is_complete() -> None:
    statuses = {kind.__name__: status for kind, status in errors.STATUSES}
    assert statuses == {
        "UnknownHost": 400,
        "NotPublic": 403,
        "KeyMissing": 401,
        "ScopeMissing": 403,
        "NameUnknown": 404,
        "NameTaken": 409,
        "NameInUse": 409,
        "JobRunning": 409,
        "JobUnknown": 404,
        "NotOffered": 501,
        "SnapshotBusy": 503,
        "InvalidEdit": 400,
        "EditUnknown": 404,
        "VerdictNotFound": 404,
        "WebhookUnknown": 404,
        "ForeignRequest": 403,
        "PictureExpired": 404,
        "PictureUnreachable": 502,
        "TooManyFetches": 503,
        "ServerBusy": 503,
        "DeadlinePassed": 503,
        "TooManyTries": 429,
        "CursorExpired": 410,
        "InvalidQuery": 400,
        "ImageNotFound": 404,
        "OriginalMissing": 404,
        "ImageTooLarge": 413,
        "UnreadableImage": 415,
        "DecodingImpossible": 503,
        "ProjectionDamaged": 503,
        "FeatureDamaged": 503,
        "DurabilityTooLow": 503,
        "SchemaOutOfDate": 503,
        "StorageFailed": 503,
        "LibraryBusy": 503,
        "NotEnoughMemory": 503,
        "RetrievalError": 500,
    }
    assert errors.http_status(errors.InvalidParameter("x")) == 400


@pytest.mark.parametrize("number", range(len(errors.STATUSES)))
def test_page_and_json_say_the_same(failing_app: Flask, number: int) -> None:
    kind, status = errors.STATUSES[number]
    page, problem = (failing_app.test_client().get(f"{base}/fail/{number}") for base in ("", "/api/v1"))
    assert page.status_code == problem.status_code == status
    assert problem.content_type == "application/problem+json"
    assert problem.json["detail"] == str(_make_error(kind))
    assert problem.json["code"] == _make_error(kind).code
    assert problem.json["status"] == status
    assert str(_make_error(kind)) in unescape(page.text)
    assert "<b>signs" not in page.text
    answers.ProblemDetails.model_validate(problem.json)


@pytest.mark.parametrize("address", ["/crash", "/api/v1/crash"])
def test_the_unexpected_is_logged_and_not_shown(
    failing_app: Flask, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    answer = failing_app.test_client().get(address)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    [number] = re.findall(r"under request ([0-9a-f]{12})", answer.text)
    assert number in caplog.text
    assert "a secret in a traceback" in caplog.text


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/api/v1/nowhere", 404, "not-found"),
        ("GET", "/images/99", 404, "image-not-found"),
        ("GET", "/api/v1/images/99", 404, "image-not-found"),
        ("GET", "/api/v1/images/99/similar", 404, "image-not-found"),
        ("GET", "/api/v1/search?image=99", 404, "image-not-found"),
        ("GET", "/?image=99", 404, "image-not-found"),
        ("GET", "/images/9223372036854775808", 404, "not-found"),
        ("GET", "/media/99/thumbnail", 404, "image-not-found"),
        ("GET", "/media/queries/x", 404, "picture-expired"),
        ("POST", "/", 405, "method-not-allowed"),
        ("DELETE", "/api/v1/images/1", 405, "method-not-allowed"),
    ],
)
def test_addresses_that_lead_nowhere(
    client: FlaskClient, method: str, address: str, status: int, code: str
) -> None:
    answer = client.open(address, method=method)
    assert answer.status_code == status
    assert code in answer.text
    if status == 405:
        assert answer.headers["Allow"]


UPLOADS = [
    (b"This is text, whatever its name says.", 415, "not-an-image"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 415, "not-an-image"),
    (b"\xff\xd8\xff\xe0" + b"\0" * 50, 415, ""),
    (b"", 415, "empty-file"),
]


@pytest.mark.parametrize(("data", "status", "code"), UPLOADS, ids=["text", "svg", "broken", "empty"])
def test_uploads_that_are_no_pictures(client: FlaskClient, data: bytes, status: int, code: str) -> None:
    page = client.post("/pictures", data={"picture": (BytesIO(data), "a.png")})
    problem = client.post("/api/v1/search", data={"picture_file": (BytesIO(data), "a.png")})
    assert page.status_code == problem.status_code == status
    assert code in problem.json["code"]
    assert problem.json["detail"] in unescape(page.text)


def test_an_upload_that_is_too_large(client: FlaskClient) -> None:
    start = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
    body, kind = start + bytes(MAX_UPLOAD) + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"
    page = client.post("/pictures", data=body, content_type=kind)
    problem = client.post("/api/v1/search", data=body, content_type=kind)
    assert page.status_code == problem.status_code == 413
    assert problem.json["detail"] in page.text
    assert "the limit is 20 MB" in page.text


def test_more_fields_than_any_search_has(client: FlaskClient) -> None:
    many = client.post("/api/v1/search", data={"image": ["1"] * 2000}, content_type="multipart/form-data")
    assert (many.status_code, many.content_type) == (413, "application/problem+json")


def test_a_picture_with_too_many_pixels(library_path: Path, jpeg: Callable) -> None:
    with Library.open(library_path, Settings(max_image_megapixels=0.01)) as library:
        picture = (BytesIO(jpeg(1)), "a.jpg")
        answer = create_app(library).test_client().post("/pictures", data={"picture": picture})
    assert answer.status_code == 413
    assert "megapixels" in answer.text


@pytest.mark.parametrize("count", [0, 2])
def test_one_picture_at_a_time(client: FlaskClient, jpeg: Callable, count: int) -> None:
    files = [(BytesIO(jpeg(seed)), "a.jpg") for seed in range(count)] or [(BytesIO(), "")]
    answer = client.post("/pictures", data={"picture": files})
    assert answer.status_code == 400
    assert "choose one picture" in answer.text


def test_a_damaged_projection_names_the_command(make_library: Callable[..., Library]) -> None:
    library = make_library(3)
    for path in (library.path / "projections").rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    client = create_app(library).test_client()
    page, problem = client.get("/?image=1"), client.get("/api/v1/search?image=1")
    assert page.status_code == problem.status_code == 503
    assert "pictor rebuild" in problem.json["detail"]
    assert problem.json["detail"] in unescape(page.text)
    assert client.get("/images/1").status_code == 200
    assert client.get("/api/v1/status").json["damages"]


def test_a_catalog_that_fails_is_said(make_library: Callable[..., Library]) -> None:
    library = make_library(1)
    with sqlalchemy.create_engine(f"sqlite:///{library.path / 'catalog.sqlite'}").begin() as catalog:
        catalog.execute(sqlalchemy.text("ALTER TABLE thumbnail RENAME TO gone"))
    answer = create_app(library).test_client().get("/media/1/thumbnail")
    assert answer.status_code == 503
    assert answer.json["code"] == "storage-failed"
