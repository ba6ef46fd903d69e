"""Cars on the road."""

from collections.abc import Callable

import numpy as np

from ..canvas import Canvas, Mask, linear, radial
from ..colour import Colour, darker, glowing, lighter, mix, palette, rgb
from ..facts import Facts, in_turn
from ..finish import finish, shadow
from ..land import crown, hills, relief, slope
from ..outline import Outline, bar, box, curve, ellipse, joined, place, polygon, rotate, smooth
from ..sky import clouds, sky, stars, sun
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


def cars(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A car from the side on an open road."""
    name, place_name = in_turn(PAINTS, turn), in_turn(ROADS, turn + turn // 9)
    kind = in_turn(("hatchback", "saloon", "van", "convertible", "pickup"), turn * 3 + turn // 5)
    *heaven, far, near, road = palette(ROADS[place_name])
    edge = rng.uniform(0.66, 0.7)
    _scenery(canvas, rng, place_name, heaven, far, near, edge)
    canvas.fill(
        linear((0, edge), (0, 1), lighter(road, 0.12), road, darker(road, 0.3)),
        box(-0.1, edge, canvas.right + 0.2, 0.5),
    )
    canvas.fill(lighter(road, 0.35), bar(-0.1, edge + 0.006, canvas.right + 0.1, edge + 0.006, 0.008))
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
    _car(
        canvas,
        (canvas.right / 2, 0.86, scale, int(rng.choice([-1, 1]))),
        mix(rgb(PAINTS[name]), heaven[0], dim),
        kind,
        heaven,
        lit=dim > 0,
    )
    finish(canvas, rng, glow=0.7 if dim else 0.3)
    return {"colour": name, "car": kind, "place": place_name}


def _scenery(
    canvas: Canvas,
    rng: np.random.Generator,
    name: str,
    heaven: list[Colour],
    far: Colour,
    near: Colour,
    edge: float,
) -> None:
    sky(canvas, heaven, edge)
    if name == "night":
        stars(canvas, rng, 60, 0.5)
    if name == "dusk":
        sun(canvas, rng.uniform(0.15, 0.85) * canvas.right, edge - 0.14, 0.05, lighter(heaven[2], 0.2))
    clouds(
        canvas,
        rng,
        lighter(heaven[2], 0.5),
        mix(heaven[1], heaven[2], 0.4),
        cover=0.45,
        bottom=edge,
        flat=3.4,
        opacity=0.3 if name == "night" else 0.85,
    )
    if name == "coast":
        canvas.fill(
            linear((0, edge - 0.16), (0, edge), lighter(far, 0.25), darker(far, 0.2)),
            box(-0.1, edge - 0.16, canvas.right + 0.2, 0.3),
        )
    elif name in ("city", "night"):
        x = -0.05
        while x < canvas.right:
            width, tall = rng.uniform(0.07, 0.16), rng.uniform(0.12, 0.36)
            canvas.fill(mix(far, heaven[2], rng.uniform(0.1, 0.35)), box(x, edge - tall, width, tall + 0.02))
            panes = [
                box(x + c, edge - tall + r, 0.014, 0.018)
                for c in np.arange(0.015, width - 0.02, 0.028)
                for r in np.arange(0.02, tall - 0.03, 0.036)
                if rng.random() < 0.6
            ]
            canvas.fill(rgb("#ffd88a") if name == "night" else lighter(far, 0.45), *panes, opacity=0.75)
            x += width + rng.uniform(0, 0.02)
    else:
        for step in range(2):
            relief(
                canvas,
                rng,
                slope(
                    canvas,
                    hills(canvas, rng, edge - 0.02, 0.26 - 0.1 * step, cells=2 + step),
                    mix(far, heaven[2], 0.35 - 0.3 * step),
                    far,
                ),
                (5, 9),
                0.2,
            )
    relief(
        canvas,
        rng,
        slope(canvas, hills(canvas, rng, edge - 0.01, 0.035, cells=3), near, darker(near, 0.3)),
        (6, 10),
        0.2,
    )
    if name == "meadow":
        for x in rng.uniform(0, canvas.right, 4):
            canvas.fill(rgb("#4a3626"), bar(x, edge, x, edge - 0.12, 0.014))
            crown(canvas, rng, x, edge - 0.14, rng.uniform(0.06, 0.09), rgb("#4a8a3c"), leaves=40)


def _car(
    canvas: Canvas,
    spot: tuple[float, float, float, int],
    paint: Colour,
    kind: str,
    heaven: list[Colour],
    *,
    lit: bool,
) -> None:
    x, foot, size, facing = spot
    roof, glass, posts = BODIES[kind]

    def at(outline: Outline) -> Outline:
        return place(outline, x, foot, (size * facing, size))

    shadow(
        canvas, ellipse(x, foot + 0.012, size * 1.08, 0.03), colour=rgb("#08090e"), blur=0.014, opacity=0.7
    )
    if kind == "convertible":
        canvas.fill(
            rgb("#3a2a24"),
            at(smooth((-0.42, -0.3), (-0.44, -0.52), (-0.36, -0.54), (-0.28, -0.3))),
            at(smooth((-0.1, -0.3), (-0.12, -0.5), (-0.05, -0.52), (0.02, -0.3))),
        )
    body = canvas.mask(
        at(
            joined(
                [
                    curve(*roof),
                    curve((0.97, -0.12), (0.94, -0.04), (0.8, -0.03)),
                    np.array([(-0.8, -0.03)]),
                    curve((-0.8, -0.03), (-0.92, -0.04), roof[0]),
                ]
            )
        )
    )
    canvas.paint(
        body,
        linear(
            (0, foot - 0.75 * size),
            (0, foot),
            glowing(lighter(paint, 0.15), 0.15),
            paint,
            darker(paint, 0.12),
            darker(paint, 0.55),
        ),
    )
    canvas.paint(canvas.mask(at(box(-1.1, -0.31, 2.2, 0.035)), blur=0.004).within(body), rgb("#ffffff"), 0.4)
    canvas.paint(canvas.mask(at(box(-1.1, -0.16, 2.2, 0.2)), blur=0.01).within(body), darker(paint, 0.8), 0.4)
    _glass(
        canvas,
        at(joined([curve(*glass)])),
        [at(bar(p, -1, p, -0.3, 0.045)) for p in posts],
        paint,
        heaven,
    )
    seams = [
        at(bar(p, -0.44, p + 0.01, -0.07, 0.009))
        for p in ((*posts, 0.4) if kind != "pickup" else (-0.2, 0.38))
    ]
    canvas.paint(canvas.mask(*seams).within(body), darker(paint, 0.7), 0.7)
    canvas.paint(
        canvas.mask(*(at(box(p - 0.13, -0.34, 0.09, 0.022, corner=0.01)) for p in (*posts, 0.36))).within(
            body
        ),
        darker(paint, 0.5),
        0.9,
    )
    _lamps(canvas, at, x, foot, size, facing, lit=lit)
    for wheel in (-0.58, 0.6):
        _wheel(
            canvas,
            at(ellipse(wheel, -0.1, 0.215)),
            x + wheel * size * facing,
            foot - 0.1 * size,
            size * 0.175,
            paint,
            body,
        )


def _glass(canvas: Canvas, pane: Outline, posts: list[Outline], paint: Colour, heaven: list[Colour]) -> None:
    """Windows that mirror the sky, with one slanting gleam."""
    mask = canvas.mask(pane)
    top, bottom = pane[:, 1].min(), pane[:, 1].max()
    canvas.paint(mask, linear((0, top), (0, bottom), darker(heaven[1], 0.25), darker(heaven[0], 0.65)))
    left, wide = pane[:, 0].min(), np.ptp(pane[:, 0])
    gleam = polygon(
        (left + wide * 0.5, top),
        (left + wide * 0.66, top),
        (left + wide * 0.46, bottom),
        (left + wide * 0.3, bottom),
    )
    canvas.paint(canvas.mask(gleam, blur=0.003).within(mask), rgb("#ffffff"), 0.28)
    if posts:
        canvas.paint(canvas.mask(*posts).within(mask), darker(paint, 0.3))


def _lamps(
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
            linear((nose, 0), (nose + facing * 0.5, 0), rgb("#fff0b8"), rgb("#fff0b8")),
            beam,
            opacity=0.22,
            blur=0.02,
        )
        canvas.glow(nose, foot - 0.24 * size, 0.05, rgb("#ffe8a8"), 0.9)


def _wheel(canvas: Canvas, arch: Outline, x: float, y: float, size: float, paint: Colour, body: Mask) -> None:
    canvas.paint(canvas.mask(arch).within(body), rgb("#101116"))
    canvas.fill(radial(x, y, size, rgb("#2c2d33"), rgb("#1c1d22"), rgb("#101014")), ellipse(x, y, size))
    canvas.fill(
        linear((x, y - size * 0.6), (x, y + size * 0.6), rgb("#f0f2f4"), rgb("#888e96")),
        ellipse(x, y, size * 0.62),
    )
    holes = [
        place(rotate(ellipse(0, -0.38, 0.085, 0.13, points=16), a), x, y, size)
        for a in np.linspace(0, 2 * np.pi, 7)[:-1] + 0.2
    ]
    canvas.fill(rgb("#34363c"), *holes)
    canvas.fill(darker(paint, 0.1), ellipse(x, y, size * 0.13))
