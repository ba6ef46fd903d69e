"""Sailing boats."""

import numpy as np

from ..canvas import Canvas, linear
from ..colour import Colour, darker, lighter, mix, palette, rgb
from ..facts import Facts, choice, in_turn
from ..finish import finish
from ..land import glitter, hills, slope, swell, water
from ..outline import Outline, bar, box, curve, joined, place, rotate
from ..sky import clouds, moon, sky, stars, sun
from .coast import gulls

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


def boats(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """One sailing boat close by, others far off."""
    hour, name = in_turn(HOURS, turn + turn // 6), in_turn(SAILS, turn)
    *heaven, sea, coast = palette(HOURS[hour])
    horizon = rng.uniform(0.6, 0.68)
    x = rng.uniform(0.36, 0.64) * canvas.right
    light = _heaven(canvas, rng, hour, heaven, horizon)
    if rng.random() < 0.6:
        line = np.maximum(hills(canvas, rng, horizon + 0.03, 0.13, cells=3), horizon - 0.12)
        slope(
            canvas,
            np.minimum(line, horizon + 0.01),
            mix(coast, heaven[2], 0.25),
            mix(coast, heaven[2], 0.5),
            0.12,
        )
    for _ in range(rng.integers(0, 4)):
        far = rng.uniform(0.05, 0.95) * canvas.right
        _boat(
            canvas,
            far,
            horizon + 0.004,
            0.13,
            mix(rgb("#ffffff"), heaven[2], 0.3),
            mix(coast, heaven[1], 0.3),
            1,
            False,
        )
    scale, lean = rng.uniform(0.5, 0.62) * min(1.0, canvas.right + 0.12), int(rng.choice([-1, 1]))
    dim = 0.5 if hour == "night" else 0.0
    sail = mix(rgb(SAILS[name]), heaven[0], dim)
    hull = mix(rgb(choice(rng, ("#f2eee4", "#7a2a24", "#23405f", "#4a2f1f", "#2f5a4a"))), heaven[0], dim)
    foot = horizon + 0.035
    _boat(canvas, x, foot, scale, sail, hull, lean, name == "striped")
    water(canvas, rng, foot + 0.012, sea, share=0.42, rough=0.07)
    swell(canvas, rng, foot + 0.01, darker(sea, 0.4), lighter(mix(sea, heaven[2], 0.5), 0.1), 0.4)
    if hour != "grey":
        glitter(canvas, rng, light, foot + 0.01, 1.0, lighter(heaven[2], 0.4), strength=0.6)
    if hour not in ("night",):
        gulls(canvas, rng, mix(rgb("#ffffff"), heaven[0], 0.35), 0.2)
    finish(canvas, rng)
    return {"colour": name, "time": hour}


def _heaven(
    canvas: Canvas, rng: np.random.Generator, hour: str, heaven: list[Colour], horizon: float
) -> float:
    """The sky with its light; returns where the light stands."""
    sky(canvas, heaven, horizon)
    x = rng.choice([rng.uniform(0.1, 0.3), rng.uniform(0.7, 0.9)]) * canvas.right
    if hour == "night":
        stars(canvas, rng, 80, horizon)
        moon(canvas, rng, x, 0.16, 0.045)
    if hour in ("dusk", "dawn", "gold"):
        sun(canvas, x, horizon - 0.1, 0.04, lighter(heaven[2], 0.2))
    shade = mix(heaven[0], heaven[1], 0.6)
    clouds(
        canvas,
        rng,
        lighter(heaven[2], 0.4),
        shade,
        cover=0.7 if hour == "grey" else 0.45,
        bottom=horizon,
        flat=3.2,
        opacity=0.4 if hour == "night" else 0.9,
    )
    return float(x)


def _boat(
    canvas: Canvas, x: float, foot: float, scale: float, sail: Colour, hull: Colour, lean: int, striped: bool
) -> None:
    """A sloop: hull, mast, mainsail and jib; `lean` -1 sails to the left."""

    def at(outline: Outline) -> Outline:
        return place(rotate(outline, 0.05), x, foot, (scale * lean, scale))

    mast = bar(0.02, -0.05, 0.02, -0.98, 0.014)
    main = joined(
        [
            curve((0.0, -0.95), (-0.12, -0.6), (-0.36, -0.14)),
            curve((-0.36, -0.14), (-0.18, -0.11), (0.0, -0.13)),
        ]
    )
    jib = joined(
        [
            curve((0.04, -0.86), (0.24, -0.5), (0.36, -0.12)),
            curve((0.36, -0.12), (0.2, -0.13), (0.05, -0.17)),
            curve((0.05, -0.17), (0.1, -0.5), (0.04, -0.86)),
        ]
    )
    body = joined(
        [
            curve((-0.4, -0.09), (0.0, -0.07), (0.46, -0.12)),
            curve((0.46, -0.12), (0.34, 0.01), (0.2, 0.05)),
            curve((0.2, 0.05), (-0.1, 0.06), (-0.33, 0.04)),
        ]
    )
    canvas.fill(rgb("#5a4030"), at(mast))
    span = (x - 0.36 * scale * lean, foot - 0.6 * scale), (x + 0.1 * scale * lean, foot - 0.5 * scale)
    for cloth, dark in ((main, 0.28), (jib, 0.12)):
        mask = canvas.mask(at(cloth))
        canvas.paint(mask, linear(*span, lighter(sail, 0.16), sail, darker(sail, dark)))
        if striped:
            bands = [box(-1, y, 2, 0.075) for y in np.arange(-1, 0, 0.15)]
            canvas.paint(
                canvas.mask(*(at(band) for band in bands)).within(mask),
                linear(*span, rgb("#d8433a"), rgb("#a02a2a")),
                0.95,
            )
        seams = [at(bar(-0.5, y, 0.5, y + 0.04, 0.004)) for y in np.arange(-0.9, -0.1, 0.11)]
        canvas.paint(canvas.mask(*seams).within(mask), darker(sail, 0.5), 0.25)
    side = canvas.mask(at(body))
    canvas.paint(
        side,
        linear(
            (0, foot - 0.12 * scale), (0, foot + 0.05 * scale), lighter(hull, 0.2), hull, darker(hull, 0.5)
        ),
    )
    canvas.paint(canvas.mask(at(box(-0.5, -0.075, 1.0, 0.018))).within(side), lighter(sail, 0.3), 0.85)
    canvas.fill(
        mix(hull, rgb("#f4efe6"), 0.6),
        at(joined([curve((-0.18, -0.085), (-0.14, -0.125), (0.1, -0.13), (0.16, -0.085))])),
    )
