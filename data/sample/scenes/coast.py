"""Sunset beaches."""

import numpy as np

from ..canvas import Canvas, linear_gradient
from ..colour import Colour, darken, lighten, mix, parse_palette
from ..facts import Facts, choose_name, name_in_turn
from ..finish import finish_scene
from ..land import draw_glitter, draw_swell
from ..noise import fractal_line, fractal_noise, smoothstep
from ..outline import Outline, ground_below, join_lines, open_curve, place, rotate, stroke_line
from ..sky import draw_clouds, draw_sky, draw_sun

# name: sky from the zenith down, then sun, sea and sand
PALETTES = {
    "orange": "#2b2a5a #7d3f72 #e8683f #ffc35a #ffdf8a #3a3257 #8a5a4c",
    "pink": "#41498f #a56bb0 #f59ab0 #ffd3b4 #fff0c9 #5d6aa0 #c99a8c",
    "golden": "#3d6b8a #8fb0a8 #f2c063 #ffe7a0 #fff3c4 #4d7f8c #d9b678",
    "crimson": "#1b1230 #5c1a3f #c22f3c #ff8a45 #ffc870 #341a38 #5d3238",
    "violet": "#161a4a #4a3a92 #a765b8 #f0a3a0 #ffd9b0 #2f3270 #6a5680",
    "teal": "#0f3a52 #2d7d86 #8cc4a8 #f6d99a #fff1c0 #1d5566 #b79d7a",
}


def draw_sunset(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A low sun over the sea, seen from the sand."""
    name = name_in_turn(PALETTES, turn)
    *sky_colours, light, sea, sand = parse_palette(PALETTES[name])
    horizon, shore = rng.uniform(0.48, 0.6), rng.uniform(0.8, 0.9)
    x = rng.uniform(0.25, 0.75) * canvas.right
    y = horizon - rng.choice([0.015, 0.07, 0.13])
    draw_sky(canvas, sky_colours, horizon)
    draw_clouds(
        canvas,
        rng,
        mix(sky_colours[2], light, 0.5),
        mix(sky_colours[1], sky_colours[0], 0.4),
        cover=rng.uniform(0.35, 0.62),
        bottom=horizon + 0.06,
        flat=5,
    )
    draw_sun(canvas, x, y, rng.uniform(0.035, 0.07), light)
    _draw_sea(canvas, rng, horizon, sky_colours, sea, light, x)
    extra = choose_name(rng, {"palms": 1, "rocks": 1, "gulls": 1, "empty": 1})
    if extra == "rocks":
        _draw_rocks(canvas, rng, horizon, darken(sea, 0.7), right=x < canvas.right / 2)
    _draw_beach(canvas, rng, shore, sand, mix(sky_colours[3], light, 0.4))
    if extra == "palms":
        _draw_palms(canvas, rng, darken(sky_colours[0], 0.72), right=x < canvas.right / 2)
    if extra in ("gulls", "rocks"):
        draw_gulls(canvas, rng, darken(sky_colours[0], 0.6), horizon * 0.6)
    finish_scene(canvas, rng)
    return {
        "time": "evening",
        "colour": name,
        "extra": extra,
        "mood": choose_name(rng, ("calm", "quiet", "warm", "still")),
    }


def _draw_sea(
    canvas: Canvas,
    rng: np.random.Generator,
    horizon: float,
    sky_colours: list[Colour],
    sea: Colour,
    light: Colour,
    x: float,
) -> None:
    _, ys = canvas.pixel_grid()
    below = smoothstep(horizon - 0.001, horizon + 0.002, ys)
    canvas.paint_all(
        linear_gradient(
            (0, horizon), (0, 1), mix(sky_colours[3], sea, 0.35), mix(sky_colours[2], sea, 0.6), sea
        ),
        below,
    )
    draw_swell(canvas, rng, horizon, darken(sea, 0.35), mix(sea, sky_colours[3], 0.6), 0.45)
    draw_glitter(canvas, rng, x, horizon, 0.98, lighten(light, 0.35))


def _draw_beach(canvas: Canvas, rng: np.random.Generator, shore: float, sand: Colour, shine: Colour) -> None:
    """Foam, then wet sand that mirrors the sky, then dry sand."""
    edge = shore + 0.09 * (fractal_line(rng, 160, 2, 3) - 0.5) + np.linspace(0, rng.uniform(-0.1, 0.1), 160)
    for offset, colour, opacity in (
        (-0.035, shine, 0.25),
        (-0.012, lighten(shine, 0.5), 0.85),
        (0.0, mix(sand, shine, 0.45), 1.0),
    ):
        wobble = edge + offset + 0.008 * fractal_line(rng, 160, 14, 2)
        canvas.fill(colour, ground_below(wobble, canvas.right), opacity=opacity, blur=0.002)
    dry = edge + 0.045 + 0.02 * fractal_line(rng, 160, 4, 3)
    canvas.fill(
        linear_gradient((0, shore), (0, 1.05), sand, darken(sand, 0.45)),
        ground_below(dry, canvas.right),
        blur=0.006,
    )
    mask = canvas.make_mask(ground_below(dry, canvas.right), blur=0.006)
    speckle = fractal_noise(rng, mask.alpha.shape, (20, 60), 2)
    canvas.paint(
        type(mask)(mask.top, mask.left, mask.alpha * smoothstep(0.45, 0.9, speckle)), darken(sand, 0.6), 0.35
    )


def _draw_rocks(
    canvas: Canvas, rng: np.random.Generator, horizon: float, colour: Colour, *, right: bool
) -> None:
    """A headland on the side away from the sun."""
    reach = np.linspace(1, 0, 160) ** 0.8 * rng.uniform(0.16, 0.26)
    line = horizon + 0.012 - np.maximum(reach * (0.45 + 0.75 * fractal_line(rng, 160, 6, 5)) - 0.045, -0.02)
    line = np.where(reach > 0.02, line, 1.2)
    flank = ground_below(line[::-1] if right else line, canvas.right, horizon + 0.012)
    canvas.fill(colour, np.minimum(flank, (9, horizon + 0.012)))


def _draw_palms(canvas: Canvas, rng: np.random.Generator, colour: Colour, *, right: bool) -> None:
    for _ in range(rng.integers(1, 4)):
        side = rng.uniform(0.06, 0.24) * canvas.right
        x = canvas.right - side if right else side
        draw_palm(canvas, rng, x, 1.02, rng.uniform(0.5, 0.8), colour, lean=-0.14 if right else 0.14)


def draw_palm(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    base: float,
    height: float,
    colour: Colour,
    *,
    lean: float,
) -> None:
    """A palm in silhouette."""
    tip = (x + lean * rng.uniform(0.5, 1.5), base - height)
    trunk = open_curve((x, base), (x + lean * 0.15, base - height * 0.5), tip)
    canvas.fill(colour, stroke_line(trunk, np.linspace(0.03, 0.014, len(trunk))))
    fronds = []
    for angle in np.linspace(-np.pi * 1.12, np.pi * 0.12, 10) + rng.normal(0, 0.1, 10):
        fronds.append(_frond_outline(tip, angle, height * rng.uniform(0.3, 0.42)))
    canvas.fill(colour, *fronds)


def _frond_outline(tip: tuple[float, float], angle: float, length: float) -> Outline:
    """One frond: a spine that droops, with a comb of leaflets."""
    at = np.linspace(0, 1, 22)
    spine = np.stack(
        [tip[0] + length * at * np.cos(angle), tip[1] + length * (at * np.sin(angle) * 0.8 + 0.55 * at**2)], 1
    )
    comb = np.sin(np.pi * np.clip(at * 0.92 + 0.06, 0, 1)) ** 0.7 * length * 0.17
    lower = spine + np.stack([0 * at, comb * np.where(np.arange(22) % 2, 1, 0.15)], 1)
    upper = spine - np.stack([0 * at, comb * 0.15], 1)
    return join_lines([upper, lower[::-1]])


def draw_gulls(canvas: Canvas, rng: np.random.Generator, colour: Colour, y: float) -> None:
    """A handful of birds far off."""
    for _ in range(rng.integers(3, 8)):
        size = rng.uniform(0.012, 0.026)
        wing = open_curve((-1, 0.1), (-0.55, -0.35), (0, 0.1), (0.55, -0.35), (1, 0.05), steps=6)
        line = place(
            rotate(wing, rng.normal(0, 0.2)),
            rng.uniform(0.15, 0.85) * canvas.right,
            y + rng.normal(0, 0.07),
            size,
        )
        width = size * 0.22 * np.sin(np.linspace(0.25, np.pi - 0.25, len(line)))
        canvas.fill(colour, stroke_line(line, width))
