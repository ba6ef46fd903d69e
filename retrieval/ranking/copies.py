"""Copies: which images are one picture, or show one scene. Pure.

Among a few images all pairs are compared. Among all images of a library that would take too long: there,
pairs that may be alike are found first, by hashes that share some of their bits (locality-sensitive hashing:
Indyk and Motwani, "Approximate nearest neighbors", STOC 1998), and their number is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .arrays import BoolMatrix, FeatureMatrix, Float32Vector, Int64Ids, Int64Matrix, Int64Vector
from .ranking import inner_products

HASH_BITS = 8  # of 64 that may differ between the hashes of one picture, in the best of eight orientations
COPY_SUBJECT = 0.5  # least cosine of the subjects of one picture: other hashes can agree by chance
SCENE_SUBJECT, SCENE_COLOUR = 0.85, 0.95  # least cosines of the subjects and colours of one scene
TABLES, KEY_BITS = 12, 14  # how often bits of the hashes are drawn, and how many
MOST_IN_BUCKET = 1024  # images with one key that are compared with one other
WINDOW = 32  # images at most that one draw brings for an image: a page of one colour is like thousands
_ORIENTATIONS: Final = tuple(
    (turned, down, across) for turned in (0, 1) for down in (0, 1) for across in (0, 1)
)
PICTURE, SCENE = 2, 1  # how much two images are alike: one picture, or one scene alone


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """The hashes, subjects and colours of some images, in their order."""

    hashes: Int64Ids  # retrieval.pictures.images.perceptual_hash
    subjects: FeatureMatrix
    colours: FeatureMatrix


def find_same_pictures(looks: Looks) -> BoolMatrix:
    """Which two images are one picture: resized, compressed, grey, rotated by 90°, mirrored, hardly cropped.

    Their hashes differ in at most HASH_BITS bits, in the best of the eight orientations, and the cosine of
    their subjects is at least COPY_SUBJECT. A hash of 0, of a picture of one colour, matches nothing. Larger
    crops and other rotations are not found.
    """
    has_hash = looks.hashes != 0
    near = (_hash_distances(looks.hashes) <= HASH_BITS) & has_hash & has_hash[:, None]
    same: BoolMatrix = near & (inner_products(looks.subjects) >= COPY_SUBJECT)
    return same


def find_same_scenes(looks: Looks) -> BoolMatrix:
    """Which two images show one scene: they are one picture, or both subject and colour are very close."""
    near = (inner_products(looks.subjects) >= SCENE_SUBJECT) & (inner_products(looks.colours) >= SCENE_COLOUR)
    return find_same_pictures(looks) | near


def rate_pairs(distances: Int64Vector, subjects: Float32Vector, colours: Float32Vector) -> Int64Vector:
    """How much each of these pairs of images is alike: PICTURE, SCENE or 0.

    `distances` between the hashes, in the best orientation (64 where one has no hash), and the cosines of
    subjects and colours. The same decisions as `find_same_pictures` and `find_same_scenes`.
    """
    is_picture = (distances <= HASH_BITS) & (subjects >= COPY_SUBJECT)
    is_scene = (subjects >= SCENE_SUBJECT) & (colours >= SCENE_COLOUR)
    return np.where(is_picture, PICTURE, np.where(is_scene, SCENE, 0)).astype(np.int64)


def find_close_hashes(hashes: Int64Ids) -> Int64Matrix:
    """Pairs of images whose hashes differ in at most HASH_BITS bits in some orientation: (pair, 2) positions.

    Each of TABLES draws takes KEY_BITS bits: images that agree in all of them are compared, at most WINDOW
    with each image. Of pairs that differ in 4 of 64 bits 99 in 100 are found, in 8 bits 3 in 4. Of images
    with one hash the first stands for all, and each is a pair with the next one. Images without a hash are
    in no pair. The same hashes always give the same pairs, each once, in rising order.
    """
    in_order = np.argsort(hashes, kind="stable")
    in_order = in_order[hashes[in_order] != 0]
    is_repeated = np.concatenate([[False], np.diff(hashes[in_order]) == 0])[: len(in_order)]
    equal = np.stack([in_order[:-1], in_order[1:]], axis=1)[is_repeated[1:]]
    used = np.sort(in_order[~is_repeated])
    return unique_pairs(np.concatenate([equal, used[_draw_pairs(hashes[used])]]))


def _draw_pairs(hashes: Int64Ids) -> Int64Matrix:
    """Pairs of close hashes, maybe more than once."""
    planes, own = _unpack_planes(hashes), hashes.view(np.uint64)
    oriented = [_orient_planes(planes, *orientation) for orientation in _ORIENTATIONS]
    found = [np.empty((0, 2), np.int64)]
    for drawn in _draw_bits():
        keys = _pack_keys(planes, drawn)
        order = np.argsort(keys, kind="stable")
        for other in oriented:
            asking, answering = _match_keys(keys[order], order, _pack_keys(other, drawn))
            apart = np.bitwise_count(_pack_hashes(other)[asking] ^ own[answering])
            found.append(np.stack([asking, answering], axis=1)[apart <= HASH_BITS])
    return np.concatenate(found)


@dataclass(frozen=True, slots=True, eq=False)
class HashTables:
    """The hashes of many images, by the bits that each of TABLES draws takes, so that those close to a few
    others are found without looking at all.

    `orders`: (table, image), positions by rising key; `starts`: (table, key + 1), where those of a key begin.
    """

    hashes: Int64Ids
    orders: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]

    @classmethod
    def from_hashes(cls, hashes: Int64Ids) -> HashTables:
        """The tables of these hashes."""
        planes, orders, starts = _unpack_planes(hashes), [], []
        for drawn in _draw_bits():
            keys = _pack_keys(planes, drawn)
            order = np.argsort(keys, kind="stable")
            orders.append(order.astype(np.int32))
            starts.append(np.searchsorted(keys[order], np.arange(2**KEY_BITS + 1)).astype(np.int32))
        return cls(hashes, np.array(orders), np.array(starts))

    def find_close(self, others: Int64Ids) -> Int64Matrix:
        """Pairs of the positions of another hash and of one in the tables, (pair, 2), that differ in at most
        HASH_BITS bits in some orientation; for each other one at most WINDOW, the closest first.
        """
        planes = _unpack_planes(others)
        oriented = [_orient_planes(planes, *orientation) for orientation in _ORIENTATIONS]
        found = [np.empty((0, 3), np.int64)]
        for drawn, order, starts in zip(_draw_bits(), self.orders, self.starts, strict=True):
            for turned in oriented:
                found.append(
                    self._match_bucket(_pack_keys(turned, drawn), _pack_hashes(turned), order, starts)
                )
        rows = np.concatenate(found)
        rows = rows[(others[rows[:, 0]] != 0) & (self.hashes[rows[:, 2]] != 0)]
        return _keep_closest(rows)

    def _match_bucket(
        self,
        keys: Int64Vector,
        hashes: npt.NDArray[np.uint64],
        order: npt.NDArray[np.int32],
        starts: npt.NDArray[np.int32],
    ) -> Int64Matrix:
        """Rows of position, distance and position in the tables."""
        first = starts[keys].astype(np.int64)
        counts = np.minimum(starts[keys + 1] - first, MOST_IN_BUCKET)
        asking = np.repeat(np.arange(len(keys)), counts)
        steps = np.arange(len(asking)) - np.repeat(np.cumsum(counts) - counts, counts)
        answering = order[np.repeat(first, counts) + steps].astype(np.int64)
        apart = np.bitwise_count(hashes[asking] ^ self.hashes.view(np.uint64)[answering]).astype(np.int64)
        rows: Int64Matrix = np.stack([asking, apart, answering], axis=1)[apart <= HASH_BITS]
        return rows


def find_earlier_close(hashes: Int64Ids, first: int) -> Int64Matrix:
    """The same for the hashes from the place `first` on, each with all before it, which are compared one by
    one.
    """
    planes, found = _unpack_planes(hashes[first:]), [np.empty((0, 3), np.int64)]
    oriented = np.array([_pack_hashes(_orient_planes(planes, *turned)) for turned in _ORIENTATIONS])
    for place in range(first, len(hashes)):
        earlier = hashes[:place].view(np.uint64)
        apart = np.bitwise_count(oriented[:, place - first, None] ^ earlier).min(axis=0, initial=64)
        near = np.flatnonzero((apart <= HASH_BITS) & (earlier != 0) & (hashes[place] != 0))
        found.append(np.stack([np.full(len(near), place), apart[near], near], axis=1))
    return _keep_closest(np.concatenate(found))


def _keep_closest(rows: Int64Matrix) -> Int64Matrix:
    """Of rows of position, distance and other position, the WINDOW closest for each position, as pairs."""
    rows = np.unique(rows, axis=0)  # by position, distance and other position
    _, first = np.unique(rows[:, [0, 2]], axis=0, return_index=True)
    rows = rows[np.sort(first)]
    starts = np.searchsorted(rows[:, 0], rows[:, 0])
    kept: Int64Matrix = rows[np.arange(len(rows)) - starts < WINDOW][:, [0, 2]]
    return kept


def _draw_bits() -> Iterator[Int64Vector]:
    """The bits that each of TABLES draws takes, always the same."""
    draws = np.random.default_rng(0)
    for _ in range(TABLES):
        yield draws.permutation(64)[:KEY_BITS]


def measure_distances(hashes: Int64Ids, pairs: Int64Matrix) -> Int64Vector:
    """The number of different bits of each pair of hashes, in the best orientation; 64 without a hash."""
    first, second = hashes[pairs[:, 0]], hashes[pairs[:, 1]]
    planes, distances = _unpack_planes(second), np.full(len(pairs), 64, np.int64)
    for orientation in _ORIENTATIONS:
        oriented = _pack_hashes(_orient_planes(planes, *orientation))
        distances = np.minimum(distances, np.bitwise_count(first.view(np.uint64) ^ oriented))
    return np.where((first == 0) | (second == 0), 64, distances)


def unique_pairs(pairs: Int64Matrix) -> Int64Matrix:
    """Each pair once, with its smaller number first; no image with itself."""
    first, second = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1).T
    width = int(second.max(initial=0)) + 1
    codes = np.unique(first * width + second)  # far quicker than unique rows
    return np.stack([codes // width, codes % width], axis=1)


def _match_keys(
    sorted_keys: Int64Vector, order: Int64Vector, keys: Int64Vector
) -> tuple[Int64Vector, Int64Vector]:
    """Each image that has a key, and those with this key: the first WINDOW of them from its own place on."""
    start, end = np.searchsorted(sorted_keys, keys, "left"), np.searchsorted(sorted_keys, keys, "right")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    start = np.where((places >= start) & (places < end), places, start)
    counts = np.minimum(end - start, WINDOW)
    steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(np.arange(len(keys)), counts), order[np.repeat(start, counts) + steps]


def _pack_hashes(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """The inverse of `_unpack_planes`."""
    return np.packbits(planes.reshape(-1, 64), axis=1).view(">u8")[:, 0].astype(np.uint64)


def _pack_keys(planes: npt.NDArray[np.uint8], drawn: Int64Vector) -> Int64Vector:
    keys: Int64Vector = planes.reshape(-1, 64)[:, drawn].astype(np.int64) @ (1 << np.arange(len(drawn)))
    return keys


def _unpack_planes(hashes: Int64Ids) -> npt.NDArray[np.uint8]:
    """The bits of hashes by frequency, (image, down, across)."""
    return np.unpackbits(hashes.astype(">i8").view(np.uint8).reshape(-1, 8), axis=1).reshape(-1, 8, 8)


def _orient_planes(
    planes: npt.NDArray[np.uint8], turned: int, down: int, across: int
) -> npt.NDArray[np.uint8]:
    """The bits of the same pictures flipped over a diagonal, upside down, or mirrored.

    The bits are the signs of the 8 × 8 frequencies 1 to 8, as their median is close to 0. Flipping a picture
    over a diagonal transposes them; mirroring changes the sign of the odd ones in its direction.
    """
    odd = (np.arange(8) % 2 == 0).astype(np.uint8)  # the first is frequency 1
    flipped = planes.transpose(0, 2, 1) if turned else planes
    return np.ascontiguousarray(flipped ^ (odd[:, None] * down) ^ (odd * across))


def _hash_distances(hashes: Int64Ids) -> Int64Matrix:
    """The number of different bits between hashes, (image, image), in the best of eight orientations."""
    planes = _unpack_planes(hashes)
    bits = planes.reshape(-1, 64)
    distances = _count_different_bits(bits, bits)
    for orientation in _ORIENTATIONS:
        oriented = _orient_planes(planes, *orientation).reshape(-1, 64)
        distances = np.minimum(distances, _count_different_bits(bits, oriented))
    return distances


def _count_different_bits(ones: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]) -> Int64Matrix:
    left, right = (1 - 2 * bits.astype(np.float32) for bits in (ones, others))
    between: Int64Matrix = ((64 - left @ right.T) / 2).astype(np.int64)
    return between
