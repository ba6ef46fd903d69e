"""Augmented views of the pool: what teacher and student look at together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval import Preprocessing, images

from .mixing import change_colours, cut_in, lay_over
from .pool import Pool

AREA = (0.25, 1.0)  # share of a picture that a view shows
HARD_AREA = (0.06, 0.25)  # the same of a hard view
HARD = 0.12  # share of hard views
PLAIN_AREA = (0.6, 1.0)  # share of a picture that a plain view shows
ASPECT = (3 / 4, 4 / 3)

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Square views of `size` pixels; the same seed and step give the same views, always.

    Each is a random crop by area and aspect (Szegedy et al. 2015), some of them small, mirrored half the
    time, with changed colours or none, some laid over each other (mixup, Zhang et al. 2018) or cut into each
    other (CutMix, Yun et al. 2019). `plain` views are nearer to what is looked at in use: larger crops, in
    their own colours, none mixed with another.
    """

    pool: Pool
    size: int
    seed: int
    plain: bool = False

    def make_batch(self, step: int, count: int) -> Float32:
        """The views of a step: (count, size, size, 3), about 0 to 1; changed colours may go beyond."""
        random = np.random.default_rng((self.seed, step))
        places = np.searchsorted(self.pool.cumulated, random.random(count))
        crops = np.stack([self._crop_view(self.pool.get_picture(place), random) for place in places])
        if self.plain:
            return crops.astype(np.float32) / np.float32(255)
        views = change_colours(crops, random)
        lay_over(views, random)
        cut_in(views, random)
        return views

    def _crop_view(self, picture: images.RGB, random: np.random.Generator) -> images.RGB:
        height, width = picture.shape[:2]
        area = height * width * random.uniform(*self._choose_area(random))
        aspect = np.exp(random.uniform(*np.log(ASPECT)))
        tall, wide = (max(1, round(side**0.5)) for side in (area / aspect, area * aspect))
        tall, wide = min(height, tall), min(width, wide)
        top, left = random.integers(height - tall + 1), random.integers(width - wide + 1)
        cut = np.ascontiguousarray(picture[top : top + tall, left : left + wide])
        mirror = 1 if random.random() < 0.5 else -1
        return images.resize_pixels(cut, self.size, self.size, "bilinear")[:, ::mirror]

    def _choose_area(self, random: np.random.Generator) -> tuple[float, float]:
        if self.plain:
            return PLAIN_AREA
        return HARD_AREA if random.random() < HARD else AREA


def scale_views(views: Float32, preprocessing: Preprocessing) -> Float32:
    """The views less the mean of a network's input, over its spread."""
    mean, std = np.array(preprocessing.mean, np.float32), np.array(preprocessing.std, np.float32)
    return (views - mean) / std
