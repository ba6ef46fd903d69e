"""Near-duplicates: what happens to pictures when people copy them around."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width, 3)


def brighten_pixels(pixels: Pixels) -> Pixels:
    """A little more light, as a photo program's button gives."""
    light: Pixels = np.clip(pixels * np.float32(1.07) + 5, 0, 255).astype(np.uint8)
    return light


def crop_pixels(pixels: Pixels) -> Pixels:
    """The middle, four fifths of each side, a little off centre."""
    height, width = pixels.shape[:2]
    top, left = height // 8, width // 12
    return pixels[top : top + height * 4 // 5, left : left + width * 4 // 5].copy()


def mirror_pixels(pixels: Pixels) -> Pixels:
    """Left and right exchanged."""
    return pixels[:, ::-1].copy()


def shrink_pixels(pixels: Pixels) -> Pixels:
    """Two thirds of the size; each pixel is the mean of what it covers."""
    down, across = (_area_shares(side, side * 2 // 3) for side in pixels.shape[:2])
    rows = np.einsum("ih,hwc->iwc", down, pixels.astype(np.float32))
    means: Pixels = (np.einsum("jw,iwc->ijc", across, rows) + 0.5).astype(np.uint8)
    return means


def _area_shares(before: int, after: int) -> NDArray[np.float32]:
    """Shares of the old pixels in each new one, (after, before); each row sums to 1."""
    edges = np.linspace(0, before, after + 1)[:, None]
    old = np.arange(before)
    covered = np.clip(edges[1:], old, old + 1) - np.clip(edges[:-1], old, old + 1)
    shares: NDArray[np.float32] = (covered / covered.sum(1, keepdims=True)).astype(np.float32)
    return shares


# suffix of the file's name: change
VARIANTS: Final = {
    "copy": brighten_pixels,
    "crop": crop_pixels,
    "mirror": mirror_pixels,
    "small": shrink_pixels,
}
