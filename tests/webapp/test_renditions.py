"""Browsers are told which renditions there are, and how wide each is."""

from __future__ import annotations

from flask.testing import FlaskClient

from retrieval import answers
from webapp.renditions import large_sources, rendition_width, tile_sizes, tile_sources

from .test_tiles import hit


def picture(**fields: object) -> answers.Hit:
    return hit(**{"missing": False} | fields)


def test_a_tile_has_the_preview_for_screens_with_many_pixels(client: FlaskClient) -> None:
    with client.application.test_request_context():
        wide = picture(width=6000, height=4000, thumbnail="/t")
        assert tile_sources(wide) == "/t 320w, /media/7/preview 768w"
        assert (
            tile_sources(picture(width=4000, height=6000, thumbnail="/t")) == "/t 213w, /media/7/preview 512w"
        )
        assert large_sources(wide) == "/media/7/preview 768w, /media/7/large 1800w"


def test_nothing_is_to_choose_where_one_rendition_is_all_that_there_is(client: FlaskClient) -> None:
    with client.application.test_request_context():
        assert tile_sources(picture(width=320, height=200)) == ""
        assert tile_sources(picture(width=6000, height=4000, missing=True)) == ""
        assert large_sources(picture(width=700, height=500)) == ""


def test_long_pictures_are_no_longer_than_four_times_the_side() -> None:
    assert rendition_width(picture(width=20_000, height=1000), 512) == 2048
    assert rendition_width(picture(width=300, height=200), 512) == 300


def test_only_lazy_pictures_can_be_as_wide_as_they_are_laid_out() -> None:
    assert tile_sizes(15, is_lazy=False) == "(max-width: 560px) 195px, 345px"
    assert tile_sizes(10, is_lazy=True).startswith("auto, ")
