"""Fruit bowls on a table."""

import numpy as np

from ..canvas import Canvas, Mask, linear_gradient, radial_gradient
from ..colour import Colour, brighten, darken, jitter_colour, lighten, mix, parse_palette, rgb
from ..facts import Facts, choose_name, name_in_turn
from ..finish import draw_shadow, finish_scene
from ..noise import fractal_noise, smoothstep
from ..outline import (
    Outline,
    box,
    ellipse,
    join_lines,
    open_curve,
    place,
    rotate,
    smooth_outline,
    stroke_line,
)
from .room import ROOMS, draw_room

# name: base, blush
FRUITS = {
    "apples": "#c8202a #f0b040",
    "oranges": "#f28a1c #ffb84a",
    "lemons": "#f4d22c #fff07a",
    "pears": "#b8c23c #e8d060",
    "plums": "#5a2a6a #9a5a9a",
    "limes": "#6aa82c #c0e060",
    "peaches": "#f2a06a #e0504a",
    "grapes": "#4a2a78 #8a5ac0",
    "green apples": "#8fbc3a #d8e86a",
}
BOWLS = ("#f2ede2", "#3c6a9a", "#2f4a48", "#b8583a", "#e8c45a", "#4a4a54", "#8fb0a4")


def draw_fruit(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A heap of one or two kinds of fruit in a bowl."""
    first, second = name_in_turn(FRUITS, turn), name_in_turn(FRUITS, turn + 1 + int(rng.integers(1, 8)))
    mixed = rng.random() < 0.55 and second != first
    edge = rng.uniform(0.56, 0.64)
    draw_room(canvas, rng, name_in_turn(ROOMS, turn * 3 + turn // 10), edge)
    scale, x, rim = (
        min(canvas.right, 1.12) * rng.uniform(0.92, 1.05),
        canvas.right / 2 + rng.normal(0, 0.02),
        rng.uniform(0.57, 0.62),
    )
    bowl = rgb(choose_name(rng, BOWLS))
    draw_shadow(
        canvas,
        ellipse(x + 0.07, rim + 0.27 * scale, 0.34 * scale, 0.05 * scale),
        colour=rgb("#120c10"),
        blur=0.025,
        opacity=0.6,
    )
    canvas.fill(
        linear_gradient((0, rim - 0.06), (0, rim + 0.06), darken(bowl, 0.65), darken(bowl, 0.3)),
        ellipse(x, rim, 0.36 * scale, 0.07 * scale),
    )
    kinds = [first, second] if mixed else [first]
    for row, (count, lift, wide) in enumerate(((3, 0.17, 0.09), (4, 0.09, 0.19), (5, 0.0, 0.245))):
        for step in rng.permutation(count):
            fx = x + (step / (count - 1) - 0.5) * 2 * wide * scale + rng.normal(0, 0.006)
            fy = (
                rim
                - (lift + 0.02) * scale
                + 0.03 * scale * (1 - abs(step / (count - 1) - 0.5) * 2) * (row > 0)
            )
            draw_piece(canvas, rng, kinds[int(rng.integers(len(kinds)))], fx, fy, 0.088 * scale)
    _draw_bowl(canvas, x, rim, scale, bowl, banded=rng.random() < 0.5)
    if rng.random() < 0.6:
        side = int(rng.choice([-1, 1]))
        draw_piece(canvas, rng, first, x + side * 0.46 * scale, rim + 0.21 * scale, 0.086 * scale)
    finish_scene(canvas, rng)
    return {
        "fruit": first,
        "other": second if mixed else "",
        "place": choose_name(rng, ("table", "kitchen table", "wooden table")),
    }


def _draw_bowl(canvas: Canvas, x: float, rim: float, scale: float, colour: Colour, *, banded: bool) -> None:
    """The front of the bowl, from the near rim to the foot."""
    front = ellipse(x, rim, 0.36 * scale, 0.07 * scale)[:33]
    belly = open_curve(
        (x - 0.36 * scale, rim),
        (x - 0.27 * scale, rim + 0.17 * scale),
        (x - 0.12 * scale, rim + 0.25 * scale),
        (x + 0.12 * scale, rim + 0.25 * scale),
        (x + 0.27 * scale, rim + 0.17 * scale),
        (x + 0.36 * scale, rim),
    )
    canvas.fill(
        darken(colour, 0.5),
        box(x - 0.13 * scale, rim + 0.23 * scale, 0.26 * scale, 0.045 * scale, corner=0.012),
    )
    body = canvas.make_mask(join_lines([front, belly]))
    canvas.paint(
        body,
        linear_gradient(
            (x - 0.4 * scale, rim),
            (x + 0.4 * scale, rim + 0.16 * scale),
            colour,
            lighten(colour, 0.4),
            colour,
            darken(colour, 0.5),
        ),
    )
    lower = linear_gradient(
        (0, rim + 0.08 * scale), (0, rim + 0.26 * scale), darken(colour, 0.15), darken(colour, 0.7)
    )
    canvas.paint(
        canvas.make_mask(box(x - scale, rim + 0.13 * scale, 2 * scale, 0.2), blur=0.03).intersect(body),
        lower,
        0.5,
    )
    if banded:
        band = ellipse(x, rim + 0.045 * scale, 0.355 * scale, 0.07 * scale)
        hoop = stroke_line(np.concatenate([band[:33]]), 0.016 * scale)
        canvas.paint(canvas.make_mask(hoop).intersect(body), mix(colour, rgb("#2a3a5a"), 0.7), 0.8)
    canvas.fill(lighten(colour, 0.5), stroke_line(front, 0.012 * scale))


def draw_piece(canvas: Canvas, rng: np.random.Generator, kind: str, x: float, y: float, size: float) -> None:
    """One fruit, lit from the upper left."""
    base, blush = (jitter_colour(rng, c, 0.015) for c in parse_palette(FRUITS[kind]))
    draw_shadow(
        canvas,
        ellipse(x + size * 0.2, y + size * 0.35, size, size * 0.85),
        colour=darken(base, 0.8),
        blur=size * 0.18,
        opacity=0.5,
    )
    if kind == "grapes":
        _draw_grapes(canvas, rng, x, y, size, base, blush)
        return
    body = _piece_outline(rng, kind, x, y, size)
    mask = canvas.make_mask(body)
    canvas.paint(
        mask,
        radial_gradient(
            x - size * 0.4,
            y - size * 0.45,
            size * 1.75,
            brighten(base, 0.3),
            base,
            darken(base, 0.28),
            darken(base, 0.7),
        ),
    )
    tint = canvas.make_mask(
        ellipse(x + size * rng.normal(0, 0.4), y + size * 0.1, size * 0.6, size * 0.7), blur=size * 0.25
    )
    canvas.paint(tint.intersect(mask), blush, 0.45)
    if kind in ("oranges", "lemons", "limes"):
        pores = smoothstep(0.6, 0.8, fractal_noise(rng, mask.alpha.shape, (26, 26), 1))
        canvas.paint(Mask(mask.top, mask.left, mask.alpha * pores), darken(base, 0.4), 0.13)
    canvas.paint(
        canvas.make_mask(
            ellipse(x - size * 0.38, y - size * 0.45, size * 0.2, size * 0.13), blur=size * 0.08
        ).intersect(mask),
        rgb("#ffffff"),
        0.8,
    )
    if kind in ("apples", "green apples", "pears", "plums", "peaches"):
        _draw_stalk(canvas, rng, x, y - size * (1.45 if kind == "pears" else 0.8), size)


def _piece_outline(rng: np.random.Generator, kind: str, x: float, y: float, size: float) -> Outline:
    if kind == "pears":
        pear = smooth_outline(
            (0, -1.5),
            (0.3, -1.35),
            (0.42, -0.75),
            (0.85, 0.05),
            (0.8, 0.65),
            (0.35, 0.95),
            (-0.35, 0.95),
            (-0.8, 0.65),
            (-0.85, 0.05),
            (-0.42, -0.75),
            (-0.3, -1.35),
        )
        return place(rotate(pear, rng.normal(0, 0.25)), x, y, size)
    if kind in ("lemons", "limes"):
        lemon = smooth_outline(
            (1.2, 0),
            (0.95, 0.28),
            (0.6, 0.68),
            (0, 0.82),
            (-0.6, 0.68),
            (-0.95, 0.28),
            (-1.2, 0),
            (-0.95, -0.28),
            (-0.6, -0.68),
            (0, -0.82),
            (0.6, -0.68),
            (0.95, -0.28),
        )
        return place(rotate(lemon, rng.normal(0.2, 0.4)), x, y, size * 0.95)
    if "apples" in kind:
        apple = smooth_outline(
            (0, -0.8),
            (0.4, -0.98),
            (0.88, -0.7),
            (0.98, -0.05),
            (0.72, 0.7),
            (0.3, 0.95),
            (0, 0.88),
            (-0.3, 0.95),
            (-0.72, 0.7),
            (-0.98, -0.05),
            (-0.88, -0.7),
            (-0.4, -0.98),
        )
        return place(rotate(apple, rng.normal(0, 0.15)), x, y, size)
    return ellipse(x, y, size, size * 0.96)


def _draw_grapes(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, base: Colour, blush: Colour
) -> None:
    for gx, gy in sorted(rng.normal(0, 0.5, (12, 2)).clip(-0.9, 0.9).tolist(), key=lambda at: at[1]):
        px, py, r = x + gx * size, y + gy * size, size * 0.36
        canvas.fill(
            radial_gradient(px - r * 0.35, py - r * 0.4, r * 1.7, blush, base, darken(base, 0.6)),
            ellipse(px, py, r, points=24),
        )
        canvas.fill(rgb("#ffffff"), ellipse(px - r * 0.35, py - r * 0.4, r * 0.17, points=10), opacity=0.75)


def _draw_stalk(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    tip = x + rng.normal(0, 0.15) * size
    canvas.fill(
        rgb("#4a3220"),
        stroke_line(
            open_curve((x, y + size * 0.06), (x, y - size * 0.15), (tip, y - size * 0.38)), size * 0.1
        ),
    )
    if rng.random() < 0.4:
        leaf = smooth_outline((0, 0), (0.35, -0.22), (0.8, -0.1), (0.4, 0.08))
        canvas.fill(
            linear_gradient((x, y - size * 0.4), (x, y), rgb("#7fb84a"), rgb("#2f6a2c")),
            place(leaf, x, y - size * 0.1, size),
        )
