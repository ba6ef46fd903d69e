"""Whether a descriptor tells a picture from the same picture with its parts rearranged, which layout is for.

How often a picture of corel1k is nearer to itself changed (cropped, reduced, grey, with other colours,
negative, stretched) than disarranged (mirrored, upside down, its tiles shuffled); 0.5 is chance.
--size N: every N-th picture (default 20).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexer.upkeep.opening import open_or_create
from retrieval import Library
from retrieval.pictures.images import RGB, decode_image, encode_jpeg, resize_pixels

from .descriptors import describe_pictures, labelled_pictures, load_pixels
from .sets import BUNDLED, why_unavailable

GREY = np.array([0.299, 0.587, 0.114])


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by descriptor."""
    if reason := why_unavailable():
        sys.exit(reason)
    pictures = [load_pixels(path) for path, _ in labelled_pictures("corel1k")[:: size or 20]]
    with tempfile.TemporaryDirectory() as folder, open_or_create(Path(folder), BUNDLED) as library:
        return {"figures": arrangement_shares(library, pictures), "beside": {}}


def arrangement_shares(library: Library, pictures: Sequence[RGB]) -> dict[str, float]:
    """By signal: the share of (changed, disarranged) pairs of which the changed one is nearer."""
    rows = describe_pictures(library, pictures)
    near = [describe_pictures(library, [change(picture) for picture in pictures]) for change in CHANGES]
    far = [
        describe_pictures(library, [change(picture) for picture in pictures]) for change in DISARRANGEMENTS
    ]
    figures = {}
    for signal, own in rows.items():
        changed, disarranged = ([(own * rows[signal]).sum(axis=1) for rows in group] for group in (near, far))
        figures[signal] = float(np.mean([one > other for one in changed for other in disarranged]))
    return figures


def crop_picture(picture: RGB) -> RGB:
    """The middle 80 % of both sides."""
    height, width = picture.shape[:2]
    return picture[height // 10 : height - height // 10, width // 10 : width - width // 10]


def reduce_picture(picture: RGB) -> RGB:
    """A third of the size, as a poor JPEG."""
    small = resize_pixels(picture, picture.shape[1] // 3, picture.shape[0] // 3)
    return decode_image(encode_jpeg(small, quality=20), name="reduced").pixels


def remove_colour(picture: RGB) -> RGB:
    """Without colour."""
    return np.repeat((picture @ GREY).round()[..., None], 3, axis=2).astype(np.uint8)


def shuffle_tiles(picture: RGB, across: int) -> RGB:
    """Cut into across × across tiles, each of which moves one row down and one place on."""
    height, width = (side // across * across for side in picture.shape[:2])
    rows = [np.split(row, across, axis=1) for row in np.split(picture[:height, :width], across)]
    tiles = [tile for row in rows for tile in row]
    moved = tiles[-across - 1 :] + tiles[: -across - 1]
    joined = [moved[start : start + across] for start in range(0, len(moved), across)]
    return np.concatenate([np.concatenate(row, axis=1) for row in joined])


CHANGES: tuple[Callable[[RGB], RGB], ...] = (
    crop_picture,
    reduce_picture,
    remove_colour,
    lambda picture: picture[..., [2, 0, 1]],
    lambda picture: 255 - picture,
    lambda picture: resize_pixels(picture, picture.shape[1] * 5 // 4, picture.shape[0]),
)
DISARRANGEMENTS: tuple[Callable[[RGB], RGB], ...] = (
    lambda picture: picture[:, ::-1],
    lambda picture: picture[::-1],
    lambda picture: shuffle_tiles(picture, 2),
    lambda picture: shuffle_tiles(picture, 3),
)
