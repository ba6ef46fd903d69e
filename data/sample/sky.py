"""Skies: gradients, clouds, suns, moons, stars."""

import numpy as np

from .canvas import Canvas, linear_gradient, radial_gradient
from .colour import Colour, mix, rgb
from .noise import fractal_noise, smoothstep
from .outline import ellipse

WHITE = rgb("#fffdf6")


def draw_sky(canvas: Canvas, colours: list[Colour], horizon: float) -> None:
    """A gradient from the top to the horizon, over the whole canvas."""
    _, y = canvas.pixel_grid()
    canvas.paint_all(linear_gradient((0, 0), (0, horizon), *colours), np.float32(1) + 0 * y)


def draw_clouds(
    canvas: Canvas,
    rng: np.random.Generator,
    light: Colour,
    shade: Colour,
    *,
    cover: float = 0.4,
    bottom: float = 0.6,
    flat: float = 3.0,
    opacity: float = 0.9,
) -> None:
    """Clouds down to `bottom`, lit from above; `flat` stretches them across."""
    down = max(int(2 * flat), 3)
    field = fractal_noise(rng, canvas.shape, (down, max(int(down * canvas.right / flat), 2)), 5, 0.52)
    lit = np.clip(0.5 + (field - np.roll(field, -5, 0)) * 6, 0, 1)
    _, y = canvas.pixel_grid()
    fade = smoothstep(0, 0.3, bottom - y)
    alpha = smoothstep(1 - cover, 1 - cover + 0.3, field) * fade * np.float32(opacity)
    canvas.paint_all(lambda *_: shade + (light - shade) * lit[..., None], alpha)


def draw_stars(canvas: Canvas, rng: np.random.Generator, count: int, bottom: float = 1.0) -> None:
    """Points of light of many sizes; the large ones shine."""
    for x, y, size in zip(rng.random(count), rng.random(count), rng.random(count) ** 4, strict=True):
        tint = mix(rgb("#bcd0ff"), rgb("#ffe9c8"), rng.random())
        canvas.add_glow(x * canvas.right, y * bottom, 0.0025 + 0.004 * size, tint, 0.35 + 0.65 * size)


def draw_sun(canvas: Canvas, x: float, y: float, radius: float, colour: Colour, *, halo: float = 0.7) -> None:
    """A disc in its halo."""
    canvas.add_glow(x, y, radius * 7, colour, halo * 0.45)
    canvas.add_glow(x, y, radius * 2.6, mix(colour, WHITE, 0.3), halo * 0.7)
    canvas.fill(mix(colour, WHITE, 0.75), ellipse(x, y, radius), opacity=0.97)


def draw_moon(canvas: Canvas, rng: np.random.Generator, x: float, y: float, radius: float) -> None:
    """A full moon with its seas."""
    canvas.add_glow(x, y, radius * 5, rgb("#a8bcf0"), 0.4)
    disc = canvas.make_mask(ellipse(x, y, radius))
    pale, grey = rgb("#fbf7e6"), rgb("#cdc9c0")
    canvas.paint(disc, radial_gradient(x - radius * 0.3, y - radius * 0.3, radius * 2, pale, grey))
    for _ in range(6):
        spot = rng.normal(0, radius * 0.4, 2)
        patch = canvas.make_mask(
            ellipse(x + spot[0], y + spot[1], radius * rng.uniform(0.1, 0.3)), blur=radius * 0.08
        )
        canvas.paint(patch.intersect(disc), grey, 0.5)
