"""Heat maps: how much each part of two pictures gives to the cosine of their subjects. Pure.

Where a backbone pools by the mean, a picture's feature is the mean of its cells' features, and the cosine
with any unit vector u splits exactly over the cells: u · f = Σ u · cell / (cells · |mean|). Nothing is
estimated and no gradient is taken. Source: Stylianou, Souvenir & Pless, "Visualizing deep similarity
networks", WACV 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..query.values import Region

Float32 = npt.NDArray[np.float32]
EXACT = 1e-3  # of relative difference between pooled feature and mean of the cells; bfloat16 explains less


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """The addends of a cosine, by cell, as (row, column) from the left upper corner of `frame`.

    `frame` is the part of the picture that the backbone saw. Cells may be negative: they speak against.
    """

    cells: Float32
    frame: Region

    @property
    def total(self) -> float:
        """The cosine."""
        return float(self.cells.sum())

    def hottest(self, share: float) -> npt.NDArray[np.bool_]:
        """The cells that give most, about `share` of them and at least one; ties go to the upper left."""
        return _first(-self.cells, share)

    def coldest(self, share: float) -> npt.NDArray[np.bool_]:
        """As many cells, of those that give least."""
        return _first(self.cells, share)

    def in_words(self) -> str:
        """Where most of it lies: “upper left, 62 % of the match”; of nine fields, the one that gives most."""
        rows, columns = (np.array_split(np.arange(each), 3) for each in self.cells.shape)
        fields = np.array([[self.cells[np.ix_(row, column)].sum() for column in columns] for row in rows])
        row, column = np.unravel_index(int(fields.argmax()), fields.shape)
        name = " ".join(word for word in (("upper", "", "lower")[row], ("left", "", "right")[column]) if word)
        positive = float(self.cells.clip(min=0).sum())
        return f"{name or 'middle'}, {100 * float(fields.max()) / max(positive, 1e-12):.0f} % of the match"


def heat_maps(one: Float32, other: Float32) -> tuple[Float32, Float32]:
    """Two feature maps, (channel, row, column) each, to the cells' addends in the cosine of their means.

    Both results add up to the same cosine; where a mean has no direction they are zeros.
    """
    return _addends(one, _unit_mean(other)), _addends(other, _unit_mean(one))


def is_exact(feature_map: Float32, pooled: Float32) -> bool:
    """Whether the backbone pools this map by the mean, so that its cosines split over the cells."""
    mean = feature_map.mean(axis=(1, 2))
    if mean.shape != pooled.shape:
        return False
    return bool(np.linalg.norm(mean - pooled) <= EXACT * max(float(np.linalg.norm(pooled)), 1e-12))


def _unit_mean(feature_map: Float32) -> Float32:
    mean = feature_map.mean(axis=(1, 2))
    length = float(np.linalg.norm(mean))
    return mean / length if length > 1e-12 else np.zeros_like(mean)


def _addends(feature_map: Float32, direction: Float32) -> Float32:
    length = float(np.linalg.norm(feature_map.mean(axis=(1, 2))))
    cells = np.tensordot(direction, feature_map, axes=1) / (feature_map[0].size * max(length, 1e-12))
    return np.asarray(cells, np.float32)


def _first(values: Float32, share: float) -> npt.NDArray[np.bool_]:
    count = max(1, round(share * values.size))
    chosen = np.zeros(values.size, bool)
    chosen[np.argsort(values, axis=None, kind="stable")[:count]] = True
    return chosen.reshape(values.shape)
