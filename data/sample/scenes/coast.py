"""Sunset beaches."""

import numpy as np

from ..canvas import Canvas, linear
from ..colour import Colour, darker, lighter, mix, palette
from ..facts import Facts, choice, in_turn
from ..finish import finish
from ..land import glitter, swell
from ..noise import fractal, profile, smoothstep
from ..outline import Outline, curve, ground, joined, place, rotate, stroke
from ..sky import clouds, sky, sun

# name: sky from the zenith down, then sun, sea and sand
PALETTES = {
    "orange": "#2b2a5a #7d3f72 #e8683f #ffc35a #ffdf8a #3a3257 #8a5a4c",
    "pink": "#41498f #a56bb0 #f59ab0 #ffd3b4 #fff0c9 #5d6aa0 #c99a8c",
    "golden": "#3d6b8a #8fb0a8 #f2c063 #ffe7a0 #fff3c4 #4d7f8c #d9b678",
    "crimson": "#1b1230 #5c1a3f #c22f3c #ff8a45 #ffc870 #341a38 #5d3238",
    "violet": "#161a4a #4a3a92 #a765b8 #f0a3a0 #ffd9b0 #2f3270 #6a5680",
    "teal": "#0f3a52 #2d7d86 #8cc4a8 #f6d99a #fff1c0 #1d5566 #b79d7a",
}


def sunset(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A low sun over the sea, seen from the sand."""
    name = in_turn(PALETTES, turn)
    *heaven, light, sea, sand = palette(PALETTES[name])
    horizon, shore = rng.uniform(0.48, 0.6), rng.uniform(0.8, 0.9)
    x = rng.uniform(0.25, 0.75) * canvas.right
    y = horizon - rng.choice([0.015, 0.07, 0.13])
    sky(canvas, heaven, horizon)
    clouds(
        canvas,
        rng,
        mix(heaven[2], light, 0.5),
        mix(heaven[1], heaven[0], 0.4),
        cover=rng.uniform(0.35, 0.62),
        bottom=horizon + 0.06,
        flat=5,
    )
    sun(canvas, x, y, rng.uniform(0.035, 0.07), light)
    _sea(canvas, rng, horizon, heaven, sea, light, x)
    extra = choice(rng, {"palms": 1, "rocks": 1, "gulls": 1, "empty": 1})
    if extra == "rocks":
        _rocks(canvas, rng, horizon, darker(sea, 0.7), right=x < canvas.right / 2)
    _beach(canvas, rng, shore, sand, mix(heaven[3], light, 0.4))
    if extra == "palms":
        _palms(canvas, rng, darker(heaven[0], 0.72), right=x < canvas.right / 2)
    if extra in ("gulls", "rocks"):
        gulls(canvas, rng, darker(heaven[0], 0.6), horizon * 0.6)
    finish(canvas, rng)
    return {
        "time": "evening",
        "colour": name,
        "extra": extra,
        "mood": choice(rng, ("calm", "quiet", "warm", "still")),
    }


def _sea(
    canvas: Canvas,
    rng: np.random.Generator,
    horizon: float,
    heaven: list[Colour],
    sea: Colour,
    light: Colour,
    x: float,
) -> None:
    _, ys = canvas.grid()
    below = smoothstep(horizon - 0.001, horizon + 0.002, ys)
    canvas.cover(
        linear((0, horizon), (0, 1), mix(heaven[3], sea, 0.35), mix(heaven[2], sea, 0.6), sea), below
    )
    swell(canvas, rng, horizon, darker(sea, 0.35), mix(sea, heaven[3], 0.6), 0.45)
    glitter(canvas, rng, x, horizon, 0.98, lighter(light, 0.35))


def _beach(canvas: Canvas, rng: np.random.Generator, shore: float, sand: Colour, shine: Colour) -> None:
    """Foam, then wet sand that mirrors the sky, then dry sand."""
    edge = shore + 0.09 * (profile(rng, 160, 2, 3) - 0.5) + np.linspace(0, rng.uniform(-0.1, 0.1), 160)
    for offset, colour, opacity in (
        (-0.035, shine, 0.25),
        (-0.012, lighter(shine, 0.5), 0.85),
        (0.0, mix(sand, shine, 0.45), 1.0),
    ):
        wobble = edge + offset + 0.008 * profile(rng, 160, 14, 2)
        canvas.fill(colour, ground(wobble, canvas.right), opacity=opacity, blur=0.002)
    dry = edge + 0.045 + 0.02 * profile(rng, 160, 4, 3)
    canvas.fill(
        linear((0, shore), (0, 1.05), sand, darker(sand, 0.45)), ground(dry, canvas.right), blur=0.006
    )
    mask = canvas.mask(ground(dry, canvas.right), blur=0.006)
    speckle = fractal(rng, mask.alpha.shape, (20, 60), 2)
    canvas.paint(
        type(mask)(mask.top, mask.left, mask.alpha * smoothstep(0.45, 0.9, speckle)), darker(sand, 0.6), 0.35
    )


def _rocks(canvas: Canvas, rng: np.random.Generator, horizon: float, colour: Colour, *, right: bool) -> None:
    """A headland on the side away from the sun."""
    reach = np.linspace(1, 0, 160) ** 0.8 * rng.uniform(0.16, 0.26)
    line = horizon + 0.012 - np.maximum(reach * (0.45 + 0.75 * profile(rng, 160, 6, 5)) - 0.045, -0.02)
    line = np.where(reach > 0.02, line, 1.2)
    flank = ground(line[::-1] if right else line, canvas.right, horizon + 0.012)
    canvas.fill(colour, np.minimum(flank, (9, horizon + 0.012)))


def _palms(canvas: Canvas, rng: np.random.Generator, colour: Colour, *, right: bool) -> None:
    for _ in range(rng.integers(1, 4)):
        side = rng.uniform(0.06, 0.24) * canvas.right
        x = canvas.right - side if right else side
        palm(canvas, rng, x, 1.02, rng.uniform(0.5, 0.8), colour, lean=-0.14 if right else 0.14)


def palm(
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
    trunk = curve((x, base), (x + lean * 0.15, base - height * 0.5), tip)
    canvas.fill(colour, stroke(trunk, np.linspace(0.03, 0.014, len(trunk))))
    fronds = []
    for angle in np.linspace(-np.pi * 1.12, np.pi * 0.12, 10) + rng.normal(0, 0.1, 10):
        fronds.append(_frond(tip, angle, height * rng.uniform(0.3, 0.42)))
    canvas.fill(colour, *fronds)


def _frond(tip: tuple[float, float], angle: float, length: float) -> Outline:
    """One frond: a spine that droops, with a comb of leaflets."""
    at = np.linspace(0, 1, 22)
    spine = np.stack(
        [tip[0] + length * at * np.cos(angle), tip[1] + length * (at * np.sin(angle) * 0.8 + 0.55 * at**2)], 1
    )
    comb = np.sin(np.pi * np.clip(at * 0.92 + 0.06, 0, 1)) ** 0.7 * length * 0.17
    lower = spine + np.stack([0 * at, comb * np.where(np.arange(22) % 2, 1, 0.15)], 1)
    upper = spine - np.stack([0 * at, comb * 0.15], 1)
    return joined([upper, lower[::-1]])


def gulls(canvas: Canvas, rng: np.random.Generator, colour: Colour, y: float) -> None:
    """A handful of birds far off."""
    for _ in range(rng.integers(3, 8)):
        size = rng.uniform(0.012, 0.026)
        wing = curve((-1, 0.1), (-0.55, -0.35), (0, 0.1), (0.55, -0.35), (1, 0.05), steps=6)
        line = place(
            rotate(wing, rng.normal(0, 0.2)),
            rng.uniform(0.15, 0.85) * canvas.right,
            y + rng.normal(0, 0.07),
            size,
        )
        width = size * 0.22 * np.sin(np.linspace(0.25, np.pi - 0.25, len(line)))
        canvas.fill(colour, stroke(line, width))
