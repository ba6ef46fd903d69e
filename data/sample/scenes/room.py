"""The room in which still lifes stand."""

import numpy as np

from ..canvas import Canvas, Mask, linear_gradient, radial_gradient
from ..colour import darken, lighten, parse_palette
from ..noise import fractal_noise, smoothstep
from ..outline import box, polygon

# name: wall, table
ROOMS = {
    "cream": "#e9dcc3 #8a5a3a",
    "sage": "#a9b89a #6a4630",
    "navy": "#2c3b5e #a8764a",
    "terracotta": "#c8795a #4a3028",
    "teal": "#3f7f84 #c09a70",
    "plum": "#5a3558 #8a6044",
    "sky": "#a8cbe0 #e4dccb",
    "charcoal": "#36383f #5a4436",
    "rose": "#e2b1ac #96674c",
    "mustard": "#d0a040 #5a3a26",
}


def draw_room(canvas: Canvas, rng: np.random.Generator, name: str, edge: float) -> None:
    """A wall with light from a window on the left, and a wooden table top."""
    wall, table = parse_palette(ROOMS[name])
    canvas.paint_all(
        radial_gradient(0.25 * canvas.right, 0.2, 1.25, lighten(wall, 0.22), wall, darken(wall, 0.5)),
        np.ones(canvas.shape, np.float32),
    )
    slant = rng.uniform(0.15, 0.45)
    panes = [
        polygon((x, y), (x + 0.19, y + 0.02), (x + 0.19 + slant * 0.3, y + 0.24), (x + slant * 0.3, y + 0.22))
        for x in (0.1, 0.33)
        for y in (0.02, 0.28)
    ]
    canvas.fill(lighten(wall, 0.7), *panes, opacity=0.26, blur=0.012)
    top = canvas.make_mask(box(-0.1, edge, canvas.right + 0.2, 1.2 - edge))
    canvas.paint(
        top, linear_gradient((0, edge), (canvas.right, 1.1), lighten(table, 0.2), table, darken(table, 0.4))
    )
    wood = fractal_noise(rng, top.alpha.shape, (40, 3), 3)
    canvas.paint(Mask(top.top, top.left, top.alpha * smoothstep(0.45, 0.8, wood)), darken(table, 0.5), 0.35)
    canvas.fill(darken(table, 0.5), box(-0.1, edge - 0.004, canvas.right + 0.2, 0.006), opacity=0.6)
