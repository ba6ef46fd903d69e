"""Cars on the road."""

from collections.abc import Callable

import numpy as np

from ..canvas import Canvas, Mask, linear_gradient, radial_gradient
from ..colour import Colour, brighten, darken, lighten, mix, parse_palette, rgb
from ..facts import Facts, name_in_turn
from ..finish import draw_shadow, finish_scene
from ..land import draw_crown, fill_slope, make_skyline, shade_relief
from ..outline import (
    Outline,
    bar,
    box,
    ellipse,
    join_lines,
    open_curve,
    place,
    polygon,
    rotate,
    smooth_outline,
)
from ..sky import draw_clouds, draw_sky, draw_stars, draw_sun
from .car_bodies import BODIES

PAINTS = {
    "red": "#cf2228",
    "blue": "#2463c4",
    "yellow": "#f5c31c",
    "green": "#2c8a50",
    "white": "#f2f2ee",
    "black": "#26282e",
    "orange": "#f07a20",
    "turquoise": "#35b5b0",
    "silver": "#a8b0b8",
}
# name: sky from the zenith down, far land, near land, road
ROADS = {
    "coast": "#2a80d4 #84c4f0 #e8f4f4 #3a88b0 #d8bc88 #5a5c62",
    "desert": "#4a90c8 #b8d4d8 #f8e4c0 #c07a4a #d8a060 #6a625c",
    "meadow": "#2f86d0 #90caf0 #eef6f4 #5a9a7a #6fae48 #54565c",
    "dusk": "#2a2654 #a85878 #ffb478 #4a3a60 #2f2a44 #34323e",
    "city": "#7a94b0 #b8c8d4 #ecebe4 #8490a0 #7a7e86 #4a4c52",
    "night": "#050a1c #122246 #30487e #14223f #0e1a2c #23262f",
}


def draw_cars(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A car from the side on an open road."""
    name, place_name = name_in_turn(PAINTS, turn), name_in_turn(ROADS, turn + turn // 9)
    kind = name_in_turn(("hatchback", "saloon", "van", "convertible", "pickup"), turn * 3 + turn // 5)
    *sky_colours, far, near, road = parse_palette(ROADS[place_name])
    edge = rng.uniform(0.66, 0.7)
    _draw_scenery(canvas, rng, place_name, sky_colours, far, near, edge)
    canvas.fill(
        linear_gradient((0, edge), (0, 1), lighten(road, 0.12), road, darken(road, 0.3)),
        box(-0.1, edge, canvas.right + 0.2, 0.5),
    )
    canvas.fill(lighten(road, 0.35), bar(-0.1, edge + 0.006, canvas.right + 0.1, edge + 0.006, 0.008))
    canvas.fill(
        rgb("#f0e8d0"),
        *(
            polygon((x, 0.93), (x + 0.14, 0.93), (x + 0.12, 0.95), (x - 0.02, 0.95))
            for x in np.arange(rng.uniform(-0.2, 0), canvas.right, 0.3)
        ),
        opacity=0.75 if place_name != "night" else 0.3,
    )
    scale = min(canvas.right, 1.25) * rng.uniform(0.36, 0.4)
    dim = {"night": 0.45, "dusk": 0.2}.get(place_name, 0.0)
    _draw_car(
        canvas,
        (canvas.right / 2, 0.86, scale, int(rng.choice([-1, 1]))),
        mix(rgb(PAINTS[name]), sky_colours[0], dim),
        kind,
        sky_colours,
        lit=dim > 0,
    )
    finish_scene(canvas, rng, glow=0.7 if dim else 0.3)
    return {"colour": name, "car": kind, "place": place_name}


def _draw_scenery(
    canvas: Canvas,
    rng: np.random.Generator,
    name: str,
    sky_colours: list[Colour],
    far: Colour,
    near: Colour,
    edge: float,
) -> None:
    draw_sky(canvas, sky_colours, edge)
    if name == "night":
        draw_stars(canvas, rng, 60, 0.5)
    if name == "dusk":
        draw_sun(
            canvas, rng.uniform(0.15, 0.85) * canvas.right, edge - 0.14, 0.05, lighten(sky_colours[2], 0.2)
        )
    draw_clouds(
        canvas,
        rng,
        lighten(sky_colours[2], 0.5),
        mix(sky_colours[1], sky_colours[2], 0.4),
        cover=0.45,
        bottom=edge,
        flat=3.4,
        opacity=0.3 if name == "night" else 0.85,
    )
    if name == "coast":
        canvas.fill(
            linear_gradient((0, edge - 0.16), (0, edge), lighten(far, 0.25), darken(far, 0.2)),
            box(-0.1, edge - 0.16, canvas.right + 0.2, 0.3),
        )
    elif name in ("city", "night"):
        x = -0.05
        while x < canvas.right:
            width, tall = rng.uniform(0.07, 0.16), rng.uniform(0.12, 0.36)
            canvas.fill(
                mix(far, sky_colours[2], rng.uniform(0.1, 0.35)), box(x, edge - tall, width, tall + 0.02)
            )
            panes = [
                box(x + c, edge - tall + r, 0.014, 0.018)
                for c in np.arange(0.015, width - 0.02, 0.028)
                for r in np.arange(0.02, tall - 0.03, 0.036)
                if rng.random() < 0.6
            ]
            canvas.fill(rgb("#ffd88a") if name == "night" else lighten(far, 0.45), *panes, opacity=0.75)
            x += width + rng.uniform(0, 0.02)
    else:
        for step in range(2):
            shade_relief(
                canvas,
                rng,
                fill_slope(
                    canvas,
                    make_skyline(canvas, rng, edge - 0.02, 0.26 - 0.1 * step, cells=2 + step),
                    mix(far, sky_colours[2], 0.35 - 0.3 * step),
                    far,
                ),
                (5, 9),
                0.2,
            )
    shade_relief(
        canvas,
        rng,
        fill_slope(canvas, make_skyline(canvas, rng, edge - 0.01, 0.035, cells=3), near, darken(near, 0.3)),
        (6, 10),
        0.2,
    )
    if name == "meadow":
        for x in rng.uniform(0, canvas.right, 4):
            canvas.fill(rgb("#4a3626"), bar(x, edge, x, edge - 0.12, 0.014))
            draw_crown(canvas, rng, x, edge - 0.14, rng.uniform(0.06, 0.09), rgb("#4a8a3c"), leaves=40)


def _draw_car(
    canvas: Canvas,
    spot: tuple[float, float, float, int],
    paint: Colour,
    kind: str,
    sky_colours: list[Colour],
    *,
    lit: bool,
) -> None:
    x, foot, size, facing = spot
    roof, glass, posts = BODIES[kind]

    def place_outline(outline: Outline) -> Outline:
        return place(outline, x, foot, (size * facing, size))

    draw_shadow(
        canvas, ellipse(x, foot + 0.012, size * 1.08, 0.03), colour=rgb("#08090e"), blur=0.014, opacity=0.7
    )
    if kind == "convertible":
        canvas.fill(
            rgb("#3a2a24"),
            place_outline(smooth_outline((-0.42, -0.3), (-0.44, -0.52), (-0.36, -0.54), (-0.28, -0.3))),
            place_outline(smooth_outline((-0.1, -0.3), (-0.12, -0.5), (-0.05, -0.52), (0.02, -0.3))),
        )
    body = canvas.make_mask(
        place_outline(
            join_lines(
                [
                    open_curve(*roof),
                    open_curve((0.97, -0.12), (0.94, -0.04), (0.8, -0.03)),
                    np.array([(-0.8, -0.03)]),
                    open_curve((-0.8, -0.03), (-0.92, -0.04), roof[0]),
                ]
            )
        )
    )
    canvas.paint(
        body,
        linear_gradient(
            (0, foot - 0.75 * size),
            (0, foot),
            brighten(lighten(paint, 0.15), 0.15),
            paint,
            darken(paint, 0.12),
            darken(paint, 0.55),
        ),
    )
    canvas.paint(
        canvas.make_mask(place_outline(box(-1.1, -0.31, 2.2, 0.035)), blur=0.004).intersect(body),
        rgb("#ffffff"),
        0.4,
    )
    canvas.paint(
        canvas.make_mask(place_outline(box(-1.1, -0.16, 2.2, 0.2)), blur=0.01).intersect(body),
        darken(paint, 0.8),
        0.4,
    )
    _draw_glass(
        canvas,
        place_outline(join_lines([open_curve(*glass)])),
        [place_outline(bar(p, -1, p, -0.3, 0.045)) for p in posts],
        paint,
        sky_colours,
    )
    seams = [
        place_outline(bar(p, -0.44, p + 0.01, -0.07, 0.009))
        for p in ((*posts, 0.4) if kind != "pickup" else (-0.2, 0.38))
    ]
    canvas.paint(canvas.make_mask(*seams).intersect(body), darken(paint, 0.7), 0.7)
    canvas.paint(
        canvas.make_mask(
            *(place_outline(box(p - 0.13, -0.34, 0.09, 0.022, corner=0.01)) for p in (*posts, 0.36))
        ).intersect(body),
        darken(paint, 0.5),
        0.9,
    )
    _draw_lamps(canvas, place_outline, x, foot, size, facing, lit=lit)
    for wheel in (-0.58, 0.6):
        _draw_wheel(
            canvas,
            place_outline(ellipse(wheel, -0.1, 0.215)),
            x + wheel * size * facing,
            foot - 0.1 * size,
            size * 0.175,
            paint,
            body,
        )


def _draw_glass(
    canvas: Canvas, pane: Outline, posts: list[Outline], paint: Colour, sky_colours: list[Colour]
) -> None:
    """Windows that mirror the sky, with one slanting gleam."""
    mask = canvas.make_mask(pane)
    top, bottom = pane[:, 1].min(), pane[:, 1].max()
    canvas.paint(
        mask,
        linear_gradient((0, top), (0, bottom), darken(sky_colours[1], 0.25), darken(sky_colours[0], 0.65)),
    )
    left, wide = pane[:, 0].min(), np.ptp(pane[:, 0])
    gleam = polygon(
        (left + wide * 0.5, top),
        (left + wide * 0.66, top),
        (left + wide * 0.46, bottom),
        (left + wide * 0.3, bottom),
    )
    canvas.paint(canvas.make_mask(gleam, blur=0.003).intersect(mask), rgb("#ffffff"), 0.28)
    if posts:
        canvas.paint(canvas.make_mask(*posts).intersect(mask), darken(paint, 0.3))


def _draw_lamps(
    canvas: Canvas,
    at: Callable[[Outline], Outline],
    x: float,
    foot: float,
    size: float,
    facing: int,
    *,
    lit: bool,
) -> None:
    canvas.fill(rgb("#fff4d0"), at(ellipse(0.91, -0.24, 0.045, 0.05)))
    canvas.fill(rgb("#d02a24"), at(box(-0.965, -0.3, 0.05, 0.09, corner=0.02)))
    canvas.fill(
        rgb("#c8ccd0"),
        at(box(0.88, -0.12, 0.11, 0.045, corner=0.02)),
        at(box(-1.0, -0.12, 0.11, 0.045, corner=0.02)),
    )
    if lit:
        nose = x + 0.94 * size * facing
        beam = polygon(
            (nose, foot - 0.26 * size),
            (nose + facing * 0.7, foot - 0.34 * size),
            (nose + facing * 0.7, foot + 0.05 * size),
            (nose, foot - 0.2 * size),
        )
        canvas.fill(
            linear_gradient((nose, 0), (nose + facing * 0.5, 0), rgb("#fff0b8"), rgb("#fff0b8")),
            beam,
            opacity=0.22,
            blur=0.02,
        )
        canvas.add_glow(nose, foot - 0.24 * size, 0.05, rgb("#ffe8a8"), 0.9)


def _draw_wheel(
    canvas: Canvas, arch: Outline, x: float, y: float, size: float, paint: Colour, body: Mask
) -> None:
    canvas.paint(canvas.make_mask(arch).intersect(body), rgb("#101116"))
    canvas.fill(
        radial_gradient(x, y, size, rgb("#2c2d33"), rgb("#1c1d22"), rgb("#101014")), ellipse(x, y, size)
    )
    canvas.fill(
        linear_gradient((x, y - size * 0.6), (x, y + size * 0.6), rgb("#f0f2f4"), rgb("#888e96")),
        ellipse(x, y, size * 0.62),
    )
    holes = [
        place(rotate(ellipse(0, -0.38, 0.085, 0.13, points=16), a), x, y, size)
        for a in np.linspace(0, 2 * np.pi, 7)[:-1] + 0.2
    ]
    canvas.fill(rgb("#34363c"), *holes)
    canvas.fill(darken(paint, 0.1), ellipse(x, y, size * 0.13))
