"""Cups and teapots on a table."""

import numpy as np

from ..canvas import Canvas, Mask, linear_gradient, radial_gradient
from ..colour import Colour, brighten, darken, lighten, rgb
from ..facts import Facts, choose_name, name_in_turn
from ..finish import draw_shadow, finish_scene
from ..outline import box, ellipse, join_lines, open_curve, place, smooth_outline, stroke_line
from .room import ROOMS, draw_room

GLAZES = {
    "red": "#c23a34",
    "white": "#f4f0e8",
    "blue": "#3a70b4",
    "yellow": "#f0c23c",
    "green": "#5a9a6a",
    "black": "#2c2d34",
    "pink": "#ec9aaa",
    "turquoise": "#3cb0ac",
    "orange": "#ea8238",
}


def draw_cups(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A cup or a teapot (or both), steaming."""
    name, kind = name_in_turn(GLAZES, turn), name_in_turn(("cup", "teapot", "tea set"), turn + turn // 9)
    edge = rng.uniform(0.55, 0.62)
    draw_room(canvas, rng, name_in_turn(ROOMS, turn * 3 + 4 + turn // 10), edge)
    glaze, pattern = rgb(GLAZES[name]), choose_name(rng, ("plain", "dotted", "striped", "plain"))
    scale, x = min(canvas.right, 1.15), canvas.right / 2
    foot = rng.uniform(0.8, 0.85)
    if kind == "cup":
        _draw_cup(canvas, rng, x - 0.03 * scale, foot, 0.48 * scale, glaze, pattern)
    elif kind == "teapot":
        _draw_teapot(canvas, rng, x, foot, 0.56 * scale, glaze, pattern)
    else:
        _draw_teapot(canvas, rng, x - 0.17 * scale, foot - 0.05, 0.42 * scale, glaze, pattern)
        _draw_cup(canvas, rng, x + 0.28 * scale, foot + 0.04, 0.25 * scale, glaze, pattern)
    finish_scene(canvas, rng)
    return {"colour": name, "object": kind, "pattern": "" if pattern == "plain" else pattern}


def _draw_glazed_cup(
    canvas: Canvas,
    mask: Mask,
    x: float,
    y: float,
    size: float,
    glaze: Colour,
    pattern: str,
) -> None:
    """China with its pattern, a window's reflection, and shade on the right."""
    canvas.paint(
        mask,
        linear_gradient(
            (x - size * 0.5, 0),
            (x + size * 0.5, 0),
            darken(glaze, 0.12),
            brighten(glaze, 0.2),
            glaze,
            darken(glaze, 0.6),
        ),
    )
    accent = lighten(glaze, 0.75) if glaze.mean() < 0.75 else rgb("#3a5f9a")
    if pattern == "dotted":
        marks = [
            ellipse(
                x + c * size * 0.15 + (r % 2) * size * 0.075, y + r * size * 0.12, size * 0.032, points=20
            )
            for c in range(-5, 6)
            for r in range(-6, 7)
        ]
        canvas.paint(canvas.make_mask(*marks).intersect(mask), accent, 0.85)
    if pattern == "striped":
        marks = [box(x - size, y + r * size * 0.16, size * 2, size * 0.05) for r in range(-4, 5)]
        canvas.paint(canvas.make_mask(*marks).intersect(mask), accent, 0.85)
    canvas.paint(
        canvas.make_mask(box(x + size * 0.18, y - size, size, size * 2), blur=size * 0.12).intersect(mask),
        darken(glaze, 0.9),
        0.4,
    )
    canvas.paint(
        canvas.make_mask(
            ellipse(x - size * 0.22, y - size * 0.05, size * 0.05, size * 0.2), blur=size * 0.025
        ).intersect(mask),
        rgb("#ffffff"),
        0.65,
    )


def _draw_cup(
    canvas: Canvas, rng: np.random.Generator, x: float, foot: float, size: float, glaze: Colour, pattern: str
) -> None:
    top, half = foot - size * 0.72, size * 0.46
    draw_shadow(
        canvas,
        ellipse(x + size * 0.16, foot + size * 0.05, size * 0.72, size * 0.13),
        colour=rgb("#120c10"),
        blur=0.022,
        opacity=0.55,
    )
    saucer = linear_gradient(
        (x - size * 0.7, 0), (x + size * 0.7, 0), lighten(glaze, 0.35), glaze, darken(glaze, 0.5)
    )
    canvas.fill(darken(glaze, 0.5), ellipse(x, foot + size * 0.025, size * 0.72, size * 0.14))
    canvas.fill(saucer, ellipse(x, foot, size * 0.72, size * 0.14))
    canvas.fill(
        darken(glaze, 0.45), ellipse(x, foot - size * 0.005, size * 0.4, size * 0.07), opacity=0.6, blur=0.008
    )
    handle = stroke_line(
        open_curve(
            (x + half * 0.86, top + size * 0.14),
            (x + half * 1.5, top + size * 0.14),
            (x + half * 1.5, top + size * 0.4),
            (x + half * 0.6, top + size * 0.52),
        ),
        size * 0.075,
    )
    canvas.fill(
        linear_gradient((x + half, top), (x + half * 1.6, top + size * 0.5), glaze, darken(glaze, 0.55)),
        handle,
    )
    body = join_lines(
        [
            open_curve(
                (x - half, top), (x - half * 0.93, top + size * 0.34), (x - half * 0.5, foot - size * 0.03)
            ),
            open_curve(
                (x - half * 0.5, foot - size * 0.03),
                (x, foot + size * 0.02),
                (x + half * 0.5, foot - size * 0.03),
            ),
            open_curve(
                (x + half * 0.5, foot - size * 0.03), (x + half * 0.93, top + size * 0.34), (x + half, top)
            ),
            ellipse(x, top, half, size * 0.11)[:33],
        ]
    )
    _draw_glazed_cup(canvas, canvas.make_mask(body), x, top + size * 0.36, size, glaze, pattern)
    canvas.fill(lighten(glaze, 0.5), ellipse(x, top, half, size * 0.11))
    drink = rgb(choose_name(rng, ("#4a2814", "#a85a1c", "#7a8a2c", "#c89a6a")))
    canvas.fill(
        linear_gradient((x - half, 0), (x + half, 0), darken(drink, 0.4), drink, lighten(drink, 0.2)),
        ellipse(x, top + size * 0.012, half * 0.93, size * 0.09),
    )
    _draw_steam(canvas, rng, x, top - size * 0.02, size)


# a teapot around (0, 0), its body one unit wide
_HANDLE = stroke_line(open_curve((-0.38, -0.2), (-0.72, -0.24), (-0.7, 0.12), (-0.4, 0.2)), 0.075)
_SPOUT = join_lines(
    [
        open_curve((0.38, 0.22), (0.6, 0.06), (0.78, -0.3)),
        open_curve((0.68, -0.33), (0.55, -0.08), (0.36, -0.06)),
    ]
)
_LID = join_lines(
    [
        open_curve((-0.25, -0.31), (0, -0.48), (0.25, -0.31)),
        open_curve((0.25, -0.31), (0, -0.27), (-0.25, -0.31)),
    ]
)
_RIGHT = ((0.34, -0.26), (0.49, 0.04), (0.32, 0.31))
_BELLY = smooth_outline((0, -0.38), *_RIGHT, (0, 0.36), *((-x, y) for x, y in reversed(_RIGHT)))


def _draw_teapot(
    canvas: Canvas, rng: np.random.Generator, x: float, foot: float, size: float, glaze: Colour, pattern: str
) -> None:
    y = foot - size * 0.38
    ground = ellipse(x + size * 0.14, foot + size * 0.01, size * 0.6, size * 0.09)
    draw_shadow(canvas, ground, colour=rgb("#120c10"), blur=0.022, opacity=0.6)
    left, right = (x - size * 0.75, 0), (x - size * 0.35, 0)
    canvas.fill(
        linear_gradient(left, right, lighten(glaze, 0.25), darken(glaze, 0.35)), place(_HANDLE, x, y, size)
    )
    root, tip = (x + size * 0.35, y - size * 0.2), (x + size * 0.75, y + size * 0.1)
    canvas.fill(linear_gradient(root, tip, glaze, darken(glaze, 0.45)), place(_SPOUT, x, y, size))
    stand = box(x - size * 0.24, foot - size * 0.06, size * 0.48, size * 0.07, corner=size * 0.03)
    canvas.fill(darken(glaze, 0.6), stand)
    _draw_glazed_cup(canvas, canvas.make_mask(place(_BELLY, x, y, size)), x, y, size, glaze, pattern)
    _draw_lid(canvas, x, y, size, glaze)
    _draw_steam(canvas, rng, x + size * 0.74, y - size * 0.34, size * 0.8)


def _draw_lid(canvas: Canvas, x: float, y: float, size: float, glaze: Colour) -> None:
    span = (x - size * 0.25, 0), (x + size * 0.25, 0)
    tones = lighten(glaze, 0.35), glaze, darken(glaze, 0.45)
    canvas.fill(linear_gradient(*span, *tones), place(_LID, x, y, size))
    gleam = radial_gradient(x - size * 0.02, y - size * 0.49, size * 0.09, *tones)
    canvas.fill(gleam, ellipse(x, y - size * 0.47, size * 0.06))


def _draw_steam(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    wisps = []
    for drift in rng.normal(0, 0.1, 3):
        at = np.linspace(0, 1, 24)
        sway = np.sin(at * rng.uniform(4, 7) + rng.uniform(0, 6)) * 0.045 * size * (0.3 + at)
        line = np.stack([x + drift * size + sway, y - at * size * rng.uniform(0.4, 0.6)], 1)
        wisps.append(stroke_line(line, size * 0.07 * np.sin(np.pi * at) + 0.002))
    canvas.fill(rgb("#ffffff"), *wisps, opacity=0.36, blur=0.016)
