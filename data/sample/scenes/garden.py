"""The garden out of focus, before which flowers and butterflies are seen."""

import numpy as np

from ..canvas import Canvas
from ..colour import jitter_colour, mix, parse_palette
from ..noise import fractal_noise
from ..outline import ellipse

# name: dark ground, middle, light spots
GARDENS = {
    "green": "#1c4a2a #5a9a4a #d8f0a0",
    "golden": "#5a4218 #c8983c #fff0b0",
    "blue": "#16304e #4a86b4 #d0ecff",
    "rose": "#4a2440 #b8708a #ffe0e0",
    "teal": "#0c3a3c #3f9088 #c8f4e0",
    "dusk": "#221c3e #6a4a80 #f0b090",
    "lime": "#3a5a1a #9abc4a #f8ffc0",
}


def draw_bokeh(canvas: Canvas, rng: np.random.Generator, name: str) -> None:
    """A garden out of focus: broad patches, then discs of light."""
    dark, middle, light = parse_palette(GARDENS[name])
    field = fractal_noise(rng, canvas.shape, (3, 4), 3)[..., None]
    canvas.pixels[...] = np.where(
        field < 0.5,
        dark + (middle - dark) * field * 2,
        middle + (mix(middle, light, 0.45) - middle) * (field * 2 - 1),
    )
    for _ in range(16):
        x, y, size = rng.uniform(0, canvas.right), rng.uniform(0, 1), rng.uniform(0.025, 0.085)
        canvas.fill(
            jitter_colour(rng, mix(middle, light, rng.uniform(0.2, 0.9)), 0.04),
            ellipse(x, y, size, points=40),
            opacity=rng.uniform(0.12, 0.34),
            blur=0.004,
        )
