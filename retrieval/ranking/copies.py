"""Copies: which images are one picture, or show one scene. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .arrays import BoolMatrix, FeatureMatrix, Int64Ids, Int64Matrix
from .ranking import inner_products

HASH_BITS = 8  # of 64 that may differ between the hashes of one picture, in the best of eight orientations
COPY_SUBJECT = 0.5  # least cosine of the subjects of one picture: other hashes can agree by chance
SCENE_SUBJECT, SCENE_COLOUR = 0.85, 0.95  # least cosines of the subjects and colours of one scene


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


def _hash_distances(hashes: Int64Ids) -> Int64Matrix:
    """The number of different bits between hashes, (image, image), in the best of eight orientations.

    The bits are the signs of the 8 × 8 frequencies 1 to 8, as their median is close to 0. Flipping a picture
    over a diagonal transposes them; mirroring changes the sign of the odd ones in its direction.
    """
    bits = np.unpackbits(hashes.astype(">i8").view(np.uint8).reshape(-1, 8), axis=1)
    planes = bits.reshape(-1, 8, 8)
    odd = (np.arange(8) % 2 == 0).astype(np.uint8)  # the first is frequency 1
    distances = _count_different_bits(bits, bits)
    for plane in (planes, planes.transpose(0, 2, 1)):
        for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
            oriented = plane ^ (odd[:, None] * down) ^ (odd * across)
            distances = np.minimum(distances, _count_different_bits(bits, oriented.reshape(-1, 64)))
    return distances


def _count_different_bits(ones: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]) -> Int64Matrix:
    left, right = (1 - 2 * bits.astype(np.float32) for bits in (ones, others))
    between: Int64Matrix = ((64 - left @ right.T) / 2).astype(np.int64)
    return between
