"""A curve is drawn as it is: lines in the right places, the same for the same curve, readable ticks."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from indexer.errors import TrainingImpossible
from indexer.training.chart import BOTTOM, COLOURS, GREY, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, draw_curve

SVG = "{http://www.w3.org/2000/svg}"


def line(phase: str, views: int, rate: float, **losses: float) -> dict[str, Any]:
    return {
        "phase": phase,
        "step": views // 8,
        "views": views,
        "rate": rate,
        "size": 64,
        "seconds": 1.0,
        **losses,
    }


CURVE_LINES = [
    line("apart", 100, 0.003, loss=1.0, **{"link 0": 2.0}),
    line("together", 100, 0.001, loss=0.1, pooled=0.1, links=0.5),
    line("together", 200, 0.002, loss=0.01, pooled=0.01, links=0.0),
]


def polylines(svg: str) -> dict[str, list[tuple[float, float]]]:
    """The points of every line in a drawing, by its colour."""
    return {
        found.attrib["stroke"]: [
            (float(x), float(y)) for x, y in (pair.split(",") for pair in found.attrib["points"].split())
        ]
        for found in ElementTree.fromstring(svg).iter(f"{SVG}polyline")
    }


def texts(svg: str) -> dict[str, str]:
    """The colours of all texts of a drawing."""
    return {str(found.text): found.attrib["fill"] for found in ElementTree.fromstring(svg).iter(f"{SVG}text")}


def test_losses_lie_over_the_views_of_both_phases_by_their_logarithms() -> None:
    svg = draw_curve(CURVE_LINES, "out")
    middle = (LEFT + WIDTH - RIGHT) / 2  # 200 of 300 views are two thirds of the way
    third = (WIDTH - RIGHT - LEFT) / 3
    loss = polylines(svg)[texts(svg)["loss"]]
    assert [x for x, _ in loss] == pytest.approx([LEFT + third, LEFT + 2 * third, LEFT + 3 * third], abs=0.1)
    assert loss[0][0] < middle < loss[1][0]
    assert [y for _, y in loss] == pytest.approx([TOP, (TOP + HEIGHT - BOTTOM) / 2, HEIGHT - BOTTOM], abs=0.1)


def test_the_rate_has_an_axis_of_its_own_from_nothing() -> None:
    rate = polylines(draw_curve(CURVE_LINES, "out"))[GREY]
    height = HEIGHT - BOTTOM - TOP
    assert [HEIGHT - BOTTOM - y for _, y in rate] == pytest.approx(
        [height, height / 3, height * 2 / 3], abs=0.1
    )


def test_losses_of_nothing_of_single_links_and_those_named_twice_are_not_drawn() -> None:
    svg = draw_curve(CURVE_LINES, "out")
    assert {name for name, colour in texts(svg).items() if colour in COLOURS} == {"loss", "links"}
    assert len(polylines(svg)[texts(svg)["links"]]) == 1


def test_a_title_is_no_markup() -> None:
    assert "<b>&" in texts(draw_curve(CURVE_LINES, "<b>&"))


@pytest.mark.parametrize("lines", [[], [line("together", 8, 0.1, loss=0.0)]])
def test_a_curve_without_losses_is_refused(lines: list[dict[str, Any]]) -> None:
    with pytest.raises(TrainingImpossible, match="out: no losses"):
        draw_curve(lines, "out")


def test_one_checkpoint_is_a_curve_too() -> None:
    svg = draw_curve([line("together", 8, 0.0, loss=0.5)], "out")
    assert polylines(svg)[texts(svg)["loss"]] == [(WIDTH - RIGHT, (TOP + HEIGHT - BOTTOM) / 2)]


@pytest.mark.parametrize(
    ("low", "high", "logarithmic", "wanted"),
    [
        (0, 41_000, False, [0, 10_000, 20_000, 30_000, 40_000]),
        (0, 7, False, [0, 2, 4, 6]),
        (0, 0, False, [0]),
        (0.04, 1.3, True, [0.05, 0.1, 0.2, 0.5, 1]),
        (0.15, 0.45, True, [0.2, 0.3, 0.4]),
    ],
)
def test_ticks_are_round_and_few(low: float, high: float, logarithmic: bool, wanted: list[float]) -> None:
    assert Axis(low, high, 0, 1, logarithmic).choose_ticks() == pytest.approx(wanted)
