"""Heat maps: how much each part of two pictures gives to the cosine of their subjects. Pure.

Where a backbone pools by the mean, the feature of a picture is the mean of the features of its cells. The
cosine with any unit vector u then splits exactly over the cells: u · f = Σ u · cell / (cells · |mean|).
Nothing is estimated, and no gradient is computed. Source: Stylianou, Souvenir & Pless, "Visualizing deep
similarity networks", WACV 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..query.values import Region
from .arrays import RGB, BoolMatrix, Float32Array, Float32Matrix, Float32Vector

HEAT_COLOUR = (255, 64, 0)
DENSITY = 0.7  # of the colour over the hottest cell
EXACT = 1e-3  # largest relative difference of pooled feature and mean of cells; that of bfloat16 is smaller


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """The addends of a cosine, by cell, as (row, column) from the upper left corner of `frame`.

    `frame` is the part of the picture that the backbone saw. A negative cell speaks against the match.
    """

    cells: Float32Matrix
    frame: Region

    @property
    def total(self) -> float:
        """The cosine."""
        return float(self.cells.sum())

    def hottest_cells(self, share: float) -> BoolMatrix:
        """The cells that give most, about `share` of all and at least one; ties go to the upper left."""
        return _select_lowest(-self.cells, share)

    def coldest_cells(self, share: float) -> BoolMatrix:
        """The same number of cells, those that give least."""
        return _select_lowest(self.cells, share)

    def describe_location(self) -> str:
        """Where most of the match lies, as “upper left, 62 % of the match”: the best of 3 × 3 fields."""
        rows, columns = (np.array_split(np.arange(side), 3) for side in self.cells.shape)
        fields = np.array([[self.cells[np.ix_(row, column)].sum() for column in columns] for row in rows])
        row, column = np.unravel_index(int(fields.argmax()), fields.shape)
        name = " ".join(word for word in (("upper", "", "lower")[row], ("left", "", "right")[column]) if word)
        positive = float(self.cells.clip(min=0).sum())
        return f"{name or 'middle'}, {100 * float(fields.max()) / max(positive, 1e-12):.0f} % of the match"


def draw_heat(pixels: RGB, heat: HeatMap) -> RGB:
    """The picture with HEAT_COLOUR over the cells that speak for the match, the densest over the hottest."""
    height, width = pixels.shape[:2]
    strength = heat.cells.clip(min=0) / max(float(heat.cells.max(initial=0)), 1e-12)
    rows, columns = heat.cells.shape
    down = _cell_numbers(height, heat.frame.top, heat.frame.height, rows)
    across = _cell_numbers(width, heat.frame.left, heat.frame.width, columns)
    # A row and a column of zeros beside the cells, for what the backbone did not see.
    dense = DENSITY * np.pad(strength, ((0, 1), (0, 1)))[np.ix_(down, across)][:, :, None]
    drawn: RGB = (pixels * (1 - dense) + np.array(HEAT_COLOUR) * dense).astype(np.uint8)
    return drawn


def _cell_numbers(side: int, start: float, share: float, count: int) -> npt.NDArray[np.int64]:
    """The cell over each pixel of a side; `count` for pixels outside of the frame."""
    places = ((np.arange(side) + 0.5) / side - start) / share * count
    return np.where((places >= 0) & (places < count), places, count).astype(np.int64)


def heat_maps(one: Float32Array, other: Float32Array) -> tuple[Float32Matrix, Float32Matrix]:
    """The cells' addends in the cosine of the means of two feature maps, (channel, row, column) each.

    Both results add up to the same cosine; where a mean has no direction they are zeros.
    """
    return _cell_addends(one, _unit_mean(other)), _cell_addends(other, _unit_mean(one))


def is_mean_pooled(feature_map: Float32Array, pooled: Float32Vector) -> bool:
    """Whether the backbone pools this map by the mean, so that its cosines split over the cells."""
    mean = feature_map.mean(axis=(1, 2))
    if mean.shape != pooled.shape:
        return False
    return bool(np.linalg.norm(mean - pooled) <= EXACT * max(float(np.linalg.norm(pooled)), 1e-12))


def _unit_mean(feature_map: Float32Array) -> Float32Vector:
    mean = feature_map.mean(axis=(1, 2))
    length = float(np.linalg.norm(mean))
    return mean / length if length > 1e-12 else np.zeros_like(mean)


def _cell_addends(feature_map: Float32Array, direction: Float32Vector) -> Float32Matrix:
    length = float(np.linalg.norm(feature_map.mean(axis=(1, 2))))
    cells = np.tensordot(direction, feature_map, axes=1) / (feature_map[0].size * max(length, 1e-12))
    return np.asarray(cells, np.float32)


def _select_lowest(values: Float32Matrix, share: float) -> BoolMatrix:
    count = max(1, round(share * values.size))
    chosen = np.zeros(values.size, bool)
    chosen[np.argsort(values, axis=None, kind="stable")[:count]] = True
    return chosen.reshape(values.shape)
