"""Keypoints of a picture and the few bytes in which they are stored. Pure.

A keypoint is a position with a scale and an angle, and a descriptor of its surroundings: the 128 numbers of
SIFT (4 × 4 cells of 8 directions), as RootSIFT, with 2 bits each, so that one keypoint takes 36 bytes.

Sources: Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004; Arandjelovic &
Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012 (RootSIFT).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import numpy.typing as npt

from .arrays import BoolVector, Float32Matrix, Float32Vector

SIDE = (
    256  # pixels of the long side of the picture in which keypoints are found: a coordinate fits into a byte
)
NUMBERS = 128  # in a descriptor
LEVELS = 4  # the numbers of a descriptor are 0, 1, 2, 3
STEP = (
    1 / 8
)  # between two levels of a RootSIFT number, which is at most 1; from 0.31 on, the level is the highest
SCALE_STEPS = 16  # in an octave
TURN = 256  # angle steps in a full turn


HEADER = 2  # bytes: width − 1 and height − 1 of the reduced picture
ROW = np.dtype([("x", "u1"), ("y", "u1"), ("scale", "u1"), ("angle", "u1"), ("numbers", "u1", NUMBERS // 4)])

# The four numbers that each of the 256 byte values holds, the first in the lowest bits.
_SHIFTS = np.arange(0, 8, 2)
_UNPACKED = (np.arange(256)[:, None] >> _SHIFTS & 3).astype(np.float32)
_UNPACKED_AS_ONE = _UNPACKED.view(np.complex128)[
    :, 0
]  # all four in one item: it is copied three times as fast
# A mirrored patch has its rows of cells in reverse and its directions negated.
_MIRRORED = np.arange(NUMBERS).reshape(4, 4, 8)[::-1, :, [0, 7, 6, 5, 4, 3, 2, 1]].ravel()
# In a negative every gradient points the other way, and so does the main one, by which a patch is turned: its
# cells stand upside down, and directions relative to the main one stay as they are.
_INVERTED = np.arange(NUMBERS).reshape(4, 4, 8)[::-1, ::-1].ravel()


@final
@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """The keypoints of a picture that was reduced to `width` × `height` pixels, at most SIDE each.

    `positions`: (keypoint, 2), x from the left and y from the top, in pixels; `scales`: diameters in pixels;
    `angles`: in radians from the x axis towards the y axis; `descriptors`: (keypoint, 128), whole
    numbers below LEVELS.
    """

    width: int
    height: int
    positions: Float32Matrix
    scales: Float32Vector
    angles: Float32Vector
    descriptors: Float32Matrix

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def relative_positions(self) -> Float32Matrix:
        """The positions as shares of width and height."""
        return np.divide(self.positions, (self.width - 1 or 1, self.height - 1 or 1), dtype=np.float32)

    def select_keypoints(self, kept: BoolVector) -> Keypoints:
        """The keypoints that are `kept`, (keypoint,)."""
        return replace(
            self,
            positions=self.positions[kept],
            scales=self.scales[kept],
            angles=self.angles[kept],
            descriptors=self.descriptors[kept],
        )

    def mirror_keypoints(self) -> Keypoints:
        """The keypoints of the mirrored picture (left and right swapped), computed from these."""
        x, y = self.positions.T
        positions = np.stack([self.width - 1 - x, y], axis=1)
        angles = np.float32(np.pi) - self.angles
        descriptors = self.descriptors[:, _MIRRORED]
        return Keypoints(self.width, self.height, positions, self.scales, angles, descriptors)

    def invert_keypoints(self) -> Keypoints:
        """The keypoints of the negative of the picture, computed from these."""
        return replace(
            self, angles=self.angles + np.float32(np.pi), descriptors=self.descriptors[:, _INVERTED]
        )

    def scale_keypoints(self, factor: float) -> Keypoints:
        """The keypoints of the same picture at another size."""
        return replace(
            self,
            width=max(1, round(self.width * factor)),
            height=max(1, round(self.height * factor)),
            positions=self.positions * np.float32(factor),
            scales=self.scales * np.float32(factor),
        )


NO_KEYPOINTS = Keypoints(1, 1, *(np.zeros(shape, np.float32) for shape in ((0, 2), 0, 0, (0, NUMBERS))))


def quantize_histograms(histograms: npt.ArrayLike) -> Float32Matrix:
    """SIFT histograms, (keypoint, 128), as RootSIFT: the roots of the shares of the sum, in LEVELS levels."""
    rows = np.asarray(histograms, np.float32).reshape(-1, NUMBERS)
    shares = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)
    levels: Float32Matrix = np.minimum(np.rint(np.sqrt(shares) / STEP), LEVELS - 1).astype(np.float32)
    return levels


def encode_keypoints(keypoints: Keypoints) -> bytes:
    """One byte for width − 1, one for height − 1, then 36 for each keypoint; b"" when there is none.

    The bytes of a keypoint are x, y, the scale in sixteenths of an octave above 1 pixel, the angle in 1/256
    of a turn, and the descriptor. Positions are rounded to whole pixels.
    """
    if not len(keypoints):
        return b""
    rows = np.zeros(len(keypoints), ROW)
    rows["x"], rows["y"] = np.rint(keypoints.positions).clip(0, 255).T
    rows["scale"] = np.rint(np.log2(np.maximum(keypoints.scales, 1)) * SCALE_STEPS).clip(0, 255)
    rows["angle"] = np.rint(keypoints.angles * (TURN / (2 * np.pi))).astype(np.int64) % TURN
    numbers = keypoints.descriptors.astype(np.uint8).reshape(len(keypoints), -1, 4)
    rows["numbers"] = (numbers << _SHIFTS.astype(np.uint8)).sum(axis=2)
    return bytes([keypoints.width - 1, keypoints.height - 1]) + rows.tobytes()


def decode_keypoints(blob: bytes) -> Keypoints:
    """The inverse of `encode_keypoints`; raises ValueError for an impossible length."""
    if not blob:
        return NO_KEYPOINTS
    if len(blob) < HEADER or (len(blob) - HEADER) % ROW.itemsize:
        raise ValueError(f"stored keypoints have {len(blob)} bytes instead of 2 + {ROW.itemsize} for each")
    rows = np.frombuffer(blob, ROW, offset=HEADER)
    return Keypoints(
        width=blob[0] + 1,
        height=blob[1] + 1,
        positions=np.stack([rows["x"], rows["y"]], axis=1).astype(np.float32),
        scales=np.exp2(rows["scale"].astype(np.float32) / SCALE_STEPS),
        angles=rows["angle"].astype(np.float32) * np.float32(2 * np.pi / TURN),
        descriptors=_UNPACKED_AS_ONE[rows["numbers"]].view(np.float32),
    )
