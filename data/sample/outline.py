"""Closed outlines: arrays of points, (n, 2), x to the right, y downwards, one unit = the picture's height."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float64]  # (n, 2)
TURN = 2 * np.pi


def polygon(*points: tuple[float, float]) -> Outline:
    """Straight edges between the given points."""
    return np.array(points, np.float64)


def ellipse(x: float, y: float, across: float, down: float | None = None, *, points: int = 64) -> Outline:
    """An ellipse with the given half-axes; a circle without `down`."""
    angle = np.linspace(0, TURN, points, endpoint=False)
    return np.stack([x + across * np.cos(angle), y + (across if down is None else down) * np.sin(angle)], 1)


def box(left: float, top: float, width: float, height: float, *, corner: float = 0.0) -> Outline:
    """A rectangle, with round corners where `corner` is more than 0."""
    right, bottom = left + width, top + height
    if corner <= 0:
        return polygon((left, top), (right, top), (right, bottom), (left, bottom))
    angle = np.linspace(0, TURN / 4, 8)
    arc = np.stack([np.cos(angle), np.sin(angle)], 1) * corner
    centres = (
        (right - corner, bottom - corner, 0),
        (left + corner, bottom - corner, 1),
        (left + corner, top + corner, 2),
        (right - corner, top + corner, 3),
    )
    return np.concatenate([place(rotate(arc, quarter * TURN / 4), x, y) for x, y, quarter in centres])


def smooth_outline(*points: tuple[float, float], steps: int = 8) -> Outline:
    """A closed curve through the points (Catmull-Rom)."""
    knots = np.array(points, np.float64)
    before, after, beyond = np.roll(knots, 1, 0), np.roll(knots, -1, 0), np.roll(knots, -2, 0)
    return _spline(before, knots, after, beyond, steps)


def open_curve(*points: tuple[float, float], steps: int = 10) -> Outline:
    """An open curve through the points (Catmull-Rom), to be joined with others or stroked."""
    knots = np.array(points, np.float64)
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    line = _spline(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], steps)
    return np.concatenate([line, knots[-1:]])


def _spline(before: Outline, start: Outline, end: Outline, after: Outline, steps: int) -> Outline:
    t = (np.arange(steps) / steps)[None, :, None]
    p0, p1, p2, p3 = (part[:, None, :] for part in (before, start, end, after))
    cubic = (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return (cubic / 2).reshape(-1, 2)


def stroke_line(line: Outline, width: float | NDArray[np.float64]) -> Outline:
    """An open line made thick; `width` may change along it, (n,)."""
    along = np.gradient(line, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    normal = np.stack([-along[:, 1], along[:, 0]], 1) / length[:, None]
    half = np.broadcast_to(np.asarray(width, np.float64) / 2, (len(line),))[:, None]
    return np.concatenate([line + normal * half, (line - normal * half)[::-1]])


def bar(x0: float, y0: float, x1: float, y1: float, width: float) -> Outline:
    """A straight stroke."""
    return stroke_line(np.array([(x0, y0), (x1, y1)], np.float64), width)


def ground_below(heights: NDArray[np.floating], right: float, bottom: float = 1.2) -> Outline:
    """Everything below a skyline of evenly spaced heights from x = 0 to `right`."""
    skyline = np.stack([np.linspace(-0.02, right + 0.02, len(heights)), heights], 1)
    return np.concatenate([skyline, [(right + 0.02, bottom), (-0.02, bottom)]])


def rotate(outline: Outline, angle: float, about: tuple[float, float] = (0.0, 0.0)) -> Outline:
    """Turned clockwise as seen on the picture, angle in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    turned: Outline = (outline - about) @ np.array([[cos, sin], [-sin, cos]]) + about
    return turned


def place(outline: Outline, x: float, y: float, scale: float | tuple[float, float] = 1.0) -> Outline:
    """Scaled about the origin, then moved."""
    moved: Outline = outline * np.asarray(scale) + (x, y)
    return moved


def rough_blob(
    rng: np.random.Generator, x: float, y: float, size: float, *, rough: float = 0.2, knots: int = 9
) -> Outline:
    """A round shape with a rough edge."""
    angle = np.linspace(0, TURN, knots, endpoint=False) + rng.uniform(0, TURN)
    reach = size * (1 + rng.uniform(-rough, rough, knots))
    return smooth_outline(*zip(x + reach * np.cos(angle), y + reach * np.sin(angle), strict=True))


def rough_dabs(
    rng: np.random.Generator, xs: NDArray[np.float64], ys: NDArray[np.float64], sizes: NDArray[np.float64]
) -> list[Outline]:
    """Many small rough round shapes at once: leaves, or petals from afar."""
    angle = np.linspace(0, TURN, 11, endpoint=False)
    reach = sizes[:, None] * rng.uniform(0.7, 1.25, (len(sizes), 11))
    return list(np.stack([xs[:, None] + reach * np.cos(angle), ys[:, None] + reach * np.sin(angle)], 2))


def join_lines(parts: Sequence[Outline]) -> Outline:
    """Open lines put end to end into one outline."""
    return np.concatenate(list(parts))
