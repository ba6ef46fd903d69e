"""The pages of a TIFF are counted and taken out, whatever its offsets say."""

from __future__ import annotations

import random
import struct
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from retrieval.pictures.images import decode_image
from retrieval.pictures.tiff_pages import MAX_PAGES, count_pages, extract_page, page_digest
from tests.drawing import draw_scene, encode_picture
from tests.retrieval.pictures.test_raw_preview import make_dng, make_nef

SCENES = [draw_scene(seed, 40, 30) for seed in range(4)]


def encode_pages(kinds: tuple[int, ...] = (0, 0, 0, 0), **options: object) -> bytes:
    """Four pages, each of a kind: 0, or 1 for a preview of another page."""
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer, **options) as writer:  # type: ignore[arg-type]
        for pixels, kind in zip(SCENES, kinds, strict=True):
            writer.write(pixels, photometric="rgb", subfiletype=kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "options", [{}, {"byteorder": ">"}, {"bigtiff": True}], ids=["little", "big", "64-bit"]
)
def test_every_page_is_a_file_of_its_own(options: dict[str, object]) -> None:
    data = encode_pages(**options)
    assert count_pages(data) == 4
    assert extract_page(data, 1) is data
    for number, expected in enumerate(SCENES, 1):
        assert np.array_equal(decode_image(extract_page(data, number), name="it").pixels, expected)


def test_a_preview_is_no_page() -> None:
    data = encode_pages((0, 1, 0, 1))
    assert count_pages(data) == 2
    assert np.array_equal(decode_image(extract_page(data, 2), name="it").pixels, SCENES[2])


def test_the_first_directory_is_a_page_whatever_it_says() -> None:
    assert count_pages(encode_pages((1, 1, 1, 1))) == 1


@pytest.mark.parametrize(
    "data",
    [b"", make_nef(), make_dng(), b"II*\0", b"II*\0\x08", encode_picture(Image.fromarray(SCENES[0]), "PNG"), encode_picture(Image.fromarray(SCENES[0]), "TIFF"),
     encode_picture(Image.fromarray(SCENES[0]), "GIF", save_all=True, append_images=[Image.fromarray(SCENES[1])])],
    ids=["nothing", "nef", "dng", "mark", "cut", "png", "one-page", "animation"],
)  # fmt: skip
def test_all_else_has_one(data: bytes) -> None:
    assert count_pages(data) == 1


def test_a_page_that_is_not_there_is_an_index_error() -> None:
    for data, number in ((encode_pages(), 5), (encode_picture(Image.fromarray(SCENES[0]), "PNG"), 2)):
        with pytest.raises(IndexError):
            extract_page(data, number)


def chain_directories(directories: int, *, back_to: int | None = None) -> bytes:
    """Directories without entries, one after the other; the last one may point back."""
    data = b"II*\0" + struct.pack("<I", 8)
    for number in range(1, directories + 1):
        following = 8 + 6 * number if number < directories else back_to or 0
        data += struct.pack("<HI", 0, following)
    return data


def test_a_chain_that_has_no_end_is_not_followed_for_ever() -> None:
    assert count_pages(chain_directories(5, back_to=8)) == 5
    assert count_pages(chain_directories(MAX_PAGES + 500)) == MAX_PAGES + 1


@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_have_pages_or_none(seed: int) -> None:
    chance = random.Random(seed)
    for data in (encode_pages(), encode_pages(bigtiff=True)):
        for _ in range(100):
            damaged = bytearray(data)
            for _ in range(4):
                damaged[chance.randrange(chance.choice([16, len(data)]))] = chance.choice(
                    [0, 255, chance.randrange(256)]
                )
            count = count_pages(bytes(damaged))
            assert 1 <= count <= MAX_PAGES + 1
            assert len(extract_page(bytes(damaged), count)) == len(damaged)


def test_pages_are_known_by_their_file_and_their_number() -> None:
    first = "ab" * 32
    digests = [page_digest(first, number) for number in range(1, 5)]
    assert digests[0] == first
    assert len(set(digests)) == 4
    assert {len(digest) for digest in digests} == {64}
    assert page_digest("cd" * 32, 2) not in digests
