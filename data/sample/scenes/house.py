"""Houses on a meadow."""

import numpy as np

from ..canvas import Canvas, linear_gradient
from ..colour import Colour, darken, jitter_colour, lighten, mix, parse_palette, rgb
from ..facts import Facts, choose_name, name_in_turn
from ..finish import draw_shadow, finish_scene
from ..land import draw_crown, fill_slope, make_skyline, pine_outline, pine_paint, shade_relief
from ..outline import bar, box, ellipse, place, polygon
from ..sky import draw_clouds, draw_sky, draw_stars

WALLS = {
    "red": "#b5392f",
    "yellow": "#ecc04e",
    "white": "#f1ede4",
    "blue": "#4f86b8",
    "green": "#7fa36a",
    "pink": "#e59aa4",
    "orange": "#dd8440",
    "grey": "#9aa2a8",
}
# name: sky from the zenith down, meadow, foliage
SEASONS = {
    "summer": "#2f86d8 #8cc8f2 #e4f4fb #6fae3e #3f8a38",
    "autumn": "#5c8fb0 #b8cdd0 #f8e3bd #a6963f #d5722a",
    "winter": "#7d97b8 #b7c7da #eef0f4 #eef3fa #5f7a7a",
    "spring": "#4fa3d8 #a8dcec #fdf1e4 #8fc455 #f0a8bc",
    "evening": "#2a2a5c #a0628a #ffba7c #55683e #3a5a3c",
    "night": "#070d28 #16285a #3c5688 #1a3430 #14322c",
}


def draw_scene_with_house(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A house on a meadow, in one of six seasons and hours."""
    season, name = name_in_turn(SEASONS, turn + turn // 6), name_in_turn(WALLS, turn)
    *sky_colours, grass, leaf = parse_palette(SEASONS[season])
    dim = {"night": 0.62, "evening": 0.28}.get(season, 0.0)
    wall = mix(rgb(WALLS[name]), sky_colours[0], dim)
    draw_sky(canvas, sky_colours, 0.7)
    if season == "night":
        draw_stars(canvas, rng, 70, 0.6)
    else:
        draw_clouds(
            canvas,
            rng,
            lighten(sky_colours[2], 0.6),
            mix(sky_colours[1], sky_colours[2], 0.5),
            cover=0.5,
            bottom=0.62,
        )
    for step in range(2):
        fill_slope(
            canvas,
            make_skyline(canvas, rng, 0.68 + 0.04 * step, 0.14, cells=2, octaves=2),
            mix(grass, sky_colours[2], 0.5 - 0.2 * step),
            grass,
        )
    meadow = fill_slope(
        canvas, make_skyline(canvas, rng, 0.81, 0.03, cells=2, octaves=2), grass, darken(grass, 0.35)
    )
    shade_relief(canvas, rng, meadow, (10, 12), 0.16)
    scale = min(canvas.right, 1.0)
    x = canvas.right / 2 + rng.uniform(-0.06, 0.06)
    _draw_trees(canvas, rng, x, leaf, season, behind=True)
    _draw_house(canvas, rng, x, 0.84, scale * rng.uniform(0.92, 1.08), wall, season, dim)
    _draw_trees(canvas, rng, x, leaf, season, behind=False)
    if season == "winter":
        _draw_snowfall(canvas, rng)
    finish_scene(canvas, rng, glow=0.6 if dim else 0.25)
    return {"colour": name, "season": season}


def _draw_house(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    foot: float,
    scale: float,
    wall: Colour,
    season: str,
    dim: float,
) -> None:
    floors = int(rng.integers(1, 3))
    width, height = rng.uniform(0.4, 0.52) * scale, (0.13 + 0.12 * floors) * scale
    left, top = x - width / 2, foot - height
    tile = mix(
        rgb(choose_name(rng, ("#8a3b2a", "#4a4f5c", "#6a4632", "#a85a3a", "#3f5a54"))), rgb("#141c3c"), dim
    )
    draw_shadow(canvas, ellipse(x + 0.05, foot + 0.012, width * 0.62, 0.03), colour=rgb("#0c1420"), blur=0.02)
    _draw_chimney(
        canvas,
        x + width * rng.choice([-0.28, 0.26]),
        top,
        scale,
        mix(tile, wall, 0.3),
        smoke=season in ("winter", "night", "autumn"),
    )
    canvas.fill(
        linear_gradient((left, 0), (left + width, 0), lighten(wall, 0.14), wall, darken(wall, 0.24)),
        box(left, top, width, height),
    )
    for y in np.arange(top + 0.02, foot, 0.022 * scale):
        canvas.fill(darken(wall, 0.5), bar(left, y, left + width, y, 0.002), opacity=0.22)
    _draw_roof(canvas, rng, x, top, width, scale, tile, snow=season == "winter")
    _draw_openings(canvas, rng, left, top, width, floors, scale, wall, lit=dim > 0)


def _draw_roof(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    top: float,
    width: float,
    scale: float,
    tile: Colour,
    *,
    snow: bool,
) -> None:
    rise, over = rng.uniform(0.14, 0.24) * scale, 0.035 * scale
    ridge = width * rng.choice([0.0, 0.28])
    roof = polygon(
        (x - width / 2 - over, top + 0.012),
        (x - ridge, top - rise),
        (x + ridge, top - rise),
        (x + width / 2 + over, top + 0.012),
    )
    draw_shadow(
        canvas, box(x - width / 2, top, width, 0.03 * scale), colour=rgb("#14161f"), blur=0.008, opacity=0.45
    )
    mask = canvas.make_mask(roof)
    canvas.paint(
        mask,
        linear_gradient(
            (x - width / 2, top - rise), (x + width / 2, top), lighten(tile, 0.22), tile, darken(tile, 0.3)
        ),
    )
    rows = [bar(x - width, y, x + width, y, 0.003) for y in np.arange(top - rise, top, 0.018 * scale)]
    canvas.paint(canvas.make_mask(*rows).intersect(mask), darken(tile, 0.6), 0.4)
    if snow:
        canvas.paint(
            canvas.make_mask(place(roof, 0, -0.02)).intersect(mask),
            linear_gradient((0, top - rise), (0, top), rgb("#ffffff"), rgb("#d5e0f0")),
            0.94,
        )


def _draw_chimney(canvas: Canvas, x: float, top: float, scale: float, colour: Colour, *, smoke: bool) -> None:
    canvas.fill(
        linear_gradient((x, 0), (x + 0.05 * scale, 0), lighten(colour, 0.1), darken(colour, 0.3)),
        box(x, top - 0.2 * scale, 0.05 * scale, 0.2 * scale),
    )
    canvas.fill(darken(colour, 0.3), box(x - 0.006, top - 0.21 * scale, 0.05 * scale + 0.012, 0.016 * scale))
    for puff in range(7 if smoke else 0):
        rise = puff * 0.035 * scale
        canvas.fill(
            rgb("#eef0f4"),
            ellipse(
                x + 0.02 + rise * 0.6 + 0.012 * np.sin(puff * 2),
                top - 0.24 * scale - rise,
                0.016 + puff * 0.006,
            ),
            opacity=0.42 - 0.05 * puff,
            blur=0.012,
        )


def _draw_openings(
    canvas: Canvas,
    rng: np.random.Generator,
    left: float,
    top: float,
    width: float,
    floors: int,
    scale: float,
    wall: Colour,
    *,
    lit: bool,
) -> None:
    """Windows in rows with a door in the ground floor."""
    columns, tall, wide = 3, 0.082 * scale, 0.062 * scale
    door_at = int(rng.integers(3))
    paint = rgb(choose_name(rng, ("#2f4a6a", "#7a2f2f", "#2f5a44", "#f4efe4", "#5a3a26")))
    for floor in range(floors):
        y = top + 0.045 * scale + floor * 0.125 * scale
        for column in range(columns):
            x = left + width * (column + 0.5) / columns
            if floor == floors - 1 and column == door_at:
                _draw_door(canvas, x, y, top, floors, scale, paint)
            else:
                _draw_window(
                    canvas,
                    x,
                    y,
                    wide,
                    tall,
                    paint if floors == 1 or floor else wall,
                    lit=lit and rng.random() < 0.8,
                )


def _draw_door(
    canvas: Canvas, x: float, y: float, top: float, floors: int, scale: float, paint: Colour
) -> None:
    foot = top + (0.13 + 0.12 * floors) * scale
    canvas.fill(rgb("#f3efe6"), box(x - 0.041 * scale, y - 0.006, 0.082 * scale, foot - y + 0.006))
    canvas.fill(
        linear_gradient((x - 0.03, y), (x + 0.03, foot), lighten(paint, 0.12), darken(paint, 0.3)),
        box(x - 0.033 * scale, y, 0.066 * scale, foot - y),
    )
    canvas.fill(rgb("#e8c25a"), ellipse(x + 0.02 * scale, (y + foot) / 2, 0.006 * scale))
    canvas.fill(rgb("#b8b0a4"), box(x - 0.06 * scale, foot - 0.006, 0.12 * scale, 0.018))


def _draw_window(
    canvas: Canvas, x: float, y: float, wide: float, tall: float, shutter: Colour, *, lit: bool
) -> None:
    canvas.fill(
        darken(shutter, 0.15),
        box(x - wide * 0.95, y, wide * 0.4, tall),
        box(x + wide * 0.55, y, wide * 0.4, tall),
    )
    canvas.fill(rgb("#f6f2ea"), box(x - wide * 0.6, y - 0.004, wide * 1.2, tall + 0.012))
    glass = (rgb("#fff0b8"), rgb("#ffb84a")) if lit else (rgb("#cfe6f4"), rgb("#4f6f8c"))
    canvas.fill(
        linear_gradient((x - wide / 2, y), (x + wide / 2, y + tall), *glass), box(x - wide / 2, y, wide, tall)
    )
    canvas.fill(
        rgb("#f6f2ea"),
        bar(x, y, x, y + tall, 0.006),
        bar(x - wide / 2, y + tall * 0.45, x + wide / 2, y + tall * 0.45, 0.005),
    )
    if lit:
        canvas.add_glow(x, y + tall / 2, wide * 1.4, rgb("#ffb45a"), 0.4)


def _draw_trees(
    canvas: Canvas, rng: np.random.Generator, x: float, leaf: Colour, season: str, *, behind: bool
) -> None:
    for side in (-1, 1):
        if rng.random() < (0.2 if behind else 0.35):
            continue
        at, foot = x + side * rng.uniform(0.3, 0.42) * min(canvas.right, 1.2), 0.8 if behind else 0.9
        size = rng.uniform(0.1, 0.16) if behind else rng.uniform(0.05, 0.075)
        if season == "winter" or (behind and rng.random() < 0.3):
            tree = pine_outline(rng, at, foot, size * 3.2)
            needles = leaf if leaf[1] > leaf[0] else rgb("#3f7a4a")  # conifers neither blossom nor turn
            canvas.fill(pine_paint(at, foot, size * 3.2, darken(needles, 0.2)), tree)
            continue
        canvas.fill(darken(rgb("#6a4630"), 0.2), bar(at, foot + 0.01, at, foot - size * 1.2, size * 0.22))
        draw_crown(
            canvas,
            rng,
            at,
            foot - size * (1.6 if behind else 0.6),
            size,
            jitter_colour(rng, leaf, 0.03),
            leaves=46,
        )


def _draw_snowfall(canvas: Canvas, rng: np.random.Generator) -> None:
    for size in (0.003, 0.005, 0.008):
        flakes = [ellipse(x, y, size, points=10) for x, y in rng.random((45, 2)) * (canvas.right, 1)]
        canvas.fill(rgb("#ffffff"), *flakes, opacity=0.75, blur=size * 0.25)
