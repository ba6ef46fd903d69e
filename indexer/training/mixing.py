"""What is done to the crops of a batch: colours changed or taken away, views laid over or cut into others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

STRENGTH = 0.4  # brightness, contrast and saturation are multiplied by 1 ± this
COLOURED = 0.8  # share of views whose colours are changed
GREY = 0.05  # share of views without colours
LAID_OVER = 0.2  # share of views with another view laid over
CUT_IN = 0.15  # share of views with a part of another view in them
PART = (0.1, 0.5)  # share of a view that such a part takes
SPARSE = 8  # a view's mean is taken from every so many pixels each way

Float32 = npt.NDArray[np.float32]


def change_colours(crops: npt.NDArray[np.uint8], random: np.random.Generator) -> Float32:
    """Change brightness, contrast and saturation, all three as one matrix and one shift for each view."""
    changes = random.uniform(1 - STRENGTH, 1 + STRENGTH, (3, len(crops))).astype(np.float32)
    changes[:, random.random(len(crops)) >= COLOURED] = 1
    changes[2, random.random(len(crops)) < GREY] = 0
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


def lay_over(views: Float32, random: np.random.Generator) -> None:
    """Lay over some views the one before them, which shows another picture, at up to half its strength."""
    chosen = np.flatnonzero(random.random(len(views)) < LAID_OVER)
    shares = random.uniform(0, 0.5, len(chosen)).astype(np.float32)[:, None, None, None]
    views[chosen] = views[chosen] * (1 - shares) + views[chosen - 1] * shares


def cut_in(views: Float32, random: np.random.Generator) -> None:
    """Put into some views a rectangle of the view two before them, from the same place."""
    whole = views.copy()
    for place in np.flatnonzero(random.random(len(views)) < CUT_IN):
        rows, columns = _choose_part(views.shape[1], random)
        views[place, rows, columns] = whole[place - 2, rows, columns]


def _choose_part(size: int, random: np.random.Generator) -> tuple[slice, slice]:
    """A rectangle in a square view, by area and aspect, wholly inside."""
    area, aspect = random.uniform(*PART), np.exp(random.uniform(-0.5, 0.5))
    sides = [min(size, round(size * side**0.5)) for side in (area * aspect, area / aspect)]
    top, left = (int(random.integers(size - side + 1)) for side in sides)
    return slice(top, top + sides[0]), slice(left, left + sides[1])
