"""The canvas: float RGB pixels, filled outline by outline with anti-aliased edges.

Coordinates are (x, y) with one unit = the picture's height, so that x runs from 0 to `canvas.right`.
The canvas is the one value here that changes in place: a picture is hundreds of fills, and copies add up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .colour import Colour, ramp_colours
from .noise import Field
from .outline import Outline

SUBROWS = 6  # scan lines per pixel row; across, the coverage is exact
Paint = Colour | Callable[[Field, Field], Colour]  # a colour, or colours at (x, y)


@dataclass(frozen=True, slots=True)
class Mask:
    """Coverage in [0, 1] of a rectangle of pixels."""

    top: int
    left: int
    alpha: Field

    def intersect(self, other: "Mask") -> "Mask":
        """This mask where the other one covers too."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom = min(self.top + self.alpha.shape[0], other.top + other.alpha.shape[0])
        right = min(self.left + self.alpha.shape[1], other.left + other.alpha.shape[1])
        if bottom <= top or right <= left:
            return Mask(0, 0, np.zeros((0, 0), np.float32))
        pieces = (
            m.alpha[top - m.top : bottom - m.top, left - m.left : right - m.left] for m in (self, other)
        )
        return Mask(top, left, next(pieces) * next(pieces))


@dataclass(frozen=True, slots=True)
class Canvas:
    pixels: NDArray[np.float32]  # (height, width, 3)

    @classmethod
    def blank(cls, width: int, height: int) -> Self:
        return cls(np.zeros((height, width, 3), np.float32))

    @property
    def shape(self) -> tuple[int, int]:
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.shape[1] / self.shape[0]

    def pixel_grid(
        self, top: int = 0, left: int = 0, shape: tuple[int, int] | None = None
    ) -> tuple[Field, Field]:
        """The x (1, width) and y (height, 1) of pixel centres; of the whole canvas by default."""
        rows, columns = shape or self.shape
        half, height = np.float32(0.5), np.float32(self.shape[0])
        x = (np.arange(left, left + columns, dtype=np.float32) + half) / height
        y = (np.arange(top, top + rows, dtype=np.float32) + half) / height
        return x[None, :], y[:, None]

    def make_mask(self, *outlines: Outline, blur: float = 0.0) -> Mask:
        """What the outlines cover together, softened by `blur` (a standard deviation, in units)."""
        pad = int(np.ceil(blur * self.shape[0] * 2.5))
        mask = measure_coverage([outline * self.shape[0] for outline in outlines], self.shape, pad)
        return (
            mask
            if not pad or not mask.alpha.size
            else Mask(mask.top, mask.left, blur_field(mask.alpha, blur * self.shape[0]))
        )

    def paint(self, mask: Mask, paint: Paint, opacity: float = 1.0) -> None:
        """Lays a colour over the pixels of a mask."""
        rows, columns = mask.alpha.shape
        if not mask.alpha.size:
            return
        region = self.pixels[mask.top : mask.top + rows, mask.left : mask.left + columns]
        colour = paint(*self.pixel_grid(mask.top, mask.left, (rows, columns))) if callable(paint) else paint
        region += (colour - region) * (mask.alpha * np.float32(opacity))[..., None]

    def fill(self, paint: Paint, *outlines: Outline, opacity: float = 1.0, blur: float = 0.0) -> None:
        """Fills outlines; where they overlap they count once."""
        if outlines:
            self.paint(self.make_mask(*outlines, blur=blur), paint, opacity)

    def paint_all(self, paint: Paint, alpha: Field) -> None:
        """Lays a colour over the whole canvas with a field of opacities."""
        self.paint(Mask(0, 0, np.broadcast_to(alpha, self.shape)), paint)

    def add_glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Adds light that fades with distance; `screen` blending, so it never burns out to flat white."""
        height, width = self.shape
        reach, row, column = int(radius * height * 2.6) + 1, int(y * height), int(x * height)
        top, left = max(row - reach, 0), max(column - reach, 0)
        bottom, right = min(row + reach, height), min(column + reach, width)
        if bottom <= top or right <= left:
            return
        xs, ys = self.pixel_grid(top, left, (bottom - top, right - left))
        fall = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (radius * radius)) * np.float32(strength)
        region = self.pixels[top:bottom, left:right]
        region += (1 - region) * fall[..., None] * colour

    def to_bytes(self) -> NDArray[np.uint8]:
        """The picture as bytes, (height, width, 3)."""
        return (np.clip(self.pixels, 0, 1) * 255 + 0.5).astype(np.uint8)


def measure_coverage(outlines: Sequence[Outline], shape: tuple[int, int], pad: int = 0) -> Mask:
    """The share of each pixel that closed outlines (in pixels) cover.

    Each edge leaves a signed step where it crosses a scan line; the running sum of a row is the coverage.
    """
    starts = np.concatenate(outlines)
    ends = np.concatenate([np.roll(outline, -1, 0) for outline in outlines])
    low, high = starts.min(0), starts.max(0)
    left, top = np.clip(np.floor(low).astype(int) - pad, 0, (shape[1], shape[0]))
    right, bottom = np.clip(np.ceil(high).astype(int) + pad + 1, 0, (shape[1], shape[0]))
    rows, columns = int(bottom - top), int(right - left)
    if rows <= 0 or columns <= 0:
        return Mask(0, 0, np.zeros((0, 0), np.float32))
    line, x, sign = _find_crossings(starts - (left, top), ends - (left, top), rows * SUBROWS)
    x = np.clip(x, 0, columns)
    column = x.astype(np.intp)
    cell = (line // SUBROWS) * (columns + 2) + column
    steps = np.bincount(cell, sign * (1 - (x - column)), rows * (columns + 2))
    steps += np.bincount(cell + 1, sign * (x - column), rows * (columns + 2))
    covered = np.abs(np.cumsum(steps.reshape(rows, columns + 2), 1)[:, :columns]) / SUBROWS
    return Mask(int(top), int(left), np.minimum(covered, 1).astype(np.float32))


def _find_crossings(
    starts: Outline, ends: Outline, lines: int
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Where edges cross scan lines: the line, the x, and +1 downwards or -1 upwards."""
    low = np.minimum(starts[:, 1], ends[:, 1]) * SUBROWS
    high = np.maximum(starts[:, 1], ends[:, 1]) * SUBROWS
    first = np.clip(np.ceil(low - 0.5), 0, lines).astype(np.intp)
    counts = np.clip(np.ceil(high - 0.5), 0, lines).astype(np.intp) - first
    edge = np.repeat(np.arange(len(starts)), counts)
    line = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    run, rise = (ends - starts)[edge].T
    x = starts[edge, 0] + ((line + 0.5) / SUBROWS - starts[edge, 1]) * run / rise
    return line, x, np.sign(rise)


def blur_field(field: Field, sigma: float) -> Field:
    """The field under a Gaussian of `sigma` pixels; the edge is repeated."""
    return _blur_columns(_blur_columns(field, sigma).T, sigma).T


def _blur_columns(field: Field, sigma: float) -> Field:
    """Three box means down the columns: close to a Gaussian, and cheap at any width."""
    half = max(round(sigma * 0.87), 1)
    for _ in range(3):
        padded = np.pad(field, ((half + 1, half), (0, 0)), mode="edge")
        sums = np.cumsum(padded, 0, dtype=np.float32)
        field = (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / np.float32(2 * half + 1)
    return field


def linear_gradient(start: tuple[float, float], end: tuple[float, float], *colours: Colour) -> Paint:
    """A gradient along the line from `start` to `end`."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    scale = 1 / (dx * dx + dy * dy)
    return lambda x, y: ramp_colours(list(colours), ((x - start[0]) * dx + (y - start[1]) * dy) * scale)


def radial_gradient(x: float, y: float, radius: float, *colours: Colour, squash: float = 1.0) -> Paint:
    """A gradient from a centre outwards; `squash` < 1 flattens it."""
    return lambda xs, ys: ramp_colours(list(colours), np.hypot(xs - x, (ys - y) / squash) / radius)
