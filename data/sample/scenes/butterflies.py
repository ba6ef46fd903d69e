"""Butterflies before a blurred garden."""

from collections.abc import Callable

import numpy as np

from ..canvas import Canvas, linear, radial
from ..colour import Colour, darker, lighter, palette, rgb
from ..facts import Facts, choice, in_turn
from ..finish import finish, shadow
from ..outline import Outline, curve, ellipse, place, rotate, smooth, stroke
from .flowers import PETALS, daisy, stem
from .garden import GARDENS, bokeh

# name: wing, inner wing, spots
WINGS = {
    "orange": "#f08018 #ffc050 #fff4e0",
    "blue": "#1c5ad0 #6ac0ff #e8f8ff",
    "yellow": "#f4d020 #fff08a #f07a2a",
    "white": "#f4f2ea #ffffff #e89030",
    "red": "#c8202c #f47a4a #ffe8d0",
    "violet": "#6a30b0 #c08af0 #ffe070",
    "green": "#1f8a5a #8ae8a0 #f0ffd0",
    "pink": "#e0508a #ffb0c8 #fff0f4",
}
_FORE = (
    (0.02, -0.05),
    (0.12, -0.42),
    (0.45, -0.82),
    (0.86, -0.9),
    (0.95, -0.62),
    (0.8, -0.25),
    (0.5, 0.02),
    (0.12, 0.06),
)
_HIND = ((0.02, 0.02), (0.36, 0.0), (0.66, 0.14), (0.7, 0.46), (0.5, 0.76), (0.26, 0.7), (0.1, 0.38))
_TAILED = (
    (0.02, 0.02),
    (0.36, 0.0),
    (0.64, 0.12),
    (0.66, 0.4),
    (0.56, 0.62),
    (0.5, 0.98),
    (0.42, 0.66),
    (0.22, 0.62),
    (0.08, 0.36),
)


def butterflies(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A butterfly with open wings, sometimes on a flower."""
    name = in_turn(WINGS, turn)
    bokeh(canvas, rng, in_turn(GARDENS, turn + turn // 8))
    scale = min(canvas.right, 1.05) * rng.uniform(0.4, 0.47)
    x, y = canvas.right * rng.uniform(0.46, 0.54), rng.uniform(0.46, 0.54)
    resting = rng.random() < 0.5
    if resting:
        petal = choice(rng, PETALS)
        stem(canvas, rng, x, y + 0.2, 0.2)
        daisy(canvas, rng, x + 0.02, y + 0.2, 0.26 * min(canvas.right, 1.0), rgb(PETALS[petal]))
    tilt, hind = rng.normal(0, 0.3), _TAILED if rng.random() < 0.4 else _HIND
    _butterfly(canvas, rng, (x, y, scale, tilt), palette(WINGS[name]), hind)
    finish(canvas, rng)
    return {
        "colour": name,
        "place": "flower" if resting else "air",
        "kind": "swallowtail" if hind is _TAILED else "butterfly",
    }


def _butterfly(
    canvas: Canvas,
    rng: np.random.Generator,
    spot: tuple[float, float, float, float],
    colours: list[Colour],
    hind: tuple[tuple[float, float], ...],
) -> None:
    """Both sides carry the same pattern: what is drawn from chance is drawn once."""
    x, y, scale, tilt = spot
    open_by, spots = rng.uniform(0.78, 1.0), rng.uniform(0.3, 0.7, 6)
    pattern = int(rng.integers(3))

    def wings(outline: Outline) -> tuple[Outline, Outline]:
        left, right = (place(rotate(outline * (side * open_by, 1), tilt), x, y, scale) for side in (-1, 1))
        return left, right

    whole = [w for wing in (smooth(*hind), smooth(*_FORE)) for w in wings(wing)]
    shadow(canvas, *(place(w, 0.02, 0.04) for w in whole), colour=rgb("#0c1014"), blur=0.022, opacity=0.45)
    for shape, centre in ((smooth(*hind), (0.36, 0.36)), (smooth(*_FORE), (0.5, -0.45))):
        for wing in wings(shape):
            _wing(canvas, wing, (x, y), scale, colours)
        _pattern(canvas, wings, shape, centre, colours, spots, pattern)
    _insect(canvas, x, y, scale, tilt)


def _wing(
    canvas: Canvas, wing: Outline, root: tuple[float, float], scale: float, colours: list[Colour]
) -> None:
    """Dark border, then the coloured field that shines towards the body."""
    main, inner, _ = colours
    edge = darker(main, 0.82)
    canvas.fill(edge, wing)
    middle = wing.mean(0)
    field = canvas.mask((wing - middle) * 0.86 + middle)
    canvas.paint(field, radial(*root, scale * 1.15, darker(main, 0.3), inner, main, main, darker(main, 0.35)))


def _pattern(
    canvas: Canvas,
    wings: Callable[[Outline], tuple[Outline, Outline]],
    shape: Outline,
    centre: tuple[float, float],
    colours: list[Colour],
    spots: np.ndarray,
    pattern: int,
) -> None:
    main, _, light = colours
    tips = shape[:: max(len(shape) // 9, 1)]
    veins = [
        stroke(
            curve(
                (0, 0),
                tuple((tip * 0.5 + np.array(centre) * 0.12).tolist()),
                tuple((tip * 0.93).tolist()),
                steps=5,
            ),
            0.016,
        )
        for tip in tips
    ]
    canvas.fill(darker(main, 0.75), *(w for vein in veins for w in wings(vein)), opacity=0.55)
    edge = shape[:: max(len(shape) // 22, 1)]
    middles = (edge[np.hypot(edge[:, 0], edge[:, 1]) > 0.4] - centre) * 0.9 + centre
    rim = [ellipse(x, y, 0.022, points=14) for x, y in middles.tolist()]
    canvas.fill(light, *(w for dot in rim for w in wings(dot)), opacity=0.95)
    if pattern == 0:
        canvas.fill(darker(main, 0.85), *wings(ellipse(*centre, 0.12)))
        canvas.fill(light, *wings(ellipse(*centre, 0.075)))
        canvas.fill(rgb("#141a3a"), *wings(ellipse(*centre, 0.045)))
    if pattern == 1:
        band = [
            ellipse(centre[0] + (s - 0.5) * 0.5, centre[1] + (i - 2.5) * 0.09, 0.035 + 0.02 * s)
            for i, s in enumerate(spots)
        ]
        canvas.fill(lighter(light, 0.2), *(w for dot in band for w in wings(dot)), opacity=0.8)


def _insect(canvas: Canvas, x: float, y: float, scale: float, tilt: float) -> None:
    """Body and feelers."""

    def at(outline: Outline) -> Outline:
        return place(rotate(outline, tilt), x, y, scale)

    for side in (-1, 1):
        feeler = curve((0, -0.22), (0.09 * side, -0.42), (0.22 * side, -0.56))
        canvas.fill(rgb("#1c1418"), at(stroke(feeler, 0.014)), at(ellipse(0.22 * side, -0.56, 0.02)))
    fur = linear((x - 0.05 * scale, 0), (x + 0.06 * scale, 0), rgb("#7a5a44"), rgb("#2a1c1a"))
    canvas.fill(
        fur,
        at(ellipse(0, 0.14, 0.042, 0.32)),
        at(ellipse(0, -0.06, 0.06, 0.15)),
        at(ellipse(0, -0.21, 0.048)),
    )
