"""Birds on wires."""

import numpy as np

from ..canvas import Canvas, linear_gradient
from ..colour import Colour, brighten, darken, lighten, mix, parse_palette, rgb
from ..facts import Facts, name_in_turn
from ..finish import finish_scene
from ..outline import Outline, bar, box, ellipse, place, polygon, rotate, smooth_outline, stroke_line
from ..sky import draw_clouds, draw_sky

# name: sky from top to bottom, wires, birds
DUSKS = {
    "pink": "#6a6ab0 #e89ab8 #ffd8c0 #2a2440 #2a2440",
    "blue": "#3a8ad8 #a8d8f4 #f0f8fa #2c3a4c #1f2c40",
    "orange": "#7a3a5a #f0824a #ffd880 #2a1824 #20121c",
    "grey": "#9aa4ac #c8ced0 #e8e8e4 #3a3e44 #2c2f36",
    "mint": "#4a9a94 #a8dcc4 #f4f4d8 #24403c #1c3430",
    "violet": "#2c2460 #7a5ab0 #f0b0c0 #18122e #140f26",
    "yellow": "#e8b040 #f8d878 #fff6d0 #4a3414 #3a2810",
}
PLUMAGE = {
    "black": "",
    "blue": "#2a68b8 #f0e8d8",
    "red": "#c8342c #f4d8c0",
    "yellow": "#f2c02a #fff4c8",
    "green": "#4a9a4a #e0f0a8",
}


def draw_birds(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """Birds on sagging wires before an empty sky."""
    name, plumage = name_in_turn(DUSKS, turn), name_in_turn(PLUMAGE, turn + turn // 7)
    *sky_colours, wire, dark = parse_palette(DUSKS[name])
    draw_sky(canvas, sky_colours, 1.0)
    draw_clouds(
        canvas,
        rng,
        lighten(sky_colours[2], 0.4),
        mix(sky_colours[0], sky_colours[1], 0.6),
        cover=0.42,
        bottom=1.1,
        flat=4,
        opacity=0.6,
    )
    slant, count = rng.uniform(-0.16, 0.16), int(rng.integers(2, 5))
    pole = canvas.right * rng.uniform(0.06, 0.2) if rng.random() < 0.5 else 9.0
    colours = parse_palette(PLUMAGE[plumage]) if PLUMAGE[plumage] else [dark, mix(dark, sky_colours[1], 0.25)]
    _draw_pole(canvas, pole, wire, count)
    total = 0
    for step in range(count):
        y = 0.3 + 0.48 * step / count + rng.normal(0, 0.01)
        line = _hang_wire(canvas, y, slant, rng.uniform(0.04, 0.08))
        canvas.fill(wire, stroke_line(line, 0.006))
        total += _draw_branch(
            canvas, rng, line, colours, min(canvas.right, 1.0) * rng.uniform(0.095, 0.13), few=step > 0
        )
    finish_scene(canvas, rng, dark=0.15)
    return {"colour": plumage, "sky": name, "count": "flock" if total > 7 else "few"}


def _hang_wire(canvas: Canvas, y: float, slant: float, sag: float) -> Outline:
    at = np.linspace(-0.02, canvas.right + 0.02, 60)
    middle = canvas.right / 2
    return np.stack([at, y + slant * (at - middle) + sag * (1 - ((at - middle) / middle) ** 2)], 1)


def _draw_branch(
    canvas: Canvas, rng: np.random.Generator, line: Outline, colours: list[Colour], size: float, *, few: bool
) -> int:
    """Sets birds on a wire, apart from each other; returns how many."""
    places = np.arange(0.07 + rng.uniform(0, 0.08), canvas.right - 0.05, size * 1.15)
    chosen = places[rng.random(len(places)) < (0.25 if few else 0.55)]
    for x in chosen:
        y = float(np.interp(x, line[:, 0], line[:, 1]))
        _draw_bird(canvas, rng, x, y, size * rng.uniform(0.9, 1.1), colours, int(rng.choice([-1, 1])))
    return len(chosen)


def _draw_bird(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    y: float,
    size: float,
    colours: list[Colour],
    facing: int,
) -> None:
    coat, belly = colours
    tilt = rng.normal(0, 0.1)

    def place_outline(outline: Outline) -> Outline:
        return place(rotate(outline, tilt), x, y, (size * facing, size))

    body = smooth_outline(
        (0.28, -0.95),
        (0.42, -0.78),
        (0.36, -0.55),
        (0.32, -0.25),
        (0.1, 0.0),
        (-0.12, -0.02),
        (-0.3, 0.12),
        (-0.62, 0.52),
        (-0.7, 0.46),
        (-0.42, -0.06),
        (-0.25, -0.42),
        (0.0, -0.72),
        (0.1, -0.92),
    )
    canvas.fill(
        darken(coat, 0.4),
        place_outline(bar(0.06, -0.05, 0.06, 0.06, 0.04)),
        place_outline(bar(-0.04, -0.05, -0.04, 0.06, 0.04)),
    )
    mask = canvas.make_mask(place_outline(body))
    canvas.paint(
        mask,
        linear_gradient((0, y - size), (0, y + size * 0.2), brighten(coat, 0.2), coat, darken(coat, 0.4)),
    )
    canvas.paint(
        canvas.make_mask(place_outline(ellipse(0.3, -0.36, 0.2, 0.34)), blur=size * 0.05).intersect(mask),
        belly,
        0.85,
    )
    wing = smooth_outline(
        (0.02, -0.6), (0.12, -0.4), (-0.02, -0.15), (-0.5, 0.26), (-0.36, -0.1), (-0.2, -0.42)
    )
    canvas.fill(darken(coat, 0.3), place_outline(wing))
    canvas.fill(
        mix(rgb("#e8a030"), coat, 0.2), place_outline(polygon((0.38, -0.84), (0.58, -0.76), (0.39, -0.72)))
    )
    canvas.fill(rgb("#f8f8f0"), place_outline(ellipse(0.27, -0.8, 0.045)))
    canvas.fill(rgb("#101018"), place_outline(ellipse(0.28, -0.8, 0.03)))


def _draw_pole(canvas: Canvas, x: float, colour: Colour, wires: int) -> None:
    if x > canvas.right:
        return
    wood = linear_gradient((x - 0.02, 0), (x + 0.02, 0), lighten(colour, 0.18), darken(colour, 0.2))
    canvas.fill(wood, bar(x, 0.12, x, 1.1, 0.034))
    for step in range(wires):
        y = 0.3 + 0.48 * step / wires
        canvas.fill(wood, bar(x - 0.11, y, x + 0.11, y, 0.02))
        canvas.fill(
            lighten(colour, 0.35),
            *(box(x + side - 0.007, y - 0.035, 0.014, 0.028, corner=0.004) for side in (-0.09, 0.09)),
        )
