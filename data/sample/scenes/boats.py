"""Sailing boats."""

import numpy as np

from ..canvas import Canvas, linear_gradient
from ..colour import Colour, darken, lighten, mix, parse_palette, rgb
from ..facts import Facts, choose_name, name_in_turn
from ..finish import finish_scene
from ..land import draw_glitter, draw_swell, fill_slope, make_skyline, mirror_in_water
from ..outline import Outline, bar, box, join_lines, open_curve, place, rotate
from ..sky import draw_clouds, draw_moon, draw_sky, draw_stars, draw_sun
from .coast import draw_gulls

# name: sky from the zenith down, sea, far coast
HOURS = {
    "noon": "#1f74cf #66b4ee #d6eefb #1f5f96 #6a93a8",
    "dusk": "#2c2a60 #c0668a #ffc48a #3c3f6e #4a3f66",
    "dawn": "#6f9cc8 #f2c6c0 #fff0d4 #6a94a8 #8a98b0",
    "grey": "#8794a0 #b4bdc2 #dde0de #5c6f78 #7a868c",
    "night": "#050b22 #12275a #35588e #0c1f3f #0a1630",
    "gold": "#c07a3c #f4b45c #ffe7a6 #94642f #8a5a3a",
}
SAILS = {
    "red": "#c4302b",
    "white": "#f8f4ea",
    "yellow": "#f2b72e",
    "blue": "#2f6bb0",
    "green": "#2f8a5a",
    "orange": "#ea7325",
    "violet": "#7b4a9c",
    "striped": "#f6efe2",
}


def draw_boats(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """One sailing boat close by, others far off."""
    hour, name = name_in_turn(HOURS, turn + turn // 6), name_in_turn(SAILS, turn)
    *sky_colours, sea, coast = parse_palette(HOURS[hour])
    horizon = rng.uniform(0.6, 0.68)
    x = rng.uniform(0.36, 0.64) * canvas.right
    light = _draw_sky_at(canvas, rng, hour, sky_colours, horizon)
    if rng.random() < 0.6:
        line = np.maximum(make_skyline(canvas, rng, horizon + 0.03, 0.13, cells=3), horizon - 0.12)
        fill_slope(
            canvas,
            np.minimum(line, horizon + 0.01),
            mix(coast, sky_colours[2], 0.25),
            mix(coast, sky_colours[2], 0.5),
            0.12,
        )
    for _ in range(rng.integers(0, 4)):
        far = rng.uniform(0.05, 0.95) * canvas.right
        _draw_boat(
            canvas,
            far,
            horizon + 0.004,
            0.13,
            mix(rgb("#ffffff"), sky_colours[2], 0.3),
            mix(coast, sky_colours[1], 0.3),
            1,
            False,
        )
    scale, lean = rng.uniform(0.5, 0.62) * min(1.0, canvas.right + 0.12), int(rng.choice([-1, 1]))
    dim = 0.5 if hour == "night" else 0.0
    sail = mix(rgb(SAILS[name]), sky_colours[0], dim)
    hull = mix(
        rgb(choose_name(rng, ("#f2eee4", "#7a2a24", "#23405f", "#4a2f1f", "#2f5a4a"))), sky_colours[0], dim
    )
    foot = horizon + 0.035
    _draw_boat(canvas, x, foot, scale, sail, hull, lean, name == "striped")
    mirror_in_water(canvas, rng, foot + 0.012, sea, share=0.42, rough=0.07)
    draw_swell(canvas, rng, foot + 0.01, darken(sea, 0.4), lighten(mix(sea, sky_colours[2], 0.5), 0.1), 0.4)
    if hour != "grey":
        draw_glitter(canvas, rng, light, foot + 0.01, 1.0, lighten(sky_colours[2], 0.4), strength=0.6)
    if hour not in ("night",):
        draw_gulls(canvas, rng, mix(rgb("#ffffff"), sky_colours[0], 0.35), 0.2)
    finish_scene(canvas, rng)
    return {"colour": name, "time": hour}


def _draw_sky_at(
    canvas: Canvas, rng: np.random.Generator, hour: str, sky_colours: list[Colour], horizon: float
) -> float:
    """The sky with its light; returns where the light stands."""
    draw_sky(canvas, sky_colours, horizon)
    x = rng.choice([rng.uniform(0.1, 0.3), rng.uniform(0.7, 0.9)]) * canvas.right
    if hour == "night":
        draw_stars(canvas, rng, 80, horizon)
        draw_moon(canvas, rng, x, 0.16, 0.045)
    if hour in ("dusk", "dawn", "gold"):
        draw_sun(canvas, x, horizon - 0.1, 0.04, lighten(sky_colours[2], 0.2))
    shade = mix(sky_colours[0], sky_colours[1], 0.6)
    draw_clouds(
        canvas,
        rng,
        lighten(sky_colours[2], 0.4),
        shade,
        cover=0.7 if hour == "grey" else 0.45,
        bottom=horizon,
        flat=3.2,
        opacity=0.4 if hour == "night" else 0.9,
    )
    return float(x)


def _draw_boat(
    canvas: Canvas, x: float, foot: float, scale: float, sail: Colour, hull: Colour, lean: int, striped: bool
) -> None:
    """A sloop: hull, mast, mainsail and jib; `lean` -1 sails to the left."""

    def place_outline(outline: Outline) -> Outline:
        return place(rotate(outline, 0.05), x, foot, (scale * lean, scale))

    mast = bar(0.02, -0.05, 0.02, -0.98, 0.014)
    main = join_lines(
        [
            open_curve((0.0, -0.95), (-0.12, -0.6), (-0.36, -0.14)),
            open_curve((-0.36, -0.14), (-0.18, -0.11), (0.0, -0.13)),
        ]
    )
    jib = join_lines(
        [
            open_curve((0.04, -0.86), (0.24, -0.5), (0.36, -0.12)),
            open_curve((0.36, -0.12), (0.2, -0.13), (0.05, -0.17)),
            open_curve((0.05, -0.17), (0.1, -0.5), (0.04, -0.86)),
        ]
    )
    body = join_lines(
        [
            open_curve((-0.4, -0.09), (0.0, -0.07), (0.46, -0.12)),
            open_curve((0.46, -0.12), (0.34, 0.01), (0.2, 0.05)),
            open_curve((0.2, 0.05), (-0.1, 0.06), (-0.33, 0.04)),
        ]
    )
    canvas.fill(rgb("#5a4030"), place_outline(mast))
    span = (x - 0.36 * scale * lean, foot - 0.6 * scale), (x + 0.1 * scale * lean, foot - 0.5 * scale)
    for cloth, dark in ((main, 0.28), (jib, 0.12)):
        mask = canvas.make_mask(place_outline(cloth))
        canvas.paint(mask, linear_gradient(*span, lighten(sail, 0.16), sail, darken(sail, dark)))
        if striped:
            bands = [box(-1, y, 2, 0.075) for y in np.arange(-1, 0, 0.15)]
            canvas.paint(
                canvas.make_mask(*(place_outline(band) for band in bands)).intersect(mask),
                linear_gradient(*span, rgb("#d8433a"), rgb("#a02a2a")),
                0.95,
            )
        seams = [place_outline(bar(-0.5, y, 0.5, y + 0.04, 0.004)) for y in np.arange(-0.9, -0.1, 0.11)]
        canvas.paint(canvas.make_mask(*seams).intersect(mask), darken(sail, 0.5), 0.25)
    side = canvas.make_mask(place_outline(body))
    canvas.paint(
        side,
        linear_gradient(
            (0, foot - 0.12 * scale), (0, foot + 0.05 * scale), lighten(hull, 0.2), hull, darken(hull, 0.5)
        ),
    )
    canvas.paint(
        canvas.make_mask(place_outline(box(-0.5, -0.075, 1.0, 0.018))).intersect(side),
        lighten(sail, 0.3),
        0.85,
    )
    canvas.fill(
        mix(hull, rgb("#f4efe6"), 0.6),
        place_outline(
            join_lines([open_curve((-0.18, -0.085), (-0.14, -0.125), (0.1, -0.13), (0.16, -0.085))])
        ),
    )
