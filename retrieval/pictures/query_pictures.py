"""Query pictures of what a program has: a path, the bytes of a file, pixels, a picture of Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import InvalidQuery
from ..query.values import Picture, Region
from . import images

Pixels: TypeAlias = npt.NDArray[np.uint8]


def make_picture(
    source: str | Path | bytes | Pixels | images.PillowImage,
    weight: float = 1.0,
    *,
    name: str = "query picture",
    region: Region | None = None,
) -> Picture:
    """A picture to search with, for `Query((make_picture(source),))`.

    `source`: the path of a file, its bytes, an array of uint8 (height, width, 3) in sRGB or (height, width)
    in grey, or a picture of Pillow, which is turned upright and keeps its colour profile. Raises InvalidQuery
    for an array of another shape or type, with what to do.
    """
    if isinstance(source, str | Path):
        return Picture(Path(source), weight, name, region)
    if isinstance(source, np.ndarray):
        source = images.encode_png(_check_pixels(source))
    elif not isinstance(source, bytes):
        source = images.encode_pillow(source)
    return Picture(source, weight, name, region)


def _check_pixels(pixels: Pixels) -> images.RGB:
    if pixels.dtype != np.uint8:
        raise InvalidQuery(
            f"an array of {pixels.dtype}; give uint8 from 0 to 255, as (255 * array).round().astype('uint8')"
        )
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise InvalidQuery(
            f"an array of the shape {pixels.shape}; give (height, width, 3) or (height, width)"
        )
    return np.ascontiguousarray(pixels)
