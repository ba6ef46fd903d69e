"""Augmented views of the pool: what teacher and student look at together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval import Preprocessing, images

from .pool import Pool

AREA = (0.25, 1.0)  # share of a picture that a view shows
PLAIN_AREA = (0.6, 1.0)  # the same of a plain view
ASPECT = (3 / 4, 4 / 3)
STRENGTH = 0.4  # brightness, contrast and saturation are multiplied by 1 ± this
COLOURED = 0.8  # share of views whose colours are changed
MIXED = 0.2  # share of views with another view laid over
SPARSE = 8  # a view's mean is taken from every so many pixels each way

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Square views of `size` pixels; the same seed and step give the same views, always.

    Each is a random crop by area and aspect (Szegedy et al. 2015), mirrored half the time, with changed
    colours, some laid over each other (mixup, Zhang et al. 2018). `plain` views are nearer to what is looked
    at in use: larger crops, in their own colours, none laid over another.
    """

    pool: Pool
    size: int
    seed: int
    plain: bool = False

    def batch(self, step: int, count: int) -> Float32:
        """The views of a step: (count, size, size, 3), about 0 to 1; changed colours may go beyond."""
        random = np.random.default_rng((self.seed, step))
        places = np.searchsorted(self.pool.cumulated, random.random(count))
        crops = np.stack([self._crop(self.pool.picture(place), random) for place in places])
        if self.plain:
            return crops.astype(np.float32) / np.float32(255)
        return _mixed(_coloured(crops, random), random)

    def _crop(self, picture: images.RGB, random: np.random.Generator) -> images.RGB:
        height, width = picture.shape[:2]
        area = height * width * random.uniform(*(PLAIN_AREA if self.plain else AREA))
        aspect = np.exp(random.uniform(*np.log(ASPECT)))
        tall, wide = min(height, round((area / aspect) ** 0.5)), min(width, round((area * aspect) ** 0.5))
        top, left = random.integers(height - tall + 1), random.integers(width - wide + 1)
        cut = np.ascontiguousarray(picture[top : top + tall, left : left + wide])
        mirror = 1 if random.random() < 0.5 else -1
        return images.resize_pixels(cut, self.size, self.size, "bilinear")[:, ::mirror]


def scaled(views: Float32, preprocessing: Preprocessing) -> Float32:
    """The views less the mean of a network's input, over its spread."""
    mean, std = np.array(preprocessing.mean, np.float32), np.array(preprocessing.std, np.float32)
    return (views - mean) / std


def _coloured(crops: npt.NDArray[np.uint8], random: np.random.Generator) -> Float32:
    """Change brightness, contrast and saturation, all three as one matrix and one shift for each view."""
    changes = random.uniform(1 - STRENGTH, 1 + STRENGTH, (3, len(crops))).astype(np.float32)
    changes[:, random.random(len(crops)) >= COLOURED] = 1
    brightness, contrast, saturation = changes[:, :, None, None]
    grey = np.full((3, 3), 1 / 3, np.float32)
    matrices = (np.eye(3, dtype=np.float32) * saturation + grey * (1 - saturation)) * contrast * brightness
    means = crops[:, ::SPARSE, ::SPARSE].mean(axis=(1, 2, 3), dtype=np.float32) / np.float32(255)
    shifts = means * ((1 - contrast) * brightness)[:, 0, 0]
    views = np.empty(crops.shape, np.float32)
    for view, crop, matrix, shift in zip(views, crops, matrices / np.float32(255), shifts, strict=True):
        np.matmul(crop.reshape(-1, 3).astype(np.float32), matrix, out=view.reshape(-1, 3))
        view += shift
    return views


def _mixed(views: Float32, random: np.random.Generator) -> Float32:
    chosen = np.flatnonzero(random.random(len(views)) < MIXED)
    shares = random.uniform(0, 0.5, len(chosen)).astype(np.float32)[:, None, None, None]
    views[chosen] = views[chosen] * (1 - shares) + views[chosen - 1] * shares
    return views
