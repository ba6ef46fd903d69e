"""The pairs of alike images and the places of images on the map, as arrays in files."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ..ranking.arrays import Float32Matrix, Float32Vector, Int64Ids, Int64Matrix, Int64Vector

NEAREST: Final = 10  # images by subject that each image is compared with
FILES: Final = ("ids.npy", "pairs.npy", "cosines.npy", "places.npy", "clusters.npy")


@dataclass(frozen=True, slots=True, eq=False)
class Likenesses:
    """`ids`: the images that were compared. `pairs`: (pair, 3), the ids of two images and how much they are
    alike (PICTURE or SCENE); `cosines`: those of their subjects. `places`: (image, 2), from 0 to 1, and
    `clusters`: (image,); both are empty where there are too few images for a map.
    """

    ids: Int64Ids
    pairs: Int64Matrix
    cosines: Float32Vector
    places: Float32Matrix
    clusters: Int64Vector

    @classmethod
    def load(cls, folder: Path, prefix: str = "") -> Self:
        """Load what `save` wrote under the same prefix; it must have been verified before."""
        return cls(*(np.load(folder / f"{prefix}{name}") for name in FILES))

    def save(self, folder: Path, prefix: str = "") -> None:
        """Write the arrays, under names that begin with a prefix."""
        arrays = (self.ids, self.pairs, self.cosines, self.places, self.clusters)
        for name, array in zip(FILES, map(np.asarray, arrays), strict=True):
            save_array(folder / f"{prefix}{name}", array)

    def join(self, other: Likenesses) -> Likenesses:
        """Both, which hold different images."""
        return Likenesses(
            np.concatenate([self.ids, other.ids]),
            np.concatenate([self.pairs, other.pairs]),
            np.concatenate([self.cosines, other.cosines]),
            np.concatenate([self.places, other.places]),
            np.concatenate([self.clusters, other.clusters]),
        )

    def without(self, gone: Int64Ids) -> Likenesses:
        """What is left without these images."""
        if not len(gone):
            return self
        is_there, is_whole = ~np.isin(self.ids, gone), ~np.isin(self.pairs[:, :2], gone).any(axis=1)
        is_placed = is_there[: len(self.places)]
        return Likenesses(
            self.ids[is_there],
            self.pairs[is_whole],
            self.cosines[is_whole],
            self.places[is_placed],
            self.clusters[is_placed],
        )


NOTHING_COMPARED: Final = Likenesses(
    np.empty(0, np.int64),
    np.empty((0, 3), np.int64),
    np.empty(0, np.float32),
    np.empty((0, 2), np.float32),
    np.empty(0, np.int64),
)


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array; NumPy reports a full disk less clearly when it writes to a file itself."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    path.write_bytes(buffer.getbuffer())
