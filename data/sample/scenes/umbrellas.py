"""Umbrellas in the rain."""

import numpy as np

from ..canvas import Canvas, linear_gradient
from ..colour import Colour, brighten, darken, jitter_colour, lighten, mix, parse_palette, rgb
from ..facts import Facts, choose_name, name_in_turn
from ..finish import finish_scene
from ..land import mirror_in_water
from ..outline import (
    TURN,
    Outline,
    bar,
    box,
    ellipse,
    join_lines,
    open_curve,
    place,
    rotate,
    smooth_outline,
    stroke_line,
)
from ..sky import draw_sky

# name: air from the top down, houses, lamps
WEATHERS = {
    "grey": "#5f6d7a #93a0a8 #c4c8c6 #5a6670 #ffe0a0",
    "evening": "#1c2344 #46487a #a87a88 #2c2f52 #ffc870",
    "blue": "#274a6e #5a88a8 #a8c8d0 #33526e #fff0c0",
    "night": "#080c1c #18243f #33486a #10182e #ffcf78",
    "warm": "#7a5a4a #b88a68 #e8c8a0 #6f5244 #fff0c8",
}
UMBRELLAS = {
    "red": "#d8262e",
    "yellow": "#f8c81e",
    "blue": "#2f6fd0",
    "green": "#2f9a5c",
    "pink": "#f078a0",
    "orange": "#f5812a",
    "violet": "#8348b0",
    "black": "#2a2c36",
    "turquoise": "#22b0b4",
}
COATS = ("#2c3040", "#6a4a38", "#3a4a5c", "#5a3040", "#46503c", "#8a7a64")


def draw_umbrellas(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """People under umbrellas on a wet street."""
    name, hour = name_in_turn(UMBRELLAS, turn), name_in_turn(WEATHERS, turn + turn // 9)
    *sky_colours, wall, lamp = parse_palette(WEATHERS[hour])
    foot = rng.uniform(0.72, 0.78)
    draw_sky(canvas, sky_colours, foot)
    _draw_street(canvas, rng, foot, wall, sky_colours[2], lamp)
    scale = min(canvas.right, 1.0)
    people = int(rng.integers(1, 4))
    others = [name_in_turn(UMBRELLAS, turn + int(rng.integers(1, 9))) for _ in range(people - 1)]
    middle = canvas.right * rng.uniform(0.42, 0.58)
    places = [middle + side * rng.uniform(0.34, 0.4) * scale for side in (-1, 1)]
    for x, other in zip(places, others, strict=False):
        _draw_walker(
            canvas,
            rng,
            x,
            foot + 0.03,
            0.42 * scale,
            mix(rgb(UMBRELLAS[other]), sky_colours[1], 0.3),
            sky_colours[1],
        )
    _draw_walker(
        canvas, rng, middle, foot + 0.074, rng.uniform(0.62, 0.7) * scale, rgb(UMBRELLAS[name]), None
    )
    mirror_in_water(canvas, rng, foot + 0.082, mix(wall, sky_colours[0], 0.5), share=0.45, rough=0.05)
    _draw_rain(canvas, rng)
    finish_scene(canvas, rng, glow=0.6)
    return {"colour": name, "time": hour, "people": ("one", "two", "three")[people - 1]}


def _draw_street(
    canvas: Canvas, rng: np.random.Generator, foot: float, wall: Colour, air: Colour, lamp: Colour
) -> None:
    """House fronts out of focus, and lamps as discs of light."""
    for layer in range(2):
        x = -0.1
        while x < canvas.right:
            width, tall = rng.uniform(0.14, 0.26), rng.uniform(0.35, 0.62) * (1 - 0.25 * layer)
            shade = jitter_colour(rng, mix(wall, air, 0.55 - 0.35 * layer), 0.02)
            canvas.fill(
                linear_gradient((0, foot - tall), (0, foot), shade, mix(shade, air, 0.3)),
                box(x, foot - tall, width, tall + 0.05),
                blur=0.006,
            )
            panes = [
                box(x + width * c, foot - tall + r, width * 0.12, 0.045)
                for c in (0.16, 0.44, 0.72)
                for r in np.arange(0.05, tall - 0.05, 0.085)
                if rng.random() < 0.4
            ]
            canvas.fill(lamp, *panes, opacity=0.5, blur=0.005)
            x += width
    canvas.fill(
        linear_gradient((0, foot), (0, 1), mix(wall, air, 0.35), darken(wall, 0.4)),
        box(-0.1, foot, canvas.right + 0.2, 0.5),
    )
    for _ in range(9):
        x, y, size = rng.uniform(0, canvas.right), rng.uniform(0.3, foot - 0.04), rng.uniform(0.015, 0.04)
        canvas.fill(
            mix(lamp, rgb(choose_name(rng, ("#ff6a5a", "#ffffff", "#7ae0c0"))), 0.35),
            ellipse(x, y, size, points=32),
            opacity=0.45,
            blur=0.003,
        )
        canvas.add_glow(x, y, size * 1.8, lamp, 0.25)


def _draw_walker(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    foot: float,
    size: float,
    cloth: Colour,
    air: Colour | None,
) -> None:
    """A coat with legs below and an umbrella above; seen through air when far."""
    coat = rgb(choose_name(rng, COATS))
    coat = mix(coat, air, 0.35) if air is not None else coat
    stride, boots = rng.uniform(0.03, 0.09), darken(coat, 0.6)

    def at(outline: Outline) -> Outline:
        return place(outline, x, foot, size)

    canvas.fill(
        boots,
        at(stroke_line(open_curve((-0.035, -0.3), (-0.04 - stride / 2, -0.14), (-0.04 - stride, 0)), 0.055)),
        at(stroke_line(open_curve((0.035, -0.3), (0.05 + stride / 3, -0.15), (0.04 + stride, 0)), 0.055)),
    )
    canvas.fill(
        boots, at(ellipse(-0.02 - stride, 0.0, 0.05, 0.022)), at(ellipse(0.06 + stride, 0.0, 0.05, 0.022))
    )
    body = smooth_outline(
        (0, -0.66),
        (0.1, -0.62),
        (0.13, -0.45),
        (0.17, -0.22),
        (0.0, -0.2),
        (-0.17, -0.22),
        (-0.13, -0.45),
        (-0.1, -0.62),
    )
    span = (x - 0.15 * size, 0), (x + 0.16 * size, 0)
    canvas.fill(linear_gradient(*span, lighten(coat, 0.22), coat, darken(coat, 0.4)), at(body))
    canvas.fill(
        rgb("#d8a888") if air is None else mix(rgb("#d8a888"), air, 0.35),
        at(ellipse(0.0, -0.71, 0.058, 0.065)),
    )
    canvas.fill(
        darken(coat, 0.5),
        at(smooth_outline((-0.065, -0.7), (-0.05, -0.79), (0.03, -0.79), (0.06, -0.73), (0.0, -0.74))),
    )
    canvas.fill(darken(coat, 0.7), at(bar(0.08, -0.42, 0.1, -1.02, 0.014)))
    canvas.fill(
        linear_gradient(*span, lighten(coat, 0.15), darken(coat, 0.25)),
        at(stroke_line(open_curve((0.09, -0.58), (0.15, -0.46), (0.09, -0.46)), 0.06)),
    )
    _draw_umbrella(canvas, x + 0.1 * size, foot - 0.76 * size, 0.36 * size, cloth, rng.normal(0, 0.08))


def _draw_umbrella(canvas: Canvas, x: float, y: float, size: float, cloth: Colour, tilt: float) -> None:
    """A dome of eight panels with a scalloped edge; every other panel lies in more shade."""

    def at(outline: Outline) -> Outline:
        return place(rotate(outline, tilt), x, y, size)

    edges = np.cos(np.linspace(np.pi, 0, 7))
    canvas.fill(darken(cloth, 0.65), at(ellipse(0, 0.0, 0.97, 0.13)))
    rise = np.linspace(0, np.pi / 2, 14)
    dome = np.linspace(np.pi, TURN, 40)
    canvas.fill(
        darken(cloth, 0.6), at(np.stack([np.cos(dome), 0.82 * np.sin(dome)], 1))
    )  # no street between the panels
    for step in range(6):
        left, right = edges[step], edges[step + 1]
        one = np.stack([left * np.cos(rise), -0.82 * np.sin(rise)], 1)
        two = np.stack([right * np.cos(rise), -0.82 * np.sin(rise)], 1)[::-1]
        sag = open_curve((right, 0), ((left + right) / 2, -0.09), (left, 0), steps=6)
        share = (step + 0.5) / 6
        tone = brighten(cloth, 0.3 - 0.35 * share) if share < 0.75 else darken(cloth, 0.28)
        tone = darken(tone, 0.1) if step % 2 else tone
        canvas.fill(
            linear_gradient((0, y - size * 0.85), (0, y), brighten(tone, 0.16), tone, darken(tone, 0.25)),
            at(join_lines([one, two, sag])),
        )
    canvas.fill(darken(cloth, 0.7), at(bar(0, -0.8, 0, -0.95, 0.035)))
    canvas.fill(
        rgb("#ffffff"),
        at(rotate(ellipse(-0.42, -0.5, 0.26, 0.06), -0.5, (-0.42, -0.5))),
        opacity=0.35,
        blur=size * 0.05,
    )


def _draw_rain(canvas: Canvas, rng: np.random.Generator) -> None:
    slant = rng.uniform(0.05, 0.25)
    for width, count, opacity in ((0.0018, 130, 0.3), (0.003, 40, 0.38)):
        drops = [
            bar(x, y, x - slant * length, y + length, width)
            for x, y, length in zip(
                rng.uniform(0, canvas.right + 0.2, count),
                rng.uniform(-0.1, 1, count),
                rng.uniform(0.03, 0.1, count),
                strict=True,
            )
        ]
        canvas.fill(rgb("#eef4fa"), *drops, opacity=opacity)
