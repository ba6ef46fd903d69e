"""Butterflies before a blurred garden."""

from collections.abc import Callable

import numpy as np

from ..canvas import Canvas, linear_gradient, radial_gradient
from ..colour import Colour, darken, lighten, parse_palette, rgb
from ..facts import Facts, choose_name, name_in_turn
from ..finish import draw_shadow, finish_scene
from ..outline import Outline, ellipse, open_curve, place, rotate, smooth_outline, stroke_line
from .flowers import PETALS, draw_daisy, draw_stem
from .garden import GARDENS, draw_bokeh

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


def draw_butterflies(canvas: Canvas, rng: np.random.Generator, turn: int) -> Facts:
    """A butterfly with open wings, sometimes on a flower."""
    name = name_in_turn(WINGS, turn)
    draw_bokeh(canvas, rng, name_in_turn(GARDENS, turn + turn // 8))
    scale = min(canvas.right, 1.05) * rng.uniform(0.4, 0.47)
    x, y = canvas.right * rng.uniform(0.46, 0.54), rng.uniform(0.46, 0.54)
    resting = rng.random() < 0.5
    if resting:
        petal = choose_name(rng, PETALS)
        draw_stem(canvas, rng, x, y + 0.2, 0.2)
        draw_daisy(canvas, rng, x + 0.02, y + 0.2, 0.26 * min(canvas.right, 1.0), rgb(PETALS[petal]))
    tilt, hind = rng.normal(0, 0.3), _TAILED if rng.random() < 0.4 else _HIND
    _draw_butterfly(canvas, rng, (x, y, scale, tilt), parse_palette(WINGS[name]), hind)
    finish_scene(canvas, rng)
    return {
        "colour": name,
        "place": "flower" if resting else "air",
        "kind": "swallowtail" if hind is _TAILED else "butterfly",
    }


def _draw_butterfly(
    canvas: Canvas,
    rng: np.random.Generator,
    spot: tuple[float, float, float, float],
    colours: list[Colour],
    hind: tuple[tuple[float, float], ...],
) -> None:
    """Both sides carry the same pattern: random values are drawn once."""
    x, y, scale, tilt = spot
    open_by, spots = rng.uniform(0.78, 1.0), rng.uniform(0.3, 0.7, 6)
    pattern = int(rng.integers(3))

    def both_wings(outline: Outline) -> tuple[Outline, Outline]:
        left, right = (place(rotate(outline * (side * open_by, 1), tilt), x, y, scale) for side in (-1, 1))
        return left, right

    whole = [w for wing in (smooth_outline(*hind), smooth_outline(*_FORE)) for w in both_wings(wing)]
    draw_shadow(
        canvas, *(place(w, 0.02, 0.04) for w in whole), colour=rgb("#0c1014"), blur=0.022, opacity=0.45
    )
    for shape, centre in ((smooth_outline(*hind), (0.36, 0.36)), (smooth_outline(*_FORE), (0.5, -0.45))):
        for wing in both_wings(shape):
            _draw_wing(canvas, wing, (x, y), scale, colours)
        _draw_pattern(canvas, both_wings, shape, centre, colours, spots, pattern)
    _draw_body(canvas, x, y, scale, tilt)


def _draw_wing(
    canvas: Canvas, wing: Outline, root: tuple[float, float], scale: float, colours: list[Colour]
) -> None:
    """Dark border, then the coloured field that shines towards the body."""
    main, inner, _ = colours
    edge = darken(main, 0.82)
    canvas.fill(edge, wing)
    middle = wing.mean(0)
    field = canvas.make_mask((wing - middle) * 0.86 + middle)
    canvas.paint(
        field, radial_gradient(*root, scale * 1.15, darken(main, 0.3), inner, main, main, darken(main, 0.35))
    )


def _draw_pattern(
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
        stroke_line(
            open_curve(
                (0, 0),
                tuple((tip * 0.5 + np.array(centre) * 0.12).tolist()),
                tuple((tip * 0.93).tolist()),
                steps=5,
            ),
            0.016,
        )
        for tip in tips
    ]
    canvas.fill(darken(main, 0.75), *(w for vein in veins for w in wings(vein)), opacity=0.55)
    edge = shape[:: max(len(shape) // 22, 1)]
    middles = (edge[np.hypot(edge[:, 0], edge[:, 1]) > 0.4] - centre) * 0.9 + centre
    rim = [ellipse(x, y, 0.022, points=14) for x, y in middles.tolist()]
    canvas.fill(light, *(w for dot in rim for w in wings(dot)), opacity=0.95)
    if pattern == 0:
        canvas.fill(darken(main, 0.85), *wings(ellipse(*centre, 0.12)))
        canvas.fill(light, *wings(ellipse(*centre, 0.075)))
        canvas.fill(rgb("#141a3a"), *wings(ellipse(*centre, 0.045)))
    if pattern == 1:
        band = [
            ellipse(centre[0] + (s - 0.5) * 0.5, centre[1] + (i - 2.5) * 0.09, 0.035 + 0.02 * s)
            for i, s in enumerate(spots)
        ]
        canvas.fill(lighten(light, 0.2), *(w for dot in band for w in wings(dot)), opacity=0.8)


def _draw_body(canvas: Canvas, x: float, y: float, scale: float, tilt: float) -> None:
    """Body and feelers."""

    def place_outline(outline: Outline) -> Outline:
        return place(rotate(outline, tilt), x, y, scale)

    for side in (-1, 1):
        feeler = open_curve((0, -0.22), (0.09 * side, -0.42), (0.22 * side, -0.56))
        canvas.fill(
            rgb("#1c1418"),
            place_outline(stroke_line(feeler, 0.014)),
            place_outline(ellipse(0.22 * side, -0.56, 0.02)),
        )
    fur = linear_gradient((x - 0.05 * scale, 0), (x + 0.06 * scale, 0), rgb("#7a5a44"), rgb("#2a1c1a"))
    canvas.fill(
        fur,
        place_outline(ellipse(0, 0.14, 0.042, 0.32)),
        place_outline(ellipse(0, -0.06, 0.06, 0.15)),
        place_outline(ellipse(0, -0.21, 0.048)),
    )
