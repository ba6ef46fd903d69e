"""Pictures that kill, hang or exhaust their decoder fail their own request, never the server."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from retrieval import DEFAULT_DECODER, DecodingImpossible, Library, Limits, Settings, UrlFetcher
from tests.retrieval.pictures.decoders import NAME
from tests.retrieval.pictures.test_decoder_pool import MISBEHAVIOUR, child_processes
from tests.serving import http_answer, run_server
from webapp import create_app
from webapp.decoding import PROCESSES, Decoder


@pytest.fixture
def fragile_app(library: Library) -> Flask:
    """The application, with a decoder that does what a picture asks for."""
    return create_app(library, decoder=NAME)


@pytest.mark.parametrize("data", [b"do kill SIGSEGV", b"do kill SIGKILL", b"do babble 2"])
def test_a_picture_that_ends_its_decoder_is_refused_and_the_next_one_is_answered(
    fragile_app: Flask, jpeg: Callable[[int], bytes], data: bytes
) -> None:
    client, (code, words) = fragile_app.test_client(), MISBEHAVIOUR[data]
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
        by_url = UrlFetcher(10**6, is_allowed=lambda address: address.is_loopback, ports=(neighbour.port,))
        offered = fragile_app.extensions["pictor"]
        fragile_app.extensions["pictor"] = replace(offered, fetchers={**offered.fetchers, "url": by_url})
        address = f"http://127.0.0.1:{neighbour.port}/a.jpg"
        problem = fragile_app.test_client().get("/api/v1/search", query_string={"q": f"url:{address}"})
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
