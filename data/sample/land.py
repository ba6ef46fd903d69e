"""Hills, water and trees."""

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas, Mask, Paint, linear_gradient
from .colour import Colour, brighten, darken, jitter_colour, lighten
from .noise import Field, fractal_line, fractal_noise, smoothstep
from .outline import Outline, ground_below, polygon, rough_blob, rough_dabs


def make_skyline(
    canvas: Canvas,
    rng: np.random.Generator,
    y: float,
    rise: float,
    *,
    cells: int = 3,
    octaves: int = 5,
    gain: float = 0.45,
) -> NDArray[np.float64]:
    """A skyline: heights between `y` (low) and `y - rise` (high)."""
    line = fractal_line(rng, canvas.shape[1] // 2, cells, octaves, gain).astype(np.float64)
    return y - rise * line


def height_at(heights: NDArray[np.float64], x: float, right: float) -> float:
    """The skyline's y at an x."""
    return float(np.interp(x, np.linspace(-0.02, right + 0.02, len(heights)), heights))


def fill_slope(
    canvas: Canvas, heights: NDArray[np.float64], top: Colour, bottom: Colour, depth: float = 0.35
) -> Mask:
    """Fills the land under a skyline, `top` coloured at the crest; returns where it is."""
    mask = canvas.make_mask(ground_below(heights, canvas.right))
    crest = float(heights.min())
    canvas.paint(mask, linear_gradient((0, crest), (0, crest + depth), top, bottom))
    return mask


def shade_relief(
    canvas: Canvas, rng: np.random.Generator, mask: Mask, cells: tuple[int, int], strength: float
) -> None:
    """Light from the upper left over folded ground."""
    field = fractal_noise(rng, mask.alpha.shape, cells, 4, 0.5)
    tilt = np.clip((field - np.roll(field, (2, 3), (0, 1))) * 7, -1, 1)
    canvas.paint(
        Mask(mask.top, mask.left, mask.alpha * np.maximum(-tilt, 0)),
        darken(_mean_colour(canvas, mask), 0.7),
        strength,
    )
    canvas.paint(
        Mask(mask.top, mask.left, mask.alpha * np.maximum(tilt, 0)),
        lighten(_mean_colour(canvas, mask), 0.6),
        strength,
    )


def _mean_colour(canvas: Canvas, mask: Mask) -> Colour:
    rows, columns = mask.alpha.shape
    region = canvas.pixels[mask.top : mask.top + rows, mask.left : mask.left + columns]
    return np.asarray(region[::4, ::4].mean((0, 1)), np.float32)


def mirror_in_water(
    canvas: Canvas,
    rng: np.random.Generator,
    horizon: float,
    tint: Colour,
    *,
    share: float = 0.35,
    rough: float = 0.02,
) -> None:
    """Mirrors all that is above the horizon into the part below, rippled and tinted."""
    height, width = canvas.shape
    start = int(horizon * height)
    depth = np.arange(height - start)
    near = depth / max(len(depth), 1)
    ripple = fractal_noise(rng, (len(depth), width), (max(len(depth) // 3, 1), 5), 2) - 0.5
    rows = np.clip(
        start - 1 - depth[:, None] - ripple * rough * height * (0.3 + 3 * near[:, None]), 0, start - 1
    )
    shift = ripple * 10 * (0.2 + near[:, None])
    columns = np.clip(np.arange(width) + shift, 0, width - 1)
    mirrored = canvas.pixels[rows.astype(np.intp), columns.astype(np.intp)]
    fade = (share + 0.25 * near)[:, None, None].astype(np.float32)
    canvas.pixels[start:] = mirrored + (tint - mirrored) * np.clip(fade, 0, 1)


def draw_glitter(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    horizon: float,
    bottom: float,
    colour: Colour,
    *,
    strength: float = 0.9,
) -> None:
    """The broken path of light on water below the sun; it widens towards the viewer."""
    xs, ys = canvas.pixel_grid()
    near = np.clip((ys - horizon) / (bottom - horizon), 0, 1)
    waves = _wave_field(rng, canvas.shape, near)
    wide = 0.035 + 0.16 * near
    path = np.exp(-(((xs - x) / wide) ** 2))
    alpha = smoothstep(0.62, 0.85, waves * 0.62 + 0.42 * path) * path**0.35 * (ys > horizon) * (near < 1)
    canvas.paint_all(colour, alpha.astype(np.float32) * np.float32(strength))


def draw_swell(
    canvas: Canvas,
    rng: np.random.Generator,
    horizon: float,
    dark: Colour,
    light: Colour,
    strength: float = 0.3,
) -> None:
    """Wave crests and troughs on open water, finer towards the horizon."""
    _, ys = canvas.pixel_grid()
    near = np.clip((ys - horizon) / (1 - horizon), 0, 1)
    waves = _wave_field(rng, canvas.shape, near)
    below = (ys > horizon) * np.float32(strength)
    canvas.paint_all(dark, smoothstep(0.5, 0.15, waves) * below)
    canvas.paint_all(light, smoothstep(0.6, 0.95, waves) * below)


def _wave_field(rng: np.random.Generator, shape: tuple[int, int], near: Field) -> Field:
    """Noise seen at a low angle: rows crowd together towards the horizon, where `near` is 0."""
    flat = fractal_noise(rng, (256, shape[1]), (64, 14), 3)
    depth = np.clip((1 - 1 / (1 + 7 * near[:, 0])) / 0.875 * 254, 0, 254)
    row = depth.astype(np.intp)
    return flat[row] + (flat[row + 1] - flat[row]) * (depth - row).astype(np.float32)[:, None]


def pine_outline(rng: np.random.Generator, x: float, base: float, height: float) -> Outline:
    """A conifer's silhouette, tier over tier."""
    tiers = 7
    right = [(x, base - height)]
    for tier in range(1, tiers + 1):
        y, reach = base - height * (1 - tier / tiers), height * 0.2 * (tier / tiers) ** 0.85
        right.append((x + reach * rng.uniform(0.85, 1.2), y + height * 0.03))
        right.append((x + reach * 0.5, y))
    left = [(2 * x - px + rng.normal(0, height * 0.006), py) for px, py in reversed(right[1:])]
    trunk = [
        (x + height * 0.02, base),
        (x + height * 0.02, base + height * 0.06),
        (x - height * 0.02, base + height * 0.06),
    ]
    return polygon(*right, *trunk, *left)


def pine_paint(x: float, base: float, height: float, colour: Colour, depth: float = 0.5) -> Paint:
    """Light from the left on a conifer, and shade under each tier."""

    def paint(xs: Field, ys: Field) -> Colour:
        droop = 0.45 * np.abs(xs - x) - 2.2 * (xs - x) ** 2 / height
        tier = ((ys - base - droop) / height * 7) % 1
        across = np.clip((xs - x) / (height * 0.2), -1, 1)
        light = np.clip(0.55 - 0.32 * across + (tier - 0.6) * depth, 0, 1)[..., None]
        low, high = darken(colour, 0.5), brighten(colour, 0.35)
        lit: Colour = low + (high - low) * light
        return lit

    return paint


def draw_crown(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    y: float,
    size: float,
    colour: Colour,
    *,
    leaves: int = 70,
) -> None:
    """A broadleaf crown: dabs of foliage from shade (below right) to light (above left)."""
    canvas.fill(darken(colour, 0.5), rough_blob(rng, x, y, size * 0.72, rough=0.15))
    small = min(size, 0.13)
    for level, shade in enumerate(
        (darken(colour, 0.42), darken(colour, 0.2), colour, brighten(colour, 0.22))
    ):
        reach, drift = size * (1 - 0.12 * level), size * 0.09 * level
        count = int(leaves * (1.6 - 0.35 * level) * (size / small) ** 1.5)
        angle, away = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.random(count)) * reach
        xs, ys = x - drift * 0.7 + away * np.cos(angle), y - drift + away * np.sin(angle) * 0.9
        canvas.fill(
            jitter_colour(rng, shade, 0.012),
            *rough_dabs(rng, xs, ys, rng.uniform(0.06, 0.13, count) * small),
            opacity=0.92,
        )


def draw_mist(
    canvas: Canvas, rng: np.random.Generator, y: float, thick: float, colour: Colour, strength: float = 0.7
) -> None:
    """A bank of mist around a height."""
    _, ys = canvas.pixel_grid()
    field = fractal_noise(rng, canvas.shape, (4, 3), 3)
    bank = np.exp(-(((ys - y) / thick) ** 2)) * (0.4 + 0.8 * field)
    canvas.paint_all(colour, np.clip(bank * strength, 0, 1).astype(np.float32))
