"""Cities at night."""

import numpy as np

from ..canvas import Canvas, linear_gradient
from ..colour import Colour, darken, jitter_colour, lighten, mix, parse_palette, rgb
from ..facts import Facts, name_in_turn
from ..finish import finish_scene
from ..land import mirror_in_water
from ..outline import Outline, bar, box, ellipse, polygon
from ..sky import draw_clouds, draw_moon, draw_sky, draw_stars

# name: sky from the zenith down, far houses, near houses, windows, signs
NIGHTS = {
    "blue": "#050a24 #10265c #3c5fa8 #2b4688 #0b1434 #ffd98a #6fd0ff",
    "magenta": "#12062c #4a1466 #c2408a #6a2a80 #1c0a34 #ffd0a0 #ff5ac8",
    "teal": "#03171e #0a4650 #46a0a0 #1f6670 #06242c #fff0b0 #5affd8",
    "amber": "#160e1e #51304a #e08a4a #7a4a4c #22141e #ffe08a #ffae4a",
    "violet": "#0c0824 #2c1f66 #7d66c4 #4a3c90 #140f36 #ffe6b0 #b98aff",
    "green": "#04140f #0f3b30 #4c9a6c #22604c #07211a #fff2a8 #8aff9a",
}


def draw_night(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A skyline with lit windows, over water or over streets."""
    name = name_in_turn(NIGHTS, turn)
    *sky_colours, far, near, lamp, sign = parse_palette(NIGHTS[name])
    over_water = rng.random() < 0.6
    foot = rng.uniform(0.66, 0.74) if over_water else 0.98
    draw_sky(canvas, sky_colours, foot)
    draw_stars(canvas, rng, 50, 0.4)
    shining = rng.random() < 0.6
    if shining:
        draw_moon(
            canvas,
            rng,
            rng.uniform(0.15, 0.85) * canvas.right,
            rng.uniform(0.1, 0.24),
            rng.uniform(0.035, 0.06),
        )
    draw_clouds(
        canvas,
        rng,
        mix(sky_colours[2], sky_colours[1], 0.3),
        sky_colours[1],
        cover=0.4,
        bottom=foot,
        flat=5,
        opacity=0.4,
    )
    for layer in range(3):
        _draw_row(canvas, rng, foot, layer, mix(far, near, layer / 2), sky_colours[2], lamp, sign)
    if over_water:
        canvas.fill(
            linear_gradient((0, foot - 0.012), (0, foot), near, darken(near, 0.5)),
            box(-0.1, foot - 0.012, 2, 0.02),
        )
        _draw_quay(canvas, rng, foot, lamp)
        mirror_in_water(canvas, rng, foot, darken(near, 0.3), share=0.25, rough=0.09)
    finish_scene(canvas, rng, glow=0.8)
    return {
        "colour": name,
        "place": "water" if over_water else "streets",
        "moon": "moon" if shining else "stars",
    }


def _draw_row(
    canvas: Canvas,
    rng: np.random.Generator,
    foot: float,
    layer: int,
    wall: Colour,
    air: Colour,
    lamp: Colour,
    sign: Colour,
) -> None:
    """One row of towers from left to right; nearer rows are wider, lower and darker."""
    x, tall = -0.05, foot * (0.72 - 0.14 * layer)
    while x < canvas.right + 0.05:
        width = rng.uniform(0.06, 0.1) + 0.025 * layer
        height = tall * rng.uniform(0.4, 1.0)
        paint = linear_gradient(
            (0, foot - height),
            (0, foot),
            jitter_colour(rng, wall, 0.012),
            mix(wall, air, 0.35 - 0.12 * layer),
        )
        canvas.fill(paint, *_draw_tower(rng, x, foot, width, height))
        canvas.fill(
            darken(wall, 0.5), box(x + width * 0.72, foot - height, width * 0.28, height), opacity=0.35
        )
        _draw_windows(
            canvas, rng, x, foot - height, width, height, mix(lamp, wall, 0.55 - 0.25 * layer), layer
        )
        if layer and rng.random() < 0.3:
            canvas.add_glow(x + width / 2, foot - height, 0.03, sign, 0.9)
            canvas.fill(
                lighten(sign, 0.4),
                box(x + width * 0.2, foot - height + 0.015, width * 0.6, 0.012, corner=0.004),
            )
        x += width + rng.uniform(-0.008, 0.03)


def _draw_tower(
    rng: np.random.Generator, x: float, foot: float, width: float, height: float
) -> list[Outline]:
    """A body with one of four roofs."""
    top, body = foot - height, [box(x, foot - height, width, height + 0.02)]
    roof = rng.integers(5)
    if roof == 0:
        body += [
            bar(x + width / 2, top, x + width / 2, top - 0.09, 0.005),
            box(x + width * 0.3, top - 0.02, width * 0.4, 0.03),
        ]
    if roof == 1:
        body.append(polygon((x, top), (x + width, top), (x + width, top - width * 0.5)))
    if roof == 2:
        body += [
            box(x + width * 0.12, top - 0.025, width * 0.76, 0.03),
            box(x + width * 0.27, top - 0.05, width * 0.46, 0.03),
        ]
    if roof == 3:
        body.append(ellipse(x + width / 2, top, width / 2, width * 0.4))
    return body


def _draw_windows(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    top: float,
    width: float,
    height: float,
    lamp: Colour,
    layer: int,
) -> None:
    """A grid of windows, some lit; whole floors are sometimes at work."""
    step = 0.016 + 0.005 * layer
    columns, rows = int((width - 0.012) / step), int((height - 0.02) / (step * 1.25))
    if columns < 1 or rows < 1:
        return
    lit = rng.random((rows, columns)) < rng.uniform(0.25, 0.6) * np.where(rng.random((rows, 1)) < 0.2, 1.8, 1)
    start = x + (width - columns * step) / 2
    for shade in (lighten(lamp, 0.35), lamp, mix(lamp, rgb("#9fd0ff"), 0.35)):
        chosen = lit & (rng.random(lit.shape) < 0.45)
        panes = [
            box(start + c * step + step * 0.2, top + 0.015 + r * step * 1.25, step * 0.6, step * 0.8)
            for r, c in np.argwhere(chosen)
        ]
        canvas.fill(shade, *panes, opacity=0.9)


def _draw_quay(canvas: Canvas, rng: np.random.Generator, foot: float, lamp: Colour) -> None:
    for x in np.arange(rng.uniform(0, 0.1), canvas.right, 0.11):
        canvas.add_glow(x, foot - 0.02, 0.022, lamp, 0.9)
        canvas.add_glow(x, foot - 0.02, 0.006, rgb("#ffffff"), 1.0)
