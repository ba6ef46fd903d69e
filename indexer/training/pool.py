"""The pictures to train on: one file, which every run maps into memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval import images

PIXELS, ROWS = "pixels.u8", "rows.npy"
SMALL_SIDE = 100  # pixels of the short side below which a picture is small
SMALL_COUNTS = 0.25  # how often a small picture is seen, beside a large one of the same folder

ROW = np.dtype([("offset", "<i8"), ("height", "<i4"), ("width", "<i4"), ("folder", "<i4")])


@dataclass(frozen=True, eq=False)
class Pool:
    """Pictures as one run of bytes, with a row (offset, height, width, folder) for each.

    `favours` says for every folder how many times as often as usual its pictures are seen (empty: once).
    """

    pixels: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.void]
    favours: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def get_picture(self, place: int) -> images.RGB:
        """The picture at a place: (height, width, 3)."""
        row = self.rows[place]
        height, width = int(row["height"]), int(row["width"])
        start = int(row["offset"])
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)

    @cached_property
    def cumulated(self) -> npt.NDArray[np.float64]:
        """The cumulated chances of the pictures: a folder's share grows with the square root of its size.

        So neither does a large folder drown the others, nor is a small one seen over and over
        (the sampling of imbalanced classes in Mahajan et al. 2018, with folders for classes).
        Small pictures, which show less, and folders that are favoured count for less and for more.
        """
        folders = self.rows["folder"]
        weights = 1 / np.sqrt(np.bincount(folders)[folders])
        small = np.minimum(self.rows["height"], self.rows["width"]) < SMALL_SIDE
        weights *= np.where(small, SMALL_COUNTS, 1.0)
        if self.favours:
            weights *= np.array(self.favours)[folders]
        cumulated: npt.NDArray[np.float64] = np.cumsum(weights / weights.sum())
        cumulated[-1] = 1.0
        return cumulated


def open_pool(path: Path, favours: tuple[float, ...] = ()) -> Pool:
    """A pool that was finished."""
    return Pool(np.memmap(path / PIXELS, np.uint8, "r"), np.load(path / ROWS), favours)
