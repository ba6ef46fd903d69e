"""Flowers before a blurred garden."""

import numpy as np

from ..canvas import Canvas, linear_gradient, radial_gradient
from ..colour import Colour, brighten, darken, jitter_colour, lighten, rgb
from ..facts import Facts, name_in_turn
from ..finish import draw_shadow, finish_scene
from ..outline import (
    TURN,
    Outline,
    ellipse,
    open_curve,
    place,
    rotate,
    rough_dabs,
    smooth_outline,
    stroke_line,
)
from .garden import GARDENS, draw_bokeh

PETALS = {
    "red": "#d8242c",
    "yellow": "#f8c820",
    "pink": "#f080a8",
    "violet": "#8a48b8",
    "white": "#f6f4ee",
    "orange": "#f5822a",
    "blue": "#4a6ed0",
    "crimson": "#9a1838",
    "peach": "#ffb890",
}


def draw_flowers(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """One bloom close up, or several on their stems."""
    name, kind = (
        name_in_turn(PETALS, turn),
        name_in_turn(("daisy", "tulip", "poppy", "rose", "sunflower"), turn * 2 + turn // 9),
    )
    if kind == "sunflower":
        name = "yellow" if rng.random() < 0.7 else "orange"
    draw_bokeh(canvas, rng, name_in_turn(GARDENS, turn + turn // 7))
    scale = min(canvas.right, 1.0)
    many = kind == "tulip" or rng.random() < 0.5
    spots = [(canvas.right * rng.uniform(0.44, 0.56), rng.uniform(0.4, 0.46), 0.32 * scale)]
    if many:
        spots = [
            (
                canvas.right * (0.5 + side * rng.uniform(0.25, 0.31)),
                rng.uniform(0.28, 0.6),
                rng.uniform(0.14, 0.19) * scale,
            )
            for side in (-1, 1)
        ]
        spots += [(canvas.right * rng.uniform(0.46, 0.54), rng.uniform(0.34, 0.44), 0.23 * scale)]
    for x, y, size in spots:
        draw_stem(canvas, rng, x, y, size)
        _BLOOMS[kind](canvas, rng, x, y, size, jitter_colour(rng, rgb(PETALS[name]), 0.015))
    finish_scene(canvas, rng)
    return {
        "colour": name,
        "flower": kind,
        "blooms": _PLURALS[kind] if many else kind,
        "count": "many" if many else "one",
    }


def draw_stem(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    foot = x + rng.normal(0, 0.08)
    line = open_curve((x, y), ((x + foot) / 2 + rng.normal(0, 0.02), (y + 1.05) / 2), (foot, 1.05))
    canvas.fill(
        linear_gradient((x - 0.02, 0), (x + 0.03, 0), rgb("#8fc45a"), rgb("#2f6a2c")),
        stroke_line(line, size * 0.1),
    )
    for side in (-1, 1):
        leaf = smooth_outline((0, 0), (0.5, -0.5), (0.9, -0.95), (0.75, -0.35), (0.3, 0.05))
        at = (x + foot) / 2, (y + 1.15) / 2 + rng.uniform(-0.02, 0.1)
        canvas.fill(
            linear_gradient((at[0], at[1] - size), at, rgb("#84bc50"), rgb("#2a5f2a")),
            place(leaf, *at, (size * side * 0.9, size * 0.9)),
        )


def _draw_petal(
    canvas: Canvas, outline: Outline, x: float, y: float, angle: float, colour: Colour, reach: float
) -> None:
    """One petal with light on its tip, shade at its root, and a soft shadow on its neighbours."""
    tip = x + reach * np.sin(angle), y - reach * np.cos(angle)
    shape = place(rotate(outline, angle), x, y)
    draw_shadow(canvas, place(shape, 0.004, 0.007), colour=darken(colour, 0.85), blur=0.008, opacity=0.3)
    side = 0.12 * np.sin(angle + 0.9)
    mask = canvas.make_mask(shape)
    canvas.paint(
        mask,
        linear_gradient(
            (x, y),
            tip,
            darken(colour, 0.5),
            darken(colour, 0.1 + max(side, 0)),
            colour,
            brighten(colour, 0.22 - side),
        ),
    )
    vein = stroke_line(np.array([(x, y), (x + (tip[0] - x) * 0.85, y + (tip[1] - y) * 0.85)]), reach * 0.025)
    canvas.paint(canvas.make_mask(vein).intersect(mask), darken(colour, 0.4), 0.3)


def _draw_ring(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    y: float,
    size: float,
    colour: Colour,
    count: int,
    wide: float,
) -> None:
    start = rng.uniform(0, TURN)
    for step in rng.permutation(count):
        reach = size * rng.uniform(0.93, 1.05)
        petal = (
            smooth_outline(
                (0, 0),
                (wide * 0.45, -0.4),
                (wide * 0.55, -0.75),
                (wide * 0.2, -0.99),
                (-wide * 0.2, -0.99),
                (-wide * 0.55, -0.75),
                (-wide * 0.45, -0.4),
            )
            * reach
        )
        _draw_petal(
            canvas,
            petal,
            x,
            y,
            start + step * TURN / count + rng.normal(0, 0.04),
            jitter_colour(rng, colour, 0.012),
            reach,
        )


def _draw_heart(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, colour: Colour, count: int = 90
) -> None:
    """The middle of a bloom: florets in the golden spiral."""
    draw_shadow(canvas, ellipse(x, y, size * 1.12), colour=rgb("#1c1008"), blur=size * 0.12, opacity=0.5)
    canvas.fill(
        radial_gradient(
            x - size * 0.3, y - size * 0.3, size * 1.7, brighten(colour, 0.2), colour, darken(colour, 0.6)
        ),
        ellipse(x, y, size),
    )
    n = np.arange(count)
    away, angle = size * 0.95 * np.sqrt((n + 0.5) / count), n * 2.39996
    xs, ys = x + away * np.cos(angle), y + away * np.sin(angle)
    canvas.fill(
        darken(colour, 0.55),
        *rough_dabs(rng, xs + size * 0.02, ys + size * 0.03, np.full(count, size * 0.06)),
        opacity=0.7,
    )
    canvas.fill(brighten(colour, 0.35), *rough_dabs(rng, xs, ys, np.full(count, size * 0.045)), opacity=0.85)


def draw_daisy(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, colour: Colour
) -> None:
    _draw_ring(canvas, rng, x, y, size, darken(colour, 0.14), 14, 0.36)
    _draw_ring(canvas, rng, x, y, size * 0.94, colour, 14, 0.34)
    _draw_heart(
        canvas,
        rng,
        x,
        y,
        size * 0.27,
        rgb("#e8a820") if colour[2] > 0.3 or colour[1] < 0.5 else rgb("#7a4a1c"),
    )


def _draw_sunflower(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, colour: Colour
) -> None:
    _draw_ring(canvas, rng, x, y, size, darken(colour, 0.2), 20, 0.26)
    _draw_ring(canvas, rng, x, y, size * 0.92, colour, 20, 0.26)
    _draw_heart(canvas, rng, x, y, size * 0.46, rgb("#5a3418"), 170)


def _draw_poppy(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, colour: Colour
) -> None:
    for count, reach, shade in ((4, 1.0, 0.15), (4, 0.8, 0.0)):
        _draw_ring(canvas, rng, x, y, size * reach, darken(colour, shade), count, 1.5)
    canvas.fill(rgb("#180c14"), ellipse(x, y, size * 0.34), opacity=0.65, blur=size * 0.07)
    _draw_heart(canvas, rng, x, y, size * 0.14, rgb("#5a7a3c"), 30)
    away, angle = size * rng.uniform(0.2, 0.34, 44), rng.uniform(0, TURN, 44)
    canvas.fill(
        rgb("#1c1220"),
        *rough_dabs(rng, x + away * np.cos(angle), y + away * np.sin(angle), np.full(44, size * 0.022)),
    )


def _draw_rose(
    canvas: Canvas, _rng: np.random.Generator, x: float, y: float, size: float, colour: Colour
) -> None:
    """Rounds of petals, each smaller, darker and turned by the golden angle."""
    for layer, reach in enumerate((1.0, 0.84, 0.68, 0.53, 0.39, 0.27, 0.16)):
        shade = darken(colour, 0.05 + 0.05 * layer)
        count = 6 if layer < 3 else 4
        for step in range(count):
            angle = layer * 2.4 + step * TURN / count
            r = size * reach
            cx, cy = x + np.sin(angle) * r * 0.42, y - np.cos(angle) * r * 0.42
            outline = (
                rotate(
                    smooth_outline(
                        (-0.62, 0.1), (-0.5, -0.38), (0, -0.56), (0.5, -0.38), (0.62, 0.1), (0, 0.3)
                    ),
                    angle,
                )
                * r
            )
            draw_shadow(
                canvas,
                place(outline, cx, cy + 0.006, 1.03),
                colour=darken(colour, 0.85),
                blur=0.009,
                opacity=0.3,
            )
            edge = x + np.sin(angle) * r, y - np.cos(angle) * r
            canvas.fill(
                linear_gradient(
                    (x, y), edge, darken(shade, 0.55), shade, brighten(lighten(shade, 0.1), 0.16)
                ),
                place(outline, cx, cy),
            )


def _draw_tulip(
    canvas: Canvas, _rng: np.random.Generator, x: float, y: float, size: float, colour: Colour
) -> None:
    back = smooth_outline(
        (0, -0.95), (0.3, -0.5), (0.42, 0.1), (0.2, 0.55), (-0.2, 0.55), (-0.42, 0.1), (-0.3, -0.5)
    )
    side = smooth_outline(
        (0.52, -0.9), (0.62, -0.35), (0.56, 0.25), (0.25, 0.62), (-0.05, 0.6), (0.1, 0.0), (0.3, -0.5)
    )
    front = smooth_outline(
        (0, -0.72), (0.28, -0.3), (0.36, 0.2), (0.14, 0.64), (-0.14, 0.64), (-0.36, 0.2), (-0.28, -0.3)
    )
    fall = (x, y - size), (x, y + size * 0.6)
    for shape, shade, flip in ((back, 0.32, 1), (side, 0.2, 1), (side, 0.04, -1), (front, 0.0, 1)):
        outline = place(shape, x, y, (size * flip, size))
        draw_shadow(
            canvas, place(outline, 0.004, 0.005), colour=darken(colour, 0.8), blur=0.008, opacity=0.35
        )
        tone = darken(colour, shade)
        canvas.fill(
            linear_gradient(*fall, brighten(lighten(tone, 0.12), 0.2), tone, darken(tone, 0.35)), outline
        )
    canvas.fill(
        rgb("#ffffff"),
        ellipse(x - size * 0.12, y - size * 0.05, size * 0.05, size * 0.3),
        opacity=0.25,
        blur=size * 0.04,
    )


_PLURALS = {
    "daisy": "daisies",
    "tulip": "tulips",
    "poppy": "poppies",
    "rose": "roses",
    "sunflower": "sunflowers",
}
_BLOOMS = {
    "daisy": draw_daisy,
    "tulip": _draw_tulip,
    "poppy": _draw_poppy,
    "rose": _draw_rose,
    "sunflower": _draw_sunflower,
}
