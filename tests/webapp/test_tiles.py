"""What is written on the tiles of a page of results, and the shapes that they come in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from retrieval import answers
from webapp.wording import file_name, hit_remarks, tile_shape

STYLE = Path(__file__).parents[2] / "webapp" / "static" / "pictor.css"


def hit(**fields: object) -> answers.Hit:
    """A hit of which only these fields matter."""
    return answers.Hit.model_construct(**{"group": None, "band": None, "path": "", "id": 7} | fields)


def test_a_caption_comes_before_the_name_of_the_file(client: FlaskClient) -> None:
    page = client.get("/?q=meadow").text
    tile = page[page.index('data-image-id="3"') :]
    assert tile.index("Scene 2") < tile.index("scene-002.jpg")
    assert '<p class="words">Scene 2</p>' in tile


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(400, 300, 13), (300, 400, 8), (100, 100, 10), (100, 900, 6), (9000, 100, 26), (1, 1, 10)],
)
def test_a_tile_has_the_shape_of_its_picture(width: int, height: int, shape: int) -> None:
    assert tile_shape(hit(width=width, height=height)) == shape


def test_the_style_sheet_has_every_shape() -> None:
    ratios = dict(re.findall(r'\[data-shape="(\d+)"\] \{ --ratio: ([\d.]+); \}', STYLE.read_text("utf-8")))
    assert {int(shape): float(ratio) for shape, ratio in ratios.items()} == {
        shape: shape / 10 for shape in range(6, 27)
    }


def test_what_the_heading_says_is_not_said_on_each_tile() -> None:
    assert hit_remarks(hit(band="looks like")) == ""
    assert hit_remarks(hit(band="strong")) == "strong"


def test_a_picture_without_a_known_file_has_a_name() -> None:
    assert file_name(hit()) == "picture 7"
    assert file_name(hit(path="a/b.jpg")) == "b.jpg"
