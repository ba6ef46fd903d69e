"""Images that came after the last frozen one, compared with all before them, and placed on the map.

Each is compared by itself with the frozen images and with the late ones of smaller ids: so what is found does
not depend on when it was published, and nothing of the images before it changes.

    near.faiss, centre.npy, directions.npy           the frozen images along their main directions
    hashes.npy, orders.npy, starts.npy               their hashes, and tables of these (`copies.HashTables`)
    late-rows.npy, late-hashes.npy                   late images along the same directions, and their hashes
    late-ids.npy, late-pairs.npy, late-cosines.npy   as those of the frozen images
    late-places.npy, late-clusters.npy
    gone.npy                                         images that were removed since
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self, final

import numpy as np

from ..catalog import Space
from ..catalog.reader import Reader
from ..ranking.arrays import Float16Matrix, Float32Matrix, Float32Vector, Int64Ids, Int64Matrix, Int64Vector
from ..ranking.copies import HashTables, find_earlier_close, measure_distances, rate_pairs, unique_pairs
from ..ranking.neighbourhoods import Axes
from .likenesses import NEAREST, NOTHING_COMPARED, Likenesses, save_array
from .neighbour_files import load_axes, map_alone, save_axes
from .vectors import ALONE, RowIndex

NEAR, ROWS, HASHES, LATE_HASHES = "near.faiss", "late-rows.npy", "hashes.npy", "late-hashes.npy"
ORDERS, STARTS, GONE = "orders.npy", "starts.npy", "gone.npy"
LATE: Final = "late-"  # beginning of the names of what is kept of late images
PLACED_BY: Final = 3  # nearest frozen images, in whose middle a late one is placed
_BLOCK: Final = 256  # images compared at a time


@final
@dataclass(frozen=True, slots=True, eq=False)
class FrozenImages:
    """What late images are compared with: the frozen ones, in their order."""

    likenesses: Likenesses
    axes: Axes
    index: RowIndex
    tables: HashTables

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Those of a verified generation; None where there were too few for axes."""
        axes = load_axes(folder)
        if axes is None:
            return None
        tables = HashTables(*(np.load(folder / name, mmap_mode="r") for name in (HASHES, ORDERS, STARTS)))
        return cls(Likenesses.load(folder), axes, RowIndex.map(folder / NEAR), tables)

    def save(self, folder: Path) -> None:
        """Write all but the likenesses and the index."""
        save_axes(folder, self.axes)
        save_array(folder / HASHES, self.tables.hashes)
        save_array(folder / ORDERS, self.tables.orders)
        save_array(folder / STARTS, self.tables.starts)


@final
@dataclass(frozen=True, slots=True, eq=False)
class LateImages:
    """The late images, with what was found when each was compared."""

    likenesses: Likenesses
    rows: Float16Matrix
    hashes: Int64Ids

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Those of a verified generation."""
        return cls(Likenesses.load(folder, LATE), np.load(folder / ROWS), np.load(folder / LATE_HASHES))

    @classmethod
    def none(cls, frozen: FrozenImages) -> Self:
        """No late images beside these frozen ones."""
        width = frozen.axes.directions.shape[1]
        return cls(NOTHING_COMPARED, np.empty((0, width), np.float16), np.empty(0, np.int64))

    def save(self, folder: Path) -> None:
        """Write them in place of those before."""
        self.likenesses.save(folder, LATE)
        save_array(folder / ROWS, self.rows)
        save_array(folder / LATE_HASHES, self.hashes)


def load_gone(folder: Path) -> Int64Ids:
    """The images that were removed since a verified generation was made, rising."""
    path = folder / GONE
    return np.load(path) if path.exists() else np.empty(0, np.int64)


def load_likenesses(folder: Path) -> Likenesses:
    """Those of a verified generation, frozen and late, without what is gone."""
    frozen = Likenesses.load(folder)
    if not (folder / NEAR).exists():
        return frozen
    return frozen.join(Likenesses.load(folder, LATE)).without(load_gone(folder))


def compare_late(
    reader: Reader, spaces: tuple[Space, Space], frozen: FrozenImages, late: LateImages, new: Int64Ids
) -> LateImages:
    """The late images with some more, of rising ids above all others."""
    for start in range(0, len(new), _BLOCK):
        late = _compare_block(reader, spaces, frozen, late, new[start : start + _BLOCK])
    return late


def _compare_block(
    reader: Reader, spaces: tuple[Space, Space], frozen: FrozenImages, late: LateImages, new: Int64Ids
) -> LateImages:
    _, subjects = reader.load_features(spaces[0], new.tolist())
    own = map_alone(frozen.axes.project_features, subjects)
    before, count = len(late.rows), len(frozen.likenesses.ids)
    rows = np.concatenate([late.rows, own.astype(np.float16)])
    hashes = np.concatenate([late.hashes, np.array(reader.perceptual_hashes(new.tolist()), np.int64)])
    ids = np.concatenate([frozen.likenesses.ids, late.likenesses.ids, new])
    near = frozen.index.search_positions(own, NEAREST, ALONE)
    place = count + before + np.arange(len(new))
    close = frozen.tables.find_close(hashes[before:])
    close[:, 0] += count + before
    earlier = np.concatenate([_find_earlier(rows, before), find_earlier_close(hashes, before)])
    pairs = unique_pairs(np.concatenate([_pair(place, near), close, count + earlier]))
    all_hashes = (frozen.tables.hashes, hashes)
    found = _rate_pairs(reader, spaces, ids, all_hashes, pairs)
    places, clusters = _place_images(frozen.likenesses, near)
    added = replace(found, ids=new, places=places, clusters=clusters)
    return LateImages(late.likenesses.join(added), rows, hashes)


def _pair(own: Int64Vector, others: Int64Matrix) -> Int64Matrix:
    """Each with its others, besides -1."""
    pairs = np.stack([np.repeat(own, others.shape[1]), others.ravel()], axis=1)
    return pairs[pairs[:, 1] >= 0]


def _find_earlier(rows: Float16Matrix, first: int) -> Int64Matrix:
    """Pairs of places: each row from `first` on with the NEAREST of those before it."""
    products = rows[first:].astype(np.float32) @ rows.astype(np.float32).T
    found = [np.empty((0, 2), np.int64)]
    for place, own in enumerate(products, first):
        best = np.argsort(-own[:place], kind="stable")[:NEAREST]
        found.append(np.stack([np.full(len(best), place), best], axis=1))
    return np.concatenate(found)


def _rate_pairs(
    reader: Reader,
    spaces: tuple[Space, Space],
    ids: Int64Ids,
    hashes: tuple[Int64Ids, Int64Ids],
    pairs: Int64Matrix,
) -> Likenesses:
    """Those of the pairs that are alike; `hashes`: of the first images, and of the others."""
    used, places = np.unique(pairs, return_inverse=True)
    count = len(hashes[0])
    own = np.array(
        [hashes[0][place] if place < count else hashes[1][place - count] for place in used], np.int64
    )
    places = places.reshape(-1, 2)
    cosines, shades = (_compute_cosines(reader, space, ids[used], places) for space in spaces)
    rated = rate_pairs(measure_distances(own, places), cosines, shades)
    alike = np.column_stack([np.sort(ids[pairs], axis=1), rated])[rated > 0]
    return replace(NOTHING_COMPARED, pairs=alike, cosines=cosines[rated > 0])


def _compute_cosines(reader: Reader, space: Space, ids: Int64Ids, places: Int64Matrix) -> Float32Vector:
    """The cosines of pairs of places among the images; 0 for one without a feature, which may be gone."""
    held, features = reader.load_features(space, ids.tolist())
    rows = np.zeros((len(ids), space.dimension), np.float16)
    rows[np.searchsorted(ids, held)] = features
    cosines: Float32Vector = np.einsum(
        "nd,nd->n", rows[places[:, 0]].astype(np.float32), rows[places[:, 1]].astype(np.float32)
    )
    return cosines


def _place_images(frozen: Likenesses, near: Int64Matrix) -> tuple[Float32Matrix, Int64Vector]:
    """A place in the middle of the nearest frozen images, and the cluster of the nearest one."""
    if not len(frozen.places):
        return NOTHING_COMPARED.places, NOTHING_COMPARED.clusters
    return frozen.places[near[:, :PLACED_BY]].mean(axis=1).astype(np.float32), frozen.clusters[near[:, 0]]
