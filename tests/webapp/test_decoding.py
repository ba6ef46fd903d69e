"""Pictures that kill, hang or exhaust their decoder fail their own request, never the server."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image as PillowImage
from werkzeug.test import TestResponse

from retrieval import DEFAULT_DECODER, DecodingImpossible, Library, Limits, Settings, images
from tests.browsing import allow_fetching
from tests.drawing import encode_picture
from tests.retrieval.pictures.decoders import NAME
from tests.retrieval.pictures.test_decoder_pool import MISBEHAVIOUR, child_processes
from tests.serving import http_answer, run_server
from webapp import create_app
from webapp.decoding import PROCESSES, Decoder

from .conftest import make_browser


@pytest.fixture
def fragile_app(library: Library) -> Flask:
    """The application, with a decoder that does what a picture asks for."""
    return create_app(library, decoder=NAME)


@pytest.mark.parametrize("data", [b"do kill SIGSEGV", b"do kill SIGKILL", b"do babble 2"])
def test_a_picture_that_ends_its_decoder_is_refused_and_the_next_one_is_answered(
    fragile_app: Flask, jpeg: Callable[[int], bytes], data: bytes
) -> None:
    client, (code, words) = make_browser(fragile_app), MISBEHAVIOUR[data]
    problem = client.post("/api/v1/search", data={"picture_file": (BytesIO(data), "a.png")})
    assert (problem.status_code, problem.json["code"]) == (415, code)
    assert problem.json["detail"].startswith("uploaded picture: ")
    assert words in problem.json["detail"]
    page = client.post("/pictures", data={"picture": (BytesIO(data), "a.png")})
    assert page.status_code == 415
    assert problem.json["detail"] in unescape(page.text)
    assert client.post("/pictures", data={"picture": (BytesIO(jpeg(3)), "a.png")}).status_code == 303
    answered = client.post("/api/v1/search", data={"picture_file": (BytesIO(jpeg(3)), "a.png")})
    assert answered.json["hits"]


def test_a_picture_from_an_address_is_decoded_apart_as_well(fragile_app: Flask) -> None:
    with run_server() as neighbour:
        neighbour.answers["/a.jpg"] = http_answer(b"do kill SIGSEGV")
        allow_fetching(fragile_app, neighbour)
        address = f"http://127.0.0.1:{neighbour.port}/a.jpg"
        problem = fragile_app.test_client().post("/api/v1/search", data={"q": f"url:{address}"})
    assert (problem.status_code, problem.json["code"]) == (415, "decoder-crashed")
    assert problem.json["detail"].startswith(f"{address}: ")


def test_a_picture_that_takes_too_long_is_given_up(library_path: Path) -> None:
    with Library.open(library_path, Settings(decode_seconds=0.5)) as library:
        client = create_app(library, decoder=NAME).test_client()
        problem = client.post("/api/v1/search", data={"picture_file": (BytesIO(b"do sleep 600"), "a.png")})
    assert (problem.status_code, problem.json["code"]) == (415, "timeout")
    assert "setting decode_seconds" in problem.json["detail"]


def test_without_a_process_it_says_so(library: Library, jpeg: Callable[[int], bytes]) -> None:
    client = create_app(library, decoder="no.such:decoder").test_client()
    problem = client.post("/api/v1/search", data={"picture_file": (BytesIO(jpeg(1)), "a.png")})
    assert (problem.status_code, problem.json["code"]) == (503, DecodingImpossible.code)
    assert client.get("/api/v1/search?q=harbour").status_code == 200


def test_few_processes_serve_many_at_once_stay_warm_and_end_with_their_owner(
    jpeg: Callable[[int], bytes],
) -> None:
    before, decoder = child_processes(), Decoder(Limits(), DEFAULT_DECODER)
    with ThreadPoolExecutor(6) as pool:
        decoded = list(pool.map(decoder.decode_pixels, map(jpeg, range(6)), ["it"] * 6))
    assert [pixels.dtype for pixels in decoded] == [np.uint8] * 6
    ours = child_processes() - before
    assert 1 <= len(ours) <= PROCESSES
    decoder.decode_pixels(jpeg(7), "it")
    assert child_processes() - before == ours
    del decoder
    assert not child_processes() & ours


# -- what a request may cost ----------------------------------------------------------------------


def post_files(client: FlaskClient, files: list[bytes], **fields: str) -> TestResponse:
    pictures = [(BytesIO(data), "a.png") for data in files]
    return client.post("/api/v1/search", data={"picture_file": pictures, **fields})


def test_pictures_are_counted_before_any_is_decoded(fragile_app: Flask) -> None:
    """A picture that is decoded here never ends; parts and parameters are looked at before."""
    client = fragile_app.test_client()
    endless = [b"do sleep 600"]
    for files, fields, words in (
        (endless * 17, {}, "17 parts; the limit is 16"),
        (endless * 15, {"q": "harbour boat", "image": "3"}, "17 parts; the limit is 16"),
        (endless, {"q": '"open'}, "quotation mark is missing"),
        (endless, {"limit": "0"}, "limit: "),
        (endless, {"colour": "red"}, "colour: no such parameter"),
    ):
        refused = post_files(client, files, **fields)
        assert (refused.status_code, words in refused.json["detail"]) == (400, True), refused.json


def test_pictures_are_measured_before_any_is_decoded(library_path: Path) -> None:
    """Many pixels in few bytes: a picture of one colour (CWE-409, as the bombs that Pillow and ImageMagick limit)."""
    white = PillowImage.new("1", (1000, 1000), 1)
    picture = encode_picture(white, "PNG")
    assert len(picture) < 1000
    with Library.open(library_path, Settings(max_image_megapixels=5)) as library:
        client = create_app(library).test_client()
        refused = post_files(client, [picture] * 6)
        assert (refused.status_code, refused.json["code"]) == (413, "too-many-pixels")
        assert refused.json["detail"] == (
            "6 pictures together: 6 megapixels; the limit is 5 (setting max_image_megapixels)"
        )
        assert post_files(client, [picture] * 5).status_code == 200


def test_the_pictures_of_a_request_share_the_time_of_one(library_path: Path) -> None:
    with Library.open(library_path, Settings(decode_seconds=0.5)) as library:
        client = create_app(library, decoder=NAME).test_client()
        slow = post_files(client, [b"do sleep 0.3"] * 4)
    assert (slow.status_code, slow.json["code"]) == (415, "timeout")


@pytest.mark.parametrize(
    ("mode", "picture_format"),
    [
        ("RGB", "JPEG"),
        ("1", "PNG"),
        ("P", "GIF"),
        ("RGB", "TIFF"),
        ("I;16", "PNG"),
        ("RGB", "WEBP"),
        ("RGB", "PPM"),
    ],
)
def test_what_the_header_says(mode: str, picture_format: str) -> None:
    assert images.count_pixels(encode_picture(PillowImage.new(mode, (300, 20)), picture_format)) == 6000


@pytest.mark.parametrize(
    "data", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"II*\0" + b"\xff" * 40, b"P6 9 9 255\n"]
)
def test_a_header_that_says_nothing(data: bytes) -> None:
    assert images.count_pixels(data) in (0, 81)
