"""Hot-air balloons over hills."""

import numpy as np

from ..canvas import Canvas, linear_gradient, radial_gradient
from ..colour import Colour, darken, lighten, mix, parse_palette, ramp_colours, rgb
from ..facts import Facts, name_in_turn
from ..finish import finish_scene
from ..land import draw_mist, fill_slope, make_skyline, shade_relief
from ..outline import bar, box, stroke_line
from ..sky import draw_clouds, draw_sky, draw_sun

# name: sky from the zenith down, far hills, near hills
AIRS = {
    "blue": "#1c6cc8 #63b0ec #dcf0fa #7fa8b8 #4a8a4a",
    "dawn": "#5a78b8 #e8a8b0 #ffe4b8 #a88aa0 #5a5a6a",
    "evening": "#2a2858 #b8587a #ffb070 #7a4a6a #2f2440",
    "golden": "#c8945a #f4c878 #fff0c8 #c0a070 #7a6a30",
    "pale": "#9ab4c4 #cfdcdc #f4f0e0 #a4b4b0 #6a8a6a",
}
CLOTHS = {
    "red": "#d42f2f #f8e8c8",
    "yellow": "#f6c628 #e86a2a",
    "blue": "#2a62c0 #f4f0e4",
    "green": "#3a9a5a #f0e070",
    "orange": "#f07a22 #7a2a5a",
    "violet": "#7a3fa8 #f4b84a",
    "rainbow": "#e03a3a #3a6ad0",
    "white": "#f6f2ea #c83a4a",
}


def draw_balloons(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """One large balloon over hills, and smaller ones far off."""
    hour, name = name_in_turn(AIRS, turn + turn // 8), name_in_turn(CLOTHS, turn)
    *sky_colours, far, near = parse_palette(AIRS[hour])
    draw_sky(canvas, sky_colours, 0.85)
    if hour in ("dawn", "evening", "golden"):
        draw_sun(canvas, rng.uniform(0.1, 0.9) * canvas.right, 0.66, 0.04, lighten(sky_colours[2], 0.3))
    draw_clouds(
        canvas,
        rng,
        lighten(sky_colours[2], 0.6),
        mix(sky_colours[1], sky_colours[2], 0.4),
        cover=0.48,
        bottom=0.8,
        flat=3,
    )
    for step in range(3):
        mask = fill_slope(
            canvas,
            make_skyline(canvas, rng, 0.86 + 0.05 * step, 0.13 - 0.03 * step),
            mix(far, near, step / 2),
            mix(mix(far, near, step / 2), sky_colours[2], 0.3),
            0.2,
        )
        shade_relief(canvas, rng, mask, (5, 8), 0.18)
        draw_mist(canvas, rng, 0.88 + 0.05 * step, 0.05, sky_colours[2], 0.5)
    scale = min(canvas.right, 1.0)
    count = int(rng.integers(0, 5))
    for _ in range(count):
        other = name_in_turn(CLOTHS, turn + int(rng.integers(1, 8)))
        size = rng.uniform(0.05, 0.1)
        _draw_balloon(
            canvas,
            rng,
            rng.uniform(0.08, 0.92) * canvas.right,
            rng.uniform(0.15, 0.68),
            size,
            [mix(c, sky_colours[1], 0.3) for c in parse_palette(CLOTHS[other])],
            other,
        )
    x = canvas.right * rng.uniform(0.38, 0.62)
    _draw_balloon(
        canvas,
        rng,
        x,
        rng.uniform(0.3, 0.38),
        rng.uniform(0.21, 0.26) * scale,
        parse_palette(CLOTHS[name]),
        name,
    )
    finish_scene(canvas, rng)
    return {"colour": name, "time": hour, "count": "many" if count else "one"}


def _draw_balloon(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, cloth: list[Colour], name: str
) -> None:
    """An envelope of gores around (x, y) with its basket below."""
    around = np.linspace(0, np.pi * 0.93, 40)
    profile = np.sin(around) ** 0.9
    ys = y - size * np.cos(around) * (1 + 0.3 * (around / np.pi) ** 3)
    edge = np.stack([x + size * profile, ys], 1)
    mask = canvas.make_mask(np.concatenate([edge, (edge * (-1, 1) + (2 * x, 0))[::-1]]))
    canvas.paint(mask, cloth[0])
    gores, pattern = 12, int(rng.integers(3))
    for gore in range(gores):
        low, high = -np.cos(np.pi * gore / gores), -np.cos(np.pi * (gore + 1) / gores)
        strip = np.concatenate(
            [np.stack([x + size * profile * low, ys], 1), np.stack([x + size * profile * high, ys], 1)[::-1]]
        )
        canvas.paint(canvas.make_mask(strip).intersect(mask), _gore_colour(cloth, name, gore, gores, pattern))
        seam = np.stack([x + size * profile * high, ys], 1)
        canvas.paint(
            canvas.make_mask(stroke_line(seam, size * 0.012)).intersect(mask), darken(cloth[0], 0.5), 0.35
        )
    if pattern == 1 and name != "rainbow":
        belt = np.abs(ys - y - size * 0.1) < size * 0.2
        canvas.paint(
            canvas.make_mask(
                np.concatenate([edge[belt], (edge[belt] * (-1, 1) + (2 * x, 0))[::-1]])
            ).intersect(mask),
            cloth[1],
        )
    canvas.paint(
        mask,
        radial_gradient(
            x - size * 0.45,
            y - size * 0.5,
            size * 2,
            rgb("#fff6e0"),
            mix(cloth[0], rgb("#ffffff"), 0.4),
            darken(cloth[0], 0.4),
            darken(cloth[0], 0.85),
        ),
        0.34,
    )
    _draw_basket(canvas, x, float(ys[-1]), size, float(profile[-1]) * size)


def _gore_colour(cloth: list[Colour], name: str, gore: int, gores: int, pattern: int) -> Colour:
    if name == "rainbow":
        return ramp_colours(
            parse_palette("#e03a3a #f08a2a #f6d23a #3aa85a #2a7ad0 #7a3fa8"), np.float32(gore / (gores - 1))
        )
    if pattern == 0:
        return cloth[gore % 2]
    return cloth[0] if pattern == 1 or gore // 2 % 2 else mix(cloth[0], cloth[1], 0.25 if pattern == 2 else 1)


def _draw_basket(canvas: Canvas, x: float, neck: float, size: float, wide: float) -> None:
    foot, half = neck + size * 0.26, size * 0.14
    ropes = [
        bar(x + side * wide, neck, x + side * half, foot, max(size * 0.014, 0.002))
        for side in (-1, -0.4, 0.4, 1)
    ]
    canvas.fill(rgb("#4a3626"), *ropes, opacity=0.8)
    canvas.fill(
        linear_gradient((x - half, 0), (x + half, 0), rgb("#b88650"), rgb("#7a5230"), rgb("#4a3020")),
        box(x - half, foot, half * 2, size * 0.2, corner=size * 0.04),
    )
    canvas.fill(rgb("#d8ac74"), bar(x - half, foot + size * 0.02, x + half, foot + size * 0.02, size * 0.03))
    canvas.add_glow(x, neck + size * 0.12, size * 0.12, rgb("#ffb040"), 0.8)
