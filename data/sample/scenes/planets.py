"""Planets in space."""

import numpy as np

from ..canvas import Canvas
from ..colour import Colour, darken, lighten, mix, parse_palette, ramp_colours, rgb
from ..facts import Facts, name_in_turn
from ..finish import finish_scene
from ..noise import fractal_noise
from ..outline import Outline, box, ellipse, rotate
from ..sky import draw_stars

# name: surface from pole to pole, air
WORLDS = {
    "red": "#4a1a12 #c8553a #e8a070 #8a2f1e #f0a080",
    "blue": "#0c2a6a #3a7ad8 #bfe0ff #1f4aa0 #8ac0ff",
    "green": "#123a2a #4aa870 #d8f0b8 #1f6a50 #a0f0c0",
    "golden": "#8a5a2a #e8c07a #fff0cc #b8803a #ffe0a0",
    "violet": "#2a1450 #8a5ac8 #e0b8f0 #4a2a8a #d0a0ff",
    "grey": "#3a3c44 #9a9ca4 #e0e0e4 #5a5c66 #d0d8e8",
    "orange": "#6a2a10 #f08a3a #ffd8a0 #b8501e #ffc080",
    "turquoise": "#083a48 #30b0b8 #d0fff4 #107080 #90fff0",
}


def draw_planet(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A planet before stars; banded or cratered, with rings or moons or neither."""
    name = name_in_turn(WORLDS, turn)
    *surface, air = parse_palette(WORLDS[name])
    _draw_space(canvas, rng, name_in_turn(list(WORLDS), turn + 3 + turn // 8))
    scale = min(canvas.right, 1.0)
    ringed = rng.random() < 0.45
    size = rng.uniform(0.2, 0.25) * scale if ringed else rng.uniform(0.26, 0.36) * scale
    x, y, tilt = canvas.right * rng.uniform(0.4, 0.6), rng.uniform(0.42, 0.56), rng.uniform(-0.5, 0.5)
    light = np.array([-0.62, -0.48, 0.62])
    rings = _draw_rings(rng, x, y, size, tilt)
    if ringed:
        _paint_rings(canvas, rings, surface, y, tilt, x, front=False)
    canvas.add_glow(x - size * 0.12, y - size * 0.1, size * 1.12, air, 0.5)
    banded = bool(rng.random() < 0.55)
    _draw_ball(canvas, rng, x, y, size, (surface, air), light, tilt, banded)
    if ringed:
        _paint_rings(canvas, rings, surface, y, tilt, x, front=True)
    moons = int(rng.integers(0, 3))
    for _ in range(moons):
        angle, away = rng.uniform(0, 2 * np.pi), size * rng.uniform(1.35, 1.7)
        _draw_ball(
            canvas,
            rng,
            x + away * np.cos(angle),
            y + away * np.sin(angle) * 0.7,
            size * rng.uniform(0.08, 0.16),
            (parse_palette("#3a3a40 #a8a4a0 #e8e4dc #6a6864"), rgb("#c8d0e0")),
            light,
            0.0,
            False,
        )
    finish_scene(canvas, rng)
    return {
        "time": "night",
        "colour": name,
        "kind": "ringed" if ringed else "banded" if banded else "cloudy",
        "moons": ("", "one moon", "two moons")[moons],
    }


def _draw_space(canvas: Canvas, rng: np.random.Generator, tint: str) -> None:
    deep, bright = rgb("#04050f"), parse_palette(WORLDS[tint])[1]
    nebula = fractal_noise(rng, canvas.shape, (3, 3), 5, 0.55)
    veil = fractal_noise(rng, canvas.shape, (2, 2), 4, 0.5)
    canvas.paint_all(
        lambda *_: ramp_colours(
            [deep, darken(bright, 0.82), darken(bright, 0.5), mix(bright, rgb("#3a4ac0"), 0.5)],
            nebula * veil * 1.15,
        ),
        np.ones(canvas.shape, np.float32),
    )
    draw_stars(canvas, rng, 150)


def _draw_ball(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    y: float,
    size: float,
    colours: tuple[list[Colour], Colour],
    light: np.ndarray,
    tilt: float,
    banded: bool,
) -> None:
    """A sphere: the texture is wound around it, the terminator is soft, the limb glows."""
    mask = canvas.make_mask(ellipse(x, y, size, points=128))
    xs, ys = canvas.pixel_grid(mask.top, mask.left, mask.alpha.shape)
    u, v = (xs - x) / size, (ys - y) / size
    depth = np.sqrt(np.clip(1 - u * u - v * v, 0.0, 1))
    along, up = u * np.cos(tilt) + v * np.sin(tilt), v * np.cos(tilt) - u * np.sin(tilt)
    texture = fractal_noise(rng, (128, 256), (9, 3) if banded else (5, 9), 5, 0.5 if banded else 0.6)
    row = np.clip((np.arcsin(np.clip(up, -1, 1)) / np.pi + 0.5) * 127, 0, 127).astype(np.intp)
    column = np.clip((np.arctan2(along, depth + 1e-6) / np.pi + 0.5) * 255, 0, 255).astype(np.intp)
    lit = np.clip(u * light[0] + v * light[1] + depth * light[2] + 0.06, 0, 1)[..., None] ** 0.8
    skin = ramp_colours(colours[0], texture[row, column])
    rim = ((1 - depth) ** 3)[..., None] * lit
    canvas.paint(mask, lambda *_: skin * (0.03 + 1.12 * lit) + rim * colours[1] * np.float32(0.8))


def _draw_rings(
    rng: np.random.Generator, x: float, y: float, size: float, tilt: float
) -> list[tuple[Outline, float]]:
    """Ring by ring: the outline of an ellipse with a hole, and its share of light."""
    rings, reach = [], size * 1.35
    while reach < size * 2.1:
        wide = size * rng.uniform(0.04, 0.14)
        outer, inner = (ellipse(x, y, r, r * 0.24, points=120) for r in (reach + wide, reach))
        rings.append(
            (
                rotate(np.concatenate([outer, outer[:1], inner[:1], inner[::-1]]), tilt, (x, y)),
                float(rng.uniform(0.3, 1)),
            )
        )
        reach += wide + size * rng.uniform(0.005, 0.04)
    return rings


def _paint_rings(
    canvas: Canvas,
    rings: list[tuple[Outline, float]],
    surface: list[Colour],
    y: float,
    tilt: float,
    x: float,
    *,
    front: bool,
) -> None:
    half = rotate(box(x - 3, y if front else y - 3, 6, 3), tilt, (x, y))
    where = canvas.make_mask(half)
    for outline, share in rings:
        canvas.paint(
            canvas.make_mask(outline).intersect(where),
            mix(surface[0], lighten(surface[2], 0.3), share),
            0.35 + 0.55 * share,
        )
