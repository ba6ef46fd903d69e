"""Copies among the hits of a page lie below the first of them, and the list stays as it is."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image as PillowImage

from retrieval import Library
from tests.drawing import draw_scene, encode_picture
from tests.indexing import index_folder
from webapp import create_app


def test_copies_lie_below_the_first_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (1, 2):
        scene = PillowImage.fromarray(draw_scene(number))
        (folder / f"{number}.png").write_bytes(encode_picture(scene, "PNG"))
    small = PillowImage.fromarray(draw_scene(1)).resize((160, 120))
    (folder / "small.jpg").write_bytes(encode_picture(small, "JPEG", quality=80))
    index_folder(tmp_path / "library", folder)
    with Library.open(tmp_path / "library") as library:
        client = create_app(library).test_client()
        page = client.get("/").text
        grouped = client.get("/?q=group:copies").text
    assert "3 pictures" in page
    assert ">1 stacked<" in page
    [(below, copy)] = re.findall(r'class="tile copy" data-below="(\d+)" data-image-id="(\d+)"', page)
    assert re.findall(r'data-stack="(\d+)"', page) == [below]
    assert copy > below
    assert len(re.findall(r'<rect width="100%" height="100%" fill="#[0-9a-f]{6}"/>', page)) == 3
    assert "data-below" not in grouped
