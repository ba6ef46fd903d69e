"""Flowers before a blurred garden."""

import numpy as np

from ..canvas import Canvas, linear, radial
from ..colour import Colour, darker, glowing, jitter, lighter, rgb
from ..facts import Facts, in_turn
from ..finish import finish, shadow
from ..outline import TURN, Outline, curve, dabs, ellipse, place, rotate, smooth, stroke
from .garden import GARDENS, bokeh

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


def flowers(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """One bloom close up, or several on their stems."""
    name, kind = (
        in_turn(PETALS, turn),
        in_turn(("daisy", "tulip", "poppy", "rose", "sunflower"), turn * 2 + turn // 9),
    )
    if kind == "sunflower":
        name = "yellow" if rng.random() < 0.7 else "orange"
    bokeh(canvas, rng, in_turn(GARDENS, turn + turn // 7))
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
        stem(canvas, rng, x, y, size)
        _BLOOMS[kind](canvas, rng, x, y, size, jitter(rng, rgb(PETALS[name]), 0.015))
    finish(canvas, rng)
    return {
        "colour": name,
        "flower": kind,
        "blooms": _PLURALS[kind] if many else kind,
        "count": "many" if many else "one",
    }


def stem(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    foot = x + rng.normal(0, 0.08)
    line = curve((x, y), ((x + foot) / 2 + rng.normal(0, 0.02), (y + 1.05) / 2), (foot, 1.05))
    canvas.fill(
        linear((x - 0.02, 0), (x + 0.03, 0), rgb("#8fc45a"), rgb("#2f6a2c")), stroke(line, size * 0.1)
    )
    for side in (-1, 1):
        leaf = smooth((0, 0), (0.5, -0.5), (0.9, -0.95), (0.75, -0.35), (0.3, 0.05))
        at = (x + foot) / 2, (y + 1.15) / 2 + rng.uniform(-0.02, 0.1)
        canvas.fill(
            linear((at[0], at[1] - size), at, rgb("#84bc50"), rgb("#2a5f2a")),
            place(leaf, *at, (size * side * 0.9, size * 0.9)),
        )


def _petal(
    canvas: Canvas, outline: Outline, x: float, y: float, angle: float, colour: Colour, reach: float
) -> None:
    """One petal with light on its tip, shade at its root, and a soft shadow on its neighbours."""
    tip = x + reach * np.sin(angle), y - reach * np.cos(angle)
    shape = place(rotate(outline, angle), x, y)
    shadow(canvas, place(shape, 0.004, 0.007), colour=darker(colour, 0.85), blur=0.008, opacity=0.3)
    side = 0.12 * np.sin(angle + 0.9)
    mask = canvas.mask(shape)
    canvas.paint(
        mask,
        linear(
            (x, y),
            tip,
            darker(colour, 0.5),
            darker(colour, 0.1 + max(side, 0)),
            colour,
            glowing(colour, 0.22 - side),
        ),
    )
    vein = stroke(np.array([(x, y), (x + (tip[0] - x) * 0.85, y + (tip[1] - y) * 0.85)]), reach * 0.025)
    canvas.paint(canvas.mask(vein).within(mask), darker(colour, 0.4), 0.3)


def _ring(
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
            smooth(
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
        _petal(
            canvas,
            petal,
            x,
            y,
            start + step * TURN / count + rng.normal(0, 0.04),
            jitter(rng, colour, 0.012),
            reach,
        )


def _heart(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, colour: Colour, count: int = 90
) -> None:
    """The middle of a bloom: florets in the golden spiral."""
    shadow(canvas, ellipse(x, y, size * 1.12), colour=rgb("#1c1008"), blur=size * 0.12, opacity=0.5)
    canvas.fill(
        radial(x - size * 0.3, y - size * 0.3, size * 1.7, glowing(colour, 0.2), colour, darker(colour, 0.6)),
        ellipse(x, y, size),
    )
    n = np.arange(count)
    away, angle = size * 0.95 * np.sqrt((n + 0.5) / count), n * 2.39996
    xs, ys = x + away * np.cos(angle), y + away * np.sin(angle)
    canvas.fill(
        darker(colour, 0.55),
        *dabs(rng, xs + size * 0.02, ys + size * 0.03, np.full(count, size * 0.06)),
        opacity=0.7,
    )
    canvas.fill(glowing(colour, 0.35), *dabs(rng, xs, ys, np.full(count, size * 0.045)), opacity=0.85)


def daisy(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, colour: Colour) -> None:
    _ring(canvas, rng, x, y, size, darker(colour, 0.14), 14, 0.36)
    _ring(canvas, rng, x, y, size * 0.94, colour, 14, 0.34)
    _heart(
        canvas,
        rng,
        x,
        y,
        size * 0.27,
        rgb("#e8a820") if colour[2] > 0.3 or colour[1] < 0.5 else rgb("#7a4a1c"),
    )


def _sunflower(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, colour: Colour
) -> None:
    _ring(canvas, rng, x, y, size, darker(colour, 0.2), 20, 0.26)
    _ring(canvas, rng, x, y, size * 0.92, colour, 20, 0.26)
    _heart(canvas, rng, x, y, size * 0.46, rgb("#5a3418"), 170)


def _poppy(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, colour: Colour) -> None:
    for count, reach, shade in ((4, 1.0, 0.15), (4, 0.8, 0.0)):
        _ring(canvas, rng, x, y, size * reach, darker(colour, shade), count, 1.5)
    canvas.fill(rgb("#180c14"), ellipse(x, y, size * 0.34), opacity=0.65, blur=size * 0.07)
    _heart(canvas, rng, x, y, size * 0.14, rgb("#5a7a3c"), 30)
    away, angle = size * rng.uniform(0.2, 0.34, 44), rng.uniform(0, TURN, 44)
    canvas.fill(
        rgb("#1c1220"),
        *dabs(rng, x + away * np.cos(angle), y + away * np.sin(angle), np.full(44, size * 0.022)),
    )


def _rose(canvas: Canvas, _rng: np.random.Generator, x: float, y: float, size: float, colour: Colour) -> None:
    """Rounds of petals, each smaller, darker and turned by the golden angle."""
    for layer, reach in enumerate((1.0, 0.84, 0.68, 0.53, 0.39, 0.27, 0.16)):
        shade = darker(colour, 0.05 + 0.05 * layer)
        count = 6 if layer < 3 else 4
        for step in range(count):
            angle = layer * 2.4 + step * TURN / count
            r = size * reach
            cx, cy = x + np.sin(angle) * r * 0.42, y - np.cos(angle) * r * 0.42
            outline = (
                rotate(
                    smooth((-0.62, 0.1), (-0.5, -0.38), (0, -0.56), (0.5, -0.38), (0.62, 0.1), (0, 0.3)),
                    angle,
                )
                * r
            )
            shadow(
                canvas,
                place(outline, cx, cy + 0.006, 1.03),
                colour=darker(colour, 0.85),
                blur=0.009,
                opacity=0.3,
            )
            edge = x + np.sin(angle) * r, y - np.cos(angle) * r
            canvas.fill(
                linear((x, y), edge, darker(shade, 0.55), shade, glowing(lighter(shade, 0.1), 0.16)),
                place(outline, cx, cy),
            )


def _tulip(
    canvas: Canvas, _rng: np.random.Generator, x: float, y: float, size: float, colour: Colour
) -> None:
    back = smooth((0, -0.95), (0.3, -0.5), (0.42, 0.1), (0.2, 0.55), (-0.2, 0.55), (-0.42, 0.1), (-0.3, -0.5))
    side = smooth(
        (0.52, -0.9), (0.62, -0.35), (0.56, 0.25), (0.25, 0.62), (-0.05, 0.6), (0.1, 0.0), (0.3, -0.5)
    )
    front = smooth(
        (0, -0.72), (0.28, -0.3), (0.36, 0.2), (0.14, 0.64), (-0.14, 0.64), (-0.36, 0.2), (-0.28, -0.3)
    )
    fall = (x, y - size), (x, y + size * 0.6)
    for shape, shade, flip in ((back, 0.32, 1), (side, 0.2, 1), (side, 0.04, -1), (front, 0.0, 1)):
        outline = place(shape, x, y, (size * flip, size))
        shadow(canvas, place(outline, 0.004, 0.005), colour=darker(colour, 0.8), blur=0.008, opacity=0.35)
        tone = darker(colour, shade)
        canvas.fill(linear(*fall, glowing(lighter(tone, 0.12), 0.2), tone, darker(tone, 0.35)), outline)
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
_BLOOMS = {"daisy": daisy, "tulip": _tulip, "poppy": _poppy, "rose": _rose, "sunflower": _sunflower}
