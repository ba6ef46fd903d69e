"""Windows of a picture: what each of its parts shows, in 64 bytes, and how such codes are compared. Pure.

A window is a box of the last feature map of a backbone, pooled by the mean like the whole map. Its feature is
centred, turned to the main axes of windows, mildly whitened, and each of the DIMENSIONS numbers is rounded to
one of four levels. The query is not rounded: it is compared with the levels, which loses less.

Sources: Tolias, Sicre and Jégou, "Particular object retrieval with integral max-pooling of CNN activations",
ICLR 2016 (windows of one feature map); Jégou and Chum, "Negative evidences and co-occurences in image
retrieval: the benefit of PCA and whitening", ECCV 2012; Max, "Quantizing for minimum distortion", IRE
Transactions on Information Theory 1960 (the levels, for numbers that are normally distributed).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
import numpy.typing as npt

from ..query.values import Region
from .arrays import FeatureMatrix, Float32Array, Float32Matrix, Float32Vector

DIMENSIONS: Final = 256  # of a window's feature, along the axes
CODE_BYTES: Final = DIMENSIONS // 4
WHITENING: Final = 0.25  # a direction counts variance ** -WHITENING of its size
LEVELS: Final = np.array([-1.51, -0.4528, 0.4528, 1.51], np.float32)  # in standard deviations
STEPS: Final = np.array([-0.9816, 0.0, 0.9816], np.float32)  # between two levels
DEVIATION: Final = DIMENSIONS**-0.5  # of one number of a unit vector
_BLOCK = 1024  # images scored at a time, which limits memory

Codes = npt.NDArray[np.uint8]  # (image, window, CODE_BYTES)


def _square_windows(side: float, count: int) -> list[Region]:
    """`count` × `count` windows with this share of both sides, evenly spread, row by row."""
    places = np.linspace(0, 1 - side, count).tolist() if count > 1 else [0.0]
    return [Region(left, top, side, side) for top in places for left in places]


# The whole, four windows of two thirds of each side, and nine of a half: among pyramids of up to 16 windows
# these found small things best for their number (docs/decisions/0045-parts.md).
WINDOWS: Final[tuple[Region, ...]] = (
    *_square_windows(1.0, 1),
    *_square_windows(2 / 3, 2),
    *_square_windows(1 / 2, 3),
)
WHOLE: Final = 0  # the index of the window that is the whole


@final
@dataclass(frozen=True, slots=True, eq=False)
class WindowAxes:
    """The centre of the features of windows, (channel,), and the whitened axes, (channel, DIMENSIONS)."""

    centre: Float32Vector
    directions: Float32Matrix

    def project_features(self, features: FeatureMatrix) -> Float32Matrix:
        """Features along the axes, as rows of length 1; a row of zeros stays zeros."""
        units = _unit_rows(features.astype(np.float32))
        return _unit_rows((units - self.centre) @ self.directions * units.any(axis=1, keepdims=True))

    def project_directions(self, vectors: Float32Matrix) -> Float32Matrix:
        """Directions of the space, such as meanings of texts: the centre is not subtracted from them."""
        return _unit_rows(vectors @ self.directions)

    def to_array(self) -> npt.NDArray[np.float16]:
        """Both in one array, (1 + DIMENSIONS, channel): the centre first."""
        return np.vstack([self.centre[None], self.directions.T]).astype(np.float16)

    @classmethod
    def from_array(cls, rows: npt.NDArray[np.float16]) -> WindowAxes:
        """The inverse of `to_array`."""
        return cls(rows[0].astype(np.float32), np.ascontiguousarray(rows[1:].T.astype(np.float32)))


def learn_axes(features: Float32Matrix, turns: Float32Matrix) -> WindowAxes:
    """The axes of these features of windows, one in a row; there must be more than DIMENSIONS of them.

    `turns`: an orthonormal matrix (DIMENSIONS, DIMENSIONS). The whitened axes are turned by it, so that all
    numbers vary alike: the levels are the same for all of them.
    """
    units = _unit_rows(features)
    centre = units.mean(axis=0, dtype=np.float64)
    variances, axes = np.linalg.eigh(np.cov((units - centre).T))
    kept = np.argsort(variances)[::-1][:DIMENSIONS]
    whitened = axes[:, kept] * np.maximum(variances[kept], 1e-12) ** -WHITENING
    return WindowAxes(centre.astype(np.float32), (whitened @ turns).astype(np.float32))


def pool_windows(maps: Float32Array) -> Float32Array:
    """The mean of each window, (picture, window, channel), of maps (picture, channel, row, column).

    A cell that a window covers in part counts by the share that it covers.
    """
    rows, columns = maps.shape[2:]
    down = [_cell_shares(window.top, window.height, rows) for window in WINDOWS]
    across = [_cell_shares(window.left, window.width, columns) for window in WINDOWS]
    shares = np.stack([np.outer(*sides).ravel() for sides in zip(down, across, strict=True)])
    return shares.astype(np.float32) @ maps.reshape(*maps.shape[:2], -1).transpose(0, 2, 1)


def encode_windows(rows: Float32Matrix) -> npt.NDArray[np.uint8]:
    """Unit rows along the axes as codes of CODE_BYTES: four numbers a byte, the first in the lowest bits."""
    levels = np.searchsorted(STEPS, rows / np.float32(DEVIATION), side="right").astype(np.uint8)
    quarters = levels.reshape(*levels.shape[:-1], CODE_BYTES, 4)
    codes: npt.NDArray[np.uint8] = (quarters << np.array([0, 2, 4, 6], np.uint8)).sum(axis=-1, dtype=np.uint8)
    return codes


# The four levels that each value of a byte stands for: (256, 4).
_LEVELS_OF_BYTE: Final = LEVELS[np.arange(256)[:, None] >> np.array([0, 2, 4, 6]) & 3]
_SQUARES_OF_BYTE: Final = np.square(_LEVELS_OF_BYTE).sum(axis=1)


def score_windows(codes: Codes, query: Float32Vector) -> Float32Matrix:
    """The cosines of a unit row along the axes with each window, (image, window)."""
    products = query.reshape(CODE_BYTES, 4) @ _LEVELS_OF_BYTE.T  # of each byte of a code, by its value
    scores = np.empty(codes.shape[:2], np.float32)
    for start in range(0, len(codes), _BLOCK):
        block = codes[start : start + _BLOCK]
        lengths = np.sqrt(_SQUARES_OF_BYTE[block].sum(axis=2))
        scores[start : start + _BLOCK] = products[np.arange(CODE_BYTES), block].sum(axis=2) / lengths
    return scores


def place_window(window: int, frame: Region) -> Region:
    """Where a window lies in the picture; `frame` is the part of the picture that the map covers."""
    return frame.place_box(WINDOWS[window])


def _cell_shares(start: float, side: float, count: int) -> npt.NDArray[np.float64]:
    """The weight of each of `count` cells in the mean over a stretch of a side; the weights sum to 1."""
    cells = np.arange(count)
    first, last = start * count, (start + side) * count
    covered = np.clip(np.minimum(last, cells + 1) - np.maximum(first, cells), 0, None)
    shares: npt.NDArray[np.float64] = covered / covered.sum()
    return shares


def _unit_rows(rows: npt.NDArray[np.floating]) -> Float32Matrix:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    units: Float32Matrix = (rows / np.where(lengths > 1e-12, lengths, 1)).astype(np.float32)
    return units
