"""Forests."""

import numpy as np

from ..canvas import Canvas, linear_gradient
from ..colour import Colour, darken, jitter_colour, lighten, mix, parse_palette, rgb
from ..facts import Facts, choose_name, name_in_turn
from ..finish import draw_shadow, finish_scene
from ..land import draw_crown, draw_mist, fill_slope, make_skyline, pine_outline, pine_paint, shade_relief
from ..noise import fractal_noise, smoothstep
from ..outline import Outline, bar, ellipse, open_curve, place, polygon, stroke_line

# name: light through the trees, far foliage, near foliage, ground
WOODS = {
    "green": "#f2f6c8 #9cc48a #2f6b34 #3f5a2a",
    "autumn": "#fff0c4 #efb454 #c8551f #7a4420",
    "misty": "#e4ecf0 #a3b8c0 #35505a #3a4a4a",
    "winter": "#f6f4fa #c0cde0 #4a5c78 #e9eef6",
    "spring": "#fbfbd8 #cfe38c #6fa83a #6a8a3a",
    "night": "#3a5c8a #1f3a66 #0b1a38 #0c1a2c",
    "golden": "#fff2b8 #f0cc6a #8a7a24 #6a5a22",
}


def draw_forest(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """Trunks or firs in depth, with light falling from one side."""
    name = name_in_turn(WOODS, turn)
    light, far, near, floor = parse_palette(WOODS[name])
    kind = choose_name(rng, ("firs", "birches", "oaks"))
    canvas.paint_all(
        linear_gradient((0, 0), (0, 0.8), mix(far, light, 0.35), light),
        np.float32(1) + np.zeros(canvas.shape, np.float32),
    )
    source = rng.uniform(0.2, 0.8) * canvas.right
    canvas.add_glow(source, 0.25, 0.35, lighten(light, 0.4), 0.3 if name == "night" else 0.8)
    for layer in range(4):
        share = layer / 3
        _draw_floor(canvas, rng, 0.66 + 0.1 * layer, haze_of(light, far, floor, share))
        {"firs": _draw_firs, "birches": _draw_birches, "oaks": _draw_oaks}[kind](
            canvas, rng, 0.68 + 0.1 * layer, share, haze_of(light, far, near, share), name
        )
        draw_mist(canvas, rng, 0.66 + 0.1 * layer, 0.1, light, 0.5 * (1 - share))
    _draw_rays(canvas, rng, source, light, 0.10 if name == "night" else 0.2)
    finish_scene(canvas, rng, dark=0.16)
    return {"season": name, "trees": kind}


def haze_of(light: Colour, far: Colour, near: Colour, share: float) -> Colour:
    """From the light in the distance over the far colour to the near one."""
    return mix(light, far, 0.45 + share) if share < 0.5 else mix(far, near, share * 2 - 1)


def _draw_floor(canvas: Canvas, rng: np.random.Generator, y: float, colour: Colour) -> None:
    mask = fill_slope(
        canvas, make_skyline(canvas, rng, y + 0.03, 0.05, cells=3), lighten(colour, 0.1), darken(colour, 0.2)
    )
    shade_relief(canvas, rng, mask, (6, 9), 0.16)


def _draw_firs(
    canvas: Canvas, rng: np.random.Generator, base: float, share: float, colour: Colour, name: str
) -> None:
    for x in rng.permutation(np.linspace(-0.05, canvas.right + 0.05, int(13 - 7 * share))):
        tall = rng.uniform(0.34, 0.5) * (1 + 0.75 * share)
        tree = pine_outline(rng, x + rng.normal(0, 0.03), base + rng.uniform(-0.01, 0.03), tall)
        if share > 0.9 and abs(x / canvas.right - 0.5) < 0.3:
            continue  # the view into the wood stays open
        shade = jitter_colour(rng, colour, 0.015)
        canvas.fill(pine_paint(x, base, tall, shade, 0.15 + 0.5 * share), tree)
        if name == "winter":
            canvas.fill(rgb("#f4f7fd"), place(tree, -0.008, -0.004), opacity=0.18)


def _draw_birches(
    canvas: Canvas, rng: np.random.Generator, base: float, share: float, colour: Colour, name: str
) -> None:
    bark = mix(colour, rgb("#f3efe6"), 0.15 + 0.5 * share)
    for x in rng.uniform(-0.02, canvas.right + 0.02, int(11 - 6 * share)):
        width = (0.012 + 0.034 * share) * rng.uniform(0.7, 1.2)
        lean = rng.normal(0, 0.03)
        trunk = stroke_line(
            open_curve((x, base + 0.03), (x + lean * 0.6, base * 0.5), (x + lean, -0.1)), width
        )
        mask = canvas.make_mask(trunk)
        canvas.paint(
            mask,
            linear_gradient(
                (x - width / 2 + lean / 2, 0),
                (x + width / 2 + lean / 2, 0),
                lighten(bark, 0.25),
                bark,
                darken(bark, 0.55),
            ),
        )
        marks = [
            bar(
                x + lean * (1 - y / base) - width * rng.uniform(0, 0.6),
                y,
                x + lean * (1 - y / base) + width * rng.uniform(0, 0.6),
                y + rng.normal(0, 0.003),
                width * rng.uniform(0.06, 0.2),
            )
            for y in rng.uniform(0, base, 16)
        ]
        canvas.paint(canvas.make_mask(*marks).intersect(mask), darken(colour, 0.7), 0.75)
    if name != "winter":
        _draw_canopy(canvas, rng, share, colour)


def _draw_canopy(canvas: Canvas, rng: np.random.Generator, share: float, colour: Colour) -> None:
    """Foliage hanging in from above."""
    field = fractal_noise(rng, canvas.shape, (14, 18), 4, 0.62)
    _, y = canvas.pixel_grid()
    canvas.paint_all(
        lighten(colour, 0.12), smoothstep(0.5, 0.58, field - y * (1.0 - 0.3 * share)) * np.float32(0.85)
    )
    canvas.paint_all(
        darken(colour, 0.15), smoothstep(0.58, 0.68, field - y * (1.1 - 0.3 * share)) * np.float32(0.8)
    )


def _draw_oaks(
    canvas: Canvas, rng: np.random.Generator, base: float, share: float, colour: Colour, _name: str
) -> None:
    for x in rng.permutation(np.linspace(0, canvas.right, int(7 - 4 * share))) + rng.normal(0, 0.04):
        size = 0.15 + 0.08 * share
        if share > 0.9:
            x = -0.02 if x < canvas.right / 2 else canvas.right + 0.02  # a frame of two great trees
            size = 0.3
        top = base - size * 1.7
        trunk = stroke_line(
            open_curve((x, base + 0.04), (x + rng.normal(0, 0.02), (base + top) / 2), (x, top)),
            size * (0.14 + 0.2 * np.linspace(1, 0, 21) ** 4 + 0.1 * np.linspace(1, 0, 21)),
        )
        draw_shadow(
            canvas,
            ellipse(x + size * 0.1, base + 0.045, size * 0.5, size * 0.08),
            colour=darken(colour, 0.7),
            blur=0.012,
            opacity=0.45,
        )
        canvas.fill(
            linear_gradient(
                (x - size * 0.15, 0),
                (x + size * 0.15, 0),
                mix(colour, rgb("#6a4a34"), 0.5),
                darken(mix(colour, rgb("#3a2a22"), 0.6), 0.3),
            ),
            trunk,
        )
        draw_crown(canvas, rng, x, top, size, jitter_colour(rng, colour, 0.03), leaves=50)


def _draw_rays(
    canvas: Canvas, rng: np.random.Generator, source: float, light: Colour, strength: float
) -> None:
    """Shafts of light that fan out from above."""
    shafts: list[Outline] = []
    for angle in rng.uniform(-0.75, 0.75, 9):
        width = rng.uniform(0.03, 0.09)
        foot = source + np.tan(angle) * 1.3
        shafts.append(
            polygon((source - 0.01, -0.3), (source + 0.01, -0.3), (foot + width, 1.0), (foot - width, 1.0))
        )
    for some in (shafts[:5], shafts[5:]):
        canvas.fill(
            linear_gradient((0, 0), (0, 0.95), lighten(light, 0.5), light),
            *some,
            opacity=strength * 0.6,
            blur=0.012,
        )
