"""Mountains."""

import numpy as np

from ..canvas import Canvas, Mask, linear_gradient
from ..colour import Colour, darken, lighten, mix, parse_palette, rgb
from ..facts import Facts, name_in_turn
from ..finish import finish_scene
from ..land import fill_slope, make_skyline, mirror_in_water, pine_outline, shade_relief
from ..noise import fractal_noise, ridged_noise, smoothstep
from ..outline import ground_below
from ..sky import draw_clouds, draw_moon, draw_sky, draw_stars, draw_sun

# name: sky from the zenith to the horizon, then far ridge, near ridge, snow
RANGES = {
    "morning": "#3f79b5 #8fbfe0 #f4e3cc #8fa6c4 #2f5560 #ffffff",
    "alpenglow": "#2c3263 #8c6aa6 #f6b6a8 #a8789a #35304f #ffd2c4",
    "summer": "#2a74c8 #6fb2ea #d8eefa #86a7b8 #2f6a3a #ffffff",
    "autumn": "#5b86a8 #b4c6c8 #f5dcae #a59a90 #8a4a22 #fff6e8",
    "night": "#060b22 #14224e #36507e #2c426c #0a1428 #b8c8ea",
    "storm": "#3c4452 #6c7683 #a9b0b4 #6d7880 #252f36 #e4e8ea",
    "golden": "#6a5a78 #d99a6c #ffdf9a #b58a78 #4a3532 #fff0cc",
}


def draw_mountains(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """Ridge behind ridge, the highest with snow, sometimes over a lake."""
    name = name_in_turn(RANGES, turn)
    *sky_colours, far, near, snow = parse_palette(RANGES[name])
    lake = rng.random() < 0.45
    shore = rng.uniform(0.7, 0.78) if lake else 1.0
    draw_sky(canvas, sky_colours, shore * 0.75)
    _draw_weather(canvas, rng, name, sky_colours)
    _draw_peaks(canvas, rng, shore - 0.2, mix(far, near, 0.25), snow, sky_colours[2])
    for step in range(3):
        share = (step + 0.6) / 3
        line = make_skyline(canvas, rng, shore - 0.17 + 0.09 * step, 0.2 - 0.04 * step, cells=3 + step)
        mask = fill_slope(
            canvas,
            line,
            mix(far, near, share),
            mix(mix(far, near, share), sky_colours[2], 0.35 - 0.1 * step),
            0.25,
        )
        shade_relief(canvas, rng, mask, (4, 9), 0.22)
    if lake:
        mirror_in_water(canvas, rng, shore, mix(near, sky_colours[0], 0.5), share=0.2)
    _draw_pines(canvas, rng, darken(near, 0.55), lake=lake)
    finish_scene(canvas, rng)
    return {"time": name, "place": "lake" if lake else "valley"}


def _draw_weather(canvas: Canvas, rng: np.random.Generator, name: str, sky_colours: list[Colour]) -> None:
    x = rng.uniform(0.2, 0.8) * canvas.right
    if name == "night":
        draw_stars(canvas, rng, 90, 0.6)
        draw_moon(canvas, rng, x, rng.uniform(0.1, 0.2), 0.04)
        return
    if name in ("golden", "alpenglow", "morning"):
        draw_sun(canvas, x, rng.uniform(0.18, 0.34), 0.035, lighten(sky_colours[2], 0.2), halo=0.8)
    draw_clouds(
        canvas,
        rng,
        lighten(sky_colours[2], 0.5),
        mix(sky_colours[1], sky_colours[2], 0.4),
        cover=0.75 if name == "storm" else 0.45,
        bottom=0.55,
        flat=3.5,
    )


def _draw_peaks(
    canvas: Canvas, rng: np.random.Generator, foot: float, rock: Colour, snow: Colour, air: Colour
) -> None:
    """The snow mountains: a skyline of triangles broken by noise, lit from the left."""
    xs = np.linspace(-0.02, canvas.right + 0.02, canvas.shape[1] // 2)
    line = make_skyline(canvas, rng, foot, 0.1, cells=6, octaves=5).astype(np.float64)
    for _ in range(rng.integers(2, 5)):
        x, tall = rng.uniform(0.05, 0.95) * canvas.right, rng.uniform(0.2, 0.4)
        rough = 0.05 * (make_skyline(canvas, rng, 0, 1, cells=7, octaves=5) + 0.5)
        line = np.minimum(line, foot - tall + np.abs(xs - x) * rng.uniform(0.75, 1.1) + rough)
    _draw_rock(canvas, rng, line, foot, rock, snow, air)


def _draw_rock(
    canvas: Canvas,
    rng: np.random.Generator,
    line: np.ndarray,
    foot: float,
    rock: Colour,
    snow: Colour,
    air: Colour,
) -> None:
    """Folds that run down from the crest; snow lies high up, and deepest out of the wind."""
    mask = canvas.make_mask(ground_below(line, canvas.right))
    canvas.paint(mask, linear_gradient((0, line.min()), (0, foot + 0.1), rock, mix(rock, air, 0.5)))
    rows, columns = mask.alpha.shape
    crest = np.interp(np.linspace(0, 1, columns), np.linspace(0, 1, len(line)), line)
    below = canvas.pixel_grid(mask.top, mask.left, (rows, columns))[1] - crest
    folds = _fold_field(rng, (rows, columns), below)
    light = np.clip(0.5 + (folds - np.roll(folds, 3, 1)) * 5, 0, 1).astype(np.float32)
    deep = 0.2 - 0.6 * (crest - line.min()) + 0.2 * (folds - 0.5)
    white = smoothstep(-0.02, 0.035, deep - below)
    canvas.paint(Mask(mask.top, mask.left, mask.alpha * (1 - light)), darken(rock, 0.5), 0.5)
    shaded = mix(snow, mix(rock, rgb("#5a6ea8"), 0.4), 0.5)
    canvas.paint(
        Mask(mask.top, mask.left, mask.alpha * white),
        lambda *_: shaded + (snow - shaded) * light[..., None],
        0.96,
    )


def _fold_field(rng: np.random.Generator, shape: tuple[int, int], below: np.ndarray) -> np.ndarray:
    """Ridged noise stretched downhill, bent so that folds fan out from the peaks."""
    flat = ridged_noise(rng, shape, (3, 9), 5)
    bend = (fractal_noise(rng, shape, (2, 4), 3) - 0.5) * 60 * np.clip(below, 0, 1) * 2.5
    column = np.clip(np.arange(shape[1]) + bend, 0, shape[1] - 1).astype(np.intp)
    return np.take_along_axis(flat, np.broadcast_to(column, shape), 1)


def _draw_pines(canvas: Canvas, rng: np.random.Generator, colour: Colour, *, lake: bool) -> None:
    """Dark conifers close to us, low in the middle so that the view stays open."""
    trees = []
    for x in np.sort(rng.uniform(-0.02, canvas.right + 0.02, 46)):
        edge = abs(x / canvas.right - 0.5) * 2
        if lake and edge < 0.45:
            continue
        trees.append(
            pine_outline(
                rng, x, 1.0 + rng.uniform(-0.05, 0.05), 0.09 + 0.26 * edge**2.2 * rng.uniform(0.5, 1.1)
            )
        )
    canvas.fill(linear_gradient((0, 0.6), (0, 1), lighten(colour, 0.12), darken(colour, 0.4)), *trees)
    if not lake:
        canvas.fill(darken(colour, 0.4), ground_below(make_skyline(canvas, rng, 1.0, 0.05), canvas.right))
