"""What one end of the decode protocol packs, the other unpacks; and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np
import pytest

from retrieval import DecodedPage, Limits, Metadata, OpenedFile, UnreadableImage
from retrieval.pictures import decoder_protocol as protocol
from retrieval.pictures.images import DecodedImage
from retrieval.pictures.metadata import Fact
from tests.drawing import draw_scene

LIMITS = Limits(max_bytes=10, seconds=0.5, scaling="minmax", pages="all")
PAGE = DecodedPage(
    DecodedImage(draw_scene(1, 8, 6), 800, 600, "jpeg", datetime(2020, 6, 17, 12, 30), "Leaf"),
    -(2**63),
    b"thumbnail",
    Metadata.from_facts([Fact("xmp", "title", "Pier")]),
)


def unpack_messages(messages: Iterable[bytes | memoryview]) -> DecodedPage:
    return protocol.unpack_page(map(bytes, messages).__next__, "it")


def test_the_start_message_has_limits_and_decoder() -> None:
    assert protocol.unpack_start(protocol.pack_start(LIMITS, "module:function")) == (
        LIMITS,
        "module:function",
    )


def test_an_opened_file_arrives_as_it_was_sent() -> None:
    opened = OpenedFile("ab" * 32, 17, 3)
    assert protocol.unpack_opened_file(protocol.pack_opened_file(opened), "it") == opened


def test_a_page_arrives_as_it_was_sent() -> None:
    page = unpack_messages(protocol.pack_page(PAGE))
    assert np.array_equal(page.image.pixels, PAGE.image.pixels)
    assert page.image.pixels.flags.writeable
    assert page.image.taken_at == PAGE.image.taken_at
    assert (page.image.width, page.image.height, page.image.format, page.image.camera) == (
        800,
        600,
        "jpeg",
        "Leaf",
    )
    assert (page.perceptual_hash, page.thumbnail, page.metadata) == (-(2**63), b"thumbnail", PAGE.metadata)


@pytest.mark.parametrize("number", [1, 2, 1000])
def test_a_page_number_arrives_as_it_was_sent(number: int) -> None:
    message = protocol.pack_page_number(number)
    assert message != protocol.DONE
    assert protocol.unpack_page_number(message) == number


def test_a_refusal_in_place_of_an_answer_is_raised_with_the_name_of_the_file() -> None:
    refusal = protocol.pack_refusal("truncated", "ends too early")
    with pytest.raises(UnreadableImage, match=r"^it: ends too early$") as from_file:
        protocol.unpack_opened_file(refusal, "it")
    with pytest.raises(UnreadableImage, match=r"^it: ends too early$"):
        unpack_messages([refusal])
    assert from_file.value.code == "truncated"


def test_pixels_that_do_not_fit_their_shape_are_refused() -> None:
    description, thumbnail, pixels = protocol.pack_page(PAGE)
    with pytest.raises(ValueError, match="reshape"):
        unpack_messages([description, thumbnail, bytes(pixels)[:-1]])
