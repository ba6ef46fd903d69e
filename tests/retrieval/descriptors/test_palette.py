"""Swatches rank pictures by how much of the colours they have; a palette is the colours of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.descriptors import labelled_pictures, load_pixels
from benchmarks.sets import why_unavailable
from benchmarks.swatches import measure_swatches
from retrieval.descriptors.lab import describe_colours
from retrieval.descriptors.palette import palette_of, palette_vector, swatches_vector
from retrieval.pictures.images import RGB
from retrieval.query.values import Swatch
from tests.drawing import draw_scene

RED, BLUE, GREEN, GREY, WHITE = "#d01c1c", "#1e40d0", "#1c9038", "#808080", "#ffffff"
COLOURS = (RED, BLUE, GREEN, GREY, WHITE)
SHARES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


def draw_stripes(*swatches: tuple[str, float], turned: bool = False) -> RGB:
    """Stripes of these colours, as wide as their shares of 720 pixels."""
    parts = [np.full((60, round(720 * share), 3), Swatch(colour).rgb, np.uint8) for colour, share in swatches]
    picture = np.concatenate(parts, axis=1)
    return picture.transpose(1, 0, 2).copy() if turned else picture


def colour_score(picture: RGB, *swatches: Swatch) -> float:
    return float(describe_colours(picture) @ swatches_vector(swatches))


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("other", COLOURS)
def test_the_more_of_a_colour_the_higher_the_score(colour: str, other: str) -> None:
    if colour == other:
        return
    scores = [
        colour_score(draw_stripes((colour, share), (other, 1 - share)), Swatch(colour)) for share in SHARES
    ]
    assert scores == sorted(scores)
    assert scores[0] < 0.05 < scores[1]
    assert 0.75 < scores[-1] <= 1.001


def test_places_do_not_matter() -> None:
    swatches_asked = Swatch(RED), Swatch(WHITE, 3)
    one = colour_score(draw_stripes((RED, 0.25), (WHITE, 0.75)), *swatches_asked)
    assert one == pytest.approx(
        colour_score(draw_stripes((WHITE, 0.75), (RED, 0.25), turned=True), *swatches_asked), abs=1e-3
    )
    assert 0.75 < one <= 1.001


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.5), (0.8, 0.2)])
def test_of_two_colours_both_are_wanted(first: float, second: float) -> None:
    swatches_asked = Swatch(RED, first), Swatch(BLUE, second)
    both = colour_score(draw_stripes((RED, first), (BLUE, second)), *swatches_asked)
    assert both > colour_score(draw_stripes((RED, 1)), *swatches_asked) + 0.05
    assert both > colour_score(draw_stripes((BLUE, 1)), *swatches_asked) + 0.05
    assert both > colour_score(draw_stripes((RED, first), (GREEN, second)), *swatches_asked) + 0.05
    assert (
        colour_score(draw_stripes((RED, first), (GREEN, second)), *swatches_asked)
        > colour_score(draw_stripes((GREEN, 1)), *swatches_asked) + 0.3
    )


def test_shares_are_beside_each_other() -> None:
    """Only the ratio of the shares counts."""
    one = swatches_vector([Swatch(RED, 1), Swatch(BLUE, 3)])
    assert swatches_vector([Swatch(RED, 20), Swatch(BLUE, 60)]) == pytest.approx(one, abs=1e-5)
    assert np.abs(swatches_vector([Swatch(RED, 3), Swatch(BLUE, 1)]) - one).max() > 0.1


def test_near_colours_count_and_far_ones_do_not() -> None:
    near, far = draw_stripes(("#c8282a", 1)), draw_stripes(("#e08a20", 1))
    assert colour_score(near, Swatch(RED)) > 0.7
    assert colour_score(draw_stripes((BLUE, 1)), Swatch(RED)) < 0.05
    assert colour_score(far, Swatch(RED)) < 0.6


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#0000ff", "#00ff00", "#ff00ff", "#00ffff"])
def test_colours_at_the_edge_of_what_screens_show_find_themselves(colour: str) -> None:
    assert 0.75 < colour_score(draw_stripes((colour, 1)), Swatch(colour)) <= 1.001


def test_a_palette_asks_for_the_colours_of_a_picture_and_not_for_their_places() -> None:
    picture = draw_scene(3, 144, 144)
    query = palette_vector(describe_colours(picture))
    tiles = [tile for row in np.split(picture, 2) for tile in np.split(row, 2, axis=1)]
    moved = np.concatenate([np.concatenate(tiles[2:], axis=1), np.concatenate(tiles[1::-1], axis=1)])
    assert describe_colours(picture) @ query == pytest.approx(1, abs=1e-5)
    assert describe_colours(moved) @ query == pytest.approx(1, abs=1e-3)
    assert max(describe_colours(draw_scene(seed)) @ query for seed in range(4, 10)) < 0.95


def test_the_palette_of_stripes_is_their_colours_and_shares() -> None:
    palette = palette_of(draw_stripes((RED, 0.5), (WHITE, 0.3), (BLUE, 0.2)))
    assert [swatch.colour for swatch in palette] == [RED, WHITE, BLUE]
    assert [swatch.share for swatch in palette] == pytest.approx([0.5, 0.3, 0.2], abs=0.02)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 3), (33, 1000)])
def test_one_colour_of_any_shape_is_one_swatch(shape: tuple[int, int]) -> None:
    assert palette_of(np.full((*shape, 3), (17, 93, 200), np.uint8)) == (Swatch("#115dc8", 1.0),)


@pytest.mark.parametrize("seed", range(8))
def test_a_palette_is_short_whole_and_the_same_every_time(seed: int) -> None:
    picture = draw_scene(seed)
    palette = palette_of(picture)
    assert 2 <= len(palette) <= 8
    assert sum(swatch.share for swatch in palette) == pytest.approx(1)
    assert min(swatch.share for swatch in palette) >= 0.02
    assert [swatch.share for swatch in palette] == sorted((swatch.share for swatch in palette), reverse=True)
    assert palette_of(picture.copy()) == palette
    assert describe_colours(picture) @ swatches_vector(palette) > 0.65  # the palette represents the picture


def test_noise_has_a_palette_too() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
    assert 1 <= len(palette_of(noise)) <= 8


@pytest.mark.sets
@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
def test_real_pictures_come_in_the_order_of_what_they_hold() -> None:
    figures = measure_swatches([load_pixels(path) for path, _ in labelled_pictures("corel1k")[::4]])
    assert figures["1 nDCG@10"] > 0.92
    assert figures["2 nDCG@10"] > 0.86
    assert figures["3 nDCG@10"] > 0.84
