"""Fish in a reef."""

import numpy as np

from ..canvas import Canvas, linear_gradient, radial_gradient
from ..colour import Colour, brighten, darken, jitter_colour, lighten, mix, parse_palette, rgb
from ..facts import Facts, name_in_turn
from ..finish import finish_scene
from ..land import fill_slope, make_skyline, shade_relief
from ..noise import fractal_noise, smoothstep
from ..outline import Outline, ellipse, open_curve, place, polygon, rotate, smooth_outline, stroke_line

# name: water at the top, middle and bottom, coral in three tones
REEFS = {
    "turquoise": "#b8f4ec #2fb4c0 #0b5a78 #e8607a #f0a05a #8a5ac0",
    "blue": "#a8dcff #2a7ed0 #0a2a6a #f07890 #f4c05a #5a7ae0",
    "green": "#d8f8c8 #3fae8c #0c4a48 #f08a5a #e8d060 #c05a8a",
    "violet": "#d8c8ff #6a5cc8 #1f1658 #ff7ab0 #ffb070 #5ac0d0",
    "deep": "#5aa4d8 #134a8c #051634 #c84a6a #d8884a #6a4ab0",
}
FISH = {
    "orange": "#f5821f #ffffff",
    "yellow": "#f8cf2c #2a3a6a",
    "red": "#d8332c #ffd9c8",
    "blue": "#2a62d8 #f8d030",
    "violet": "#8a4ac8 #ffd060",
    "green": "#3fa860 #e8f4a0",
    "pink": "#f080a8 #fff0f4",
    "silver": "#c8d4dc #3a4a5c",
}


def draw_reef(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """Fish of one kind over coral, light from above."""
    sea, name = name_in_turn(REEFS, turn + turn // 8), name_in_turn(FISH, turn)
    top, middle, bottom, *coral = parse_palette(REEFS[sea])
    canvas.paint_all(
        linear_gradient((0, 0), (0, 1), top, middle, mix(middle, bottom, 0.6), bottom),
        np.ones(canvas.shape, np.float32),
    )
    _draw_shafts(canvas, rng, top)
    for layer in range(3):
        _draw_bank(
            canvas,
            rng,
            0.8 + 0.07 * layer,
            [mix(c, middle, 0.6 - 0.3 * layer) for c in coral],
            mix(bottom, middle, 0.4 - 0.2 * layer),
            0.1 + 0.04 * layer,
        )
    many = rng.random() < 0.5
    _draw_shoal(canvas, rng, parse_palette(FISH[name]), middle, many)
    _draw_bubbles(canvas, rng)
    finish_scene(canvas, rng)
    return {"colour": name, "sea": sea, "count": "shoal" if many else "pair"}


def _draw_shafts(canvas: Canvas, rng: np.random.Generator, light: Colour) -> None:
    x = rng.uniform(0.2, 0.8) * canvas.right
    shafts = []
    for angle in rng.uniform(-0.6, 0.6, 8):
        foot, width = x + np.tan(angle) * 1.1, rng.uniform(0.02, 0.07)
        shafts.append(
            polygon(
                (x + angle * 0.2 - 0.015, -0.1),
                (x + angle * 0.2 + 0.015, -0.1),
                (foot + width, 0.95),
                (foot - width, 0.95),
            )
        )
    canvas.fill(
        linear_gradient((0, 0), (0, 0.9), lighten(light, 0.4), light), *shafts, opacity=0.16, blur=0.014
    )
    canvas.add_glow(x, -0.05, 0.3, lighten(light, 0.5), 0.7)


def _draw_bank(
    canvas: Canvas, rng: np.random.Generator, y: float, coral: list[Colour], sand: Colour, size: float
) -> None:
    """A mound of rock with coral of three kinds growing on it."""
    line = make_skyline(canvas, rng, y + 0.05, 0.1, cells=3, octaves=4)
    shade_relief(canvas, rng, fill_slope(canvas, line, lighten(sand, 0.12), darken(sand, 0.4)), (8, 12), 0.3)
    for x in rng.permutation(np.linspace(0.02, canvas.right - 0.02, 8)):
        foot = float(np.interp(x, np.linspace(0, canvas.right, len(line)), line)) + 0.03
        colour = jitter_colour(rng, coral[int(rng.integers(3))], 0.04)
        kind, tall = rng.integers(3), size * rng.uniform(0.6, 1.3)
        (_draw_branches, _draw_brain_coral, _draw_fan_coral)[kind](canvas, rng, x, foot, tall, colour)


def _draw_branches(
    canvas: Canvas, rng: np.random.Generator, x: float, foot: float, tall: float, colour: Colour
) -> None:
    twigs, ends = [], [(x, foot, -np.pi / 2, tall * 0.42)]
    for _ in range(3):
        grown = []
        for px, py, angle, length in ends:
            for turn in rng.normal((-0.42, 0.42), 0.2):
                tip = px + length * np.cos(angle + turn), py + length * np.sin(angle + turn)
                twigs.append(stroke_line(np.array([(px, py), tip]), np.array([length * 0.3, length * 0.2])))
                twigs.append(ellipse(*tip, length * 0.11, points=12))
                grown.append((*tip, angle + turn, length * 0.75))
        ends = grown
    canvas.fill(
        linear_gradient((x, foot - tall), (x, foot), brighten(colour, 0.3), colour, darken(colour, 0.5)),
        *twigs,
    )


def _draw_brain_coral(
    canvas: Canvas, rng: np.random.Generator, x: float, foot: float, tall: float, colour: Colour
) -> None:
    size = tall * 0.6
    mask = canvas.make_mask(ellipse(x, foot - size * 0.3, size, size * 0.75))
    canvas.paint(
        mask,
        radial_gradient(
            x - size * 0.4, foot - size * 0.9, size * 1.9, brighten(colour, 0.3), colour, darken(colour, 0.6)
        ),
    )
    field = fractal_noise(rng, mask.alpha.shape, (7, 9), 2)
    grooves = smoothstep(0.07, 0.0, np.abs(field - 0.5))
    canvas.paint(type(mask)(mask.top, mask.left, mask.alpha * grooves), darken(colour, 0.5), 0.6)


def _draw_fan_coral(
    canvas: Canvas, rng: np.random.Generator, x: float, foot: float, tall: float, colour: Colour
) -> None:
    blades = []
    for angle in np.linspace(-0.8, 0.8, 9) + rng.normal(0, 0.05, 9):
        length = tall * rng.uniform(0.75, 1.1)
        sway = rng.normal(0, 0.12) * length
        line = open_curve(
            (x, foot),
            (x + np.sin(angle) * length * 0.55 + sway, foot - np.cos(angle) * length * 0.55),
            (x + np.sin(angle) * length, foot - np.cos(angle) * length),
        )
        blades.append(stroke_line(line, np.linspace(tall * 0.07, tall * 0.015, len(line))))
    canvas.fill(
        linear_gradient((x, foot - tall), (x, foot), brighten(colour, 0.35), darken(colour, 0.4)), *blades
    )


def _draw_shoal(
    canvas: Canvas, rng: np.random.Generator, colours: list[Colour], sea: Colour, many: bool
) -> None:
    facing = int(rng.choice([-1, 1]))
    stripes, slim = bool(rng.random() < 0.6), rng.uniform(0.75, 1.15)
    scale = min(canvas.right, 1.1)
    if many:
        spots = [
            (rng.uniform(0.1, 0.9) * canvas.right, rng.uniform(0.16, 0.74), rng.uniform(0.09, 0.17) * scale)
            for _ in range(9)
        ]
    else:
        spots = [
            (rng.uniform(0.36, 0.6) * canvas.right, rng.uniform(0.32, 0.42), 0.44 * scale),
            (rng.uniform(0.25, 0.75) * canvas.right, rng.uniform(0.64, 0.7), 0.22 * scale),
        ]
    for x, y, size in sorted(spots, key=lambda spot: spot[2]):
        air = 0.35 if many and size < 0.13 else 0.0
        body, mark = (mix(c, sea, air) for c in colours)
        _draw_fish(canvas, x, y, size, (facing, slim), rng.normal(0, 0.12), body, mark, stripes)


# a fish that looks to the right, about one unit long
_UPPER = ((0.5, 0.0), (0.36, -0.15), (0.08, -0.24), (-0.2, -0.16), (-0.38, -0.045))
_FLANK = smooth_outline(*_UPPER, (-0.38, 0.045), (-0.2, 0.15), (0.08, 0.23), (0.36, 0.13))
_TAIL = smooth_outline((-0.34, 0.0), (-0.44, -0.1), (-0.6, -0.19), (-0.55, 0.0), (-0.6, 0.19), (-0.44, 0.1))
_BACK_FIN = smooth_outline((0.2, -0.2), (0.02, -0.34), (-0.22, -0.28), (-0.24, -0.12))
_BELLY_FIN = smooth_outline((0.1, 0.2), (-0.06, 0.34), (-0.2, 0.26), (-0.2, 0.12))
_SIDE_FIN = smooth_outline((0.14, 0.03), (0.0, 0.0), (-0.08, 0.09), (0.02, 0.12))
_STRIPE = smooth_outline((-0.05, -0.3), (0.045, -0.3), (0.075, 0.0), (0.04, 0.3), (-0.05, 0.3), (-0.015, 0.0))
_STRIPES = tuple(place(_STRIPE, x, 0) for x in (0.2, -0.04, -0.28))
_BELLY = smooth_outline((0.5, 0.05), (0.1, 0.06), (-0.4, 0.0), (-0.3, 0.3), (0.3, 0.3))


def _draw_fish(
    canvas: Canvas,
    x: float,
    y: float,
    size: float,
    shape: tuple[int, float],
    tilt: float,
    body: Colour,
    mark: Colour,
    stripes: bool,
) -> None:
    """A fish of the given length that looks to the right, or mirrored."""
    facing, slim = shape

    def at(outline: Outline) -> Outline:
        return place(rotate(outline * (1, slim), tilt), x, y, (size * facing, size))

    high, low = (x - 0.5 * size, y - 0.3 * size), (x + 0.3 * size, y + 0.3 * size)
    fins = linear_gradient(high, low, lighten(body, 0.35), darken(body, 0.2))
    canvas.fill(fins, at(_TAIL), at(_BACK_FIN), at(_BELLY_FIN))
    flank, half = canvas.make_mask(at(_FLANK)), 0.25 * size * slim
    light = linear_gradient((0, y - half), (0, y + half), brighten(body, 0.25), body, darken(body, 0.3))
    canvas.paint(flank, light)
    marks = [at(outline) for outline in (_STRIPES if stripes else (_BELLY,))]
    canvas.paint(canvas.make_mask(*marks).intersect(flank), mark, 0.92 if stripes else 0.75)
    gleam = canvas.make_mask(at(ellipse(0.05, -0.15, 0.3, 0.05)), blur=0.02 * size)
    canvas.paint(gleam.intersect(flank), rgb("#ffffff"), 0.35)
    canvas.fill(mix(body, mark, 0.4), at(_SIDE_FIN), opacity=0.85)
    canvas.fill(rgb("#fbfbf4"), at(ellipse(0.34, -0.04, 0.045, 0.045 / slim)))
    canvas.fill(rgb("#10131c"), at(ellipse(0.35, -0.04, 0.027, 0.027 / slim)))
    canvas.fill(rgb("#ffffff"), at(ellipse(0.357, -0.052, 0.009, 0.009 / slim)))


def _draw_bubbles(canvas: Canvas, rng: np.random.Generator) -> None:
    for _ in range(rng.integers(5, 14)):
        x, y, size = rng.uniform(0.05, 0.95) * canvas.right, rng.uniform(0.05, 0.8), rng.uniform(0.005, 0.016)
        canvas.fill(rgb("#ffffff"), ellipse(x, y, size), ellipse(x, y, size * 0.8)[::-1], opacity=0.55)
        canvas.fill(rgb("#ffffff"), ellipse(x - size * 0.35, y - size * 0.35, size * 0.25), opacity=0.9)
