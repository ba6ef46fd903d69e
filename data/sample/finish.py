"""What a lens and a film add: bloom, vignette, grain."""

import numpy as np

from .canvas import Canvas, blur_field
from .colour import Colour
from .outline import Outline


def draw_shadow(
    canvas: Canvas, *outlines: Outline, colour: Colour, blur: float = 0.02, opacity: float = 0.4
) -> None:
    """A soft shadow where the outlines are."""
    canvas.fill(colour, *outlines, blur=blur, opacity=opacity)


def add_bloom(
    canvas: Canvas, *, threshold: float = 0.75, radius: float = 0.03, strength: float = 0.5
) -> None:
    """Light parts spill over their edges; worked out at half size, where a blur does not need more."""
    height, width = canvas.shape
    small = canvas.pixels[: height // 2 * 2, : width // 2 * 2]
    small = (small[::2, ::2] + small[1::2, 1::2]) / np.float32(2)
    light = np.maximum(small - threshold, 0) / (1 - threshold)
    spread = np.stack([blur_field(light[..., i], radius * height / 2) for i in range(3)], -1)
    spread = np.repeat(np.repeat(spread, 2, 0), 2, 1)
    target = canvas.pixels[: spread.shape[0], : spread.shape[1]]
    target += (1 - np.clip(target, 0, 1)) * spread * np.float32(strength)


def add_vignette(canvas: Canvas, strength: float = 0.25) -> None:
    """The corners a little darker, which leads the eye to the middle."""
    x, y = canvas.pixel_grid()
    away = ((x / canvas.right - 0.5) ** 2 + (y - 0.5) ** 2) * 2
    canvas.pixels[...] *= (1 - np.float32(strength) * away * away * 1.6 - away * strength * 0.3)[..., None]


def add_grain(canvas: Canvas, rng: np.random.Generator, strength: float = 0.006) -> None:
    """Fine noise in all channels alike: it hides banding, and JPEG keeps it cheaply."""
    canvas.pixels[...] += rng.standard_normal(canvas.shape, np.float32)[..., None] * np.float32(strength)


def finish_scene(
    canvas: Canvas, rng: np.random.Generator, *, glow: float = 0.35, dark: float = 0.2
) -> Canvas:
    """The last three steps of every scene."""
    add_bloom(canvas, strength=glow)
    add_vignette(canvas, dark)
    add_grain(canvas, rng)
    return canvas
