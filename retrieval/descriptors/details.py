"""The details descriptor: keypoints, by which copies of a picture are recognised."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any, final

import numpy as np
import numpy.typing as npt

from ..ranking.arrays import RGB, Float32Matrix, Float32Vector, Int64Vector
from ..ranking.keypoints import NO_KEYPOINTS, SIDE, Keypoints, encode_keypoints, quantize_histograms
from ..signals import DETAILS
from .base import check_version, fingerprint_of

VERSION = 1  # raise it when a picture's keypoints change
MAX_KEYPOINTS = 250  # of one picture: about 9 kB
MAX_CANDIDATES = 600  # among which MAX_KEYPOINTS are selected; more would only take time
CONTRAST = 0.02  # half of SIFT's usual threshold, so that photographs of fog and sky have keypoints, too
GRID = 4  # cells along each side; the selected keypoints are spread over all cells
MIN_SIDE = 16  # pixels: SIFT's filters do not fit into a narrower picture
# A query is described once more, finely, for what is small in it:
FINE_SIDE = 384
MAX_FINE_KEYPOINTS = 600
FINE_GRID = 8


@final
class Details:
    """SIFT keypoints on the grey picture with a long side of 256 pixels, spread over the whole picture.

    Other descriptors give vectors; this one gives blobs of different lengths. They are compared by
    `retrieval.ranking.verification`, not by an inner product, so the dimension of the space is 0.
    """

    name = DETAILS
    dimension = 0

    def __init__(self, configuration: Mapping[str, Any] = MappingProxyType({"version": VERSION})) -> None:
        """Raises UnknownDescriptor for a space that was described by another version of this code."""
        check_version(self.name, configuration, VERSION)

    @property
    def configuration(self) -> Mapping[str, Any]:
        return {"version": VERSION}

    @property
    def fingerprint(self) -> str:
        """Identifies the space, as the fingerprints of other descriptors do."""
        return fingerprint_of(self.name, self.dimension, self.configuration)

    def describe(self, pictures: Sequence[RGB]) -> list[bytes]:
        """The keypoints of each picture, in order, as they are stored; b"" for a picture that has none."""
        _import_cv2()  # before the threads start
        with ThreadPoolExecutor(min(len(pictures), os.cpu_count() or 1) or 1, "details") as pool:
            return [encode_keypoints(keypoints) for keypoints in pool.map(find_keypoints, pictures)]


def find_keypoints(picture: RGB) -> Keypoints:
    """At most MAX_KEYPOINTS keypoints, spread over the picture; the same picture always gives the same."""
    return _detect_keypoints(_reduce_to_grey(picture, SIDE), MAX_CANDIDATES, MAX_KEYPOINTS, GRID)


def find_fine_keypoints(picture: RGB) -> Keypoints:
    """At most MAX_FINE_KEYPOINTS keypoints of the picture with a long side of FINE_SIDE pixels.

    Positions and scales are those in the picture of SIDE pixels, as of `find_keypoints`, but not rounded.
    """
    grey = _reduce_to_grey(picture, FINE_SIDE)
    share = MAX_CANDIDATES / MAX_KEYPOINTS
    found = _detect_keypoints(grey, round(share * MAX_FINE_KEYPOINTS), MAX_FINE_KEYPOINTS, FINE_GRID)
    return found.scale_keypoints(SIDE / FINE_SIDE) if len(found) else found


def _detect_keypoints(grey: npt.NDArray[np.uint8], candidates: int, most: int, grid: int) -> Keypoints:
    """`most` of the `candidates` strongest keypoints, spread over a grid of cells."""
    if min(grey.shape) < MIN_SIDE:
        return NO_KEYPOINTS
    sift = _import_cv2().SIFT_create(nfeatures=candidates, contrastThreshold=CONTRAST)
    points, histograms = sift.detectAndCompute(grey, None)
    if not points:
        return NO_KEYPOINTS
    rows = np.array([(*point.pt, point.size, point.angle, point.response) for point in points], np.float32)
    selected = select_keypoints(rows[:, :2], rows[:, 4], grey.shape, most, grid)
    height, width = grey.shape
    angles = np.deg2rad(rows[selected, 3])
    return Keypoints(
        width,
        height,
        rows[selected, :2],
        rows[selected, 2],
        angles,
        quantize_histograms(histograms[selected]),
    )


def select_keypoints(
    positions: Float32Matrix,
    strengths: Float32Vector,
    shape: tuple[int, ...],
    most: int = MAX_KEYPOINTS,
    grid: int = GRID,
) -> Int64Vector:
    """The indices of the `most` keypoints to keep; `positions`: (keypoint, 2), as (x, y) in pixels.

    The picture is divided into grid × grid cells. The first round takes the strongest keypoint of each cell,
    the second round the second strongest, and so on. Within a round, stronger keypoints come first; equally
    strong ones keep their order.
    """
    columns, rows = (positions.T * grid // np.array([[shape[1]], [shape[0]]])).clip(0, grid - 1)
    cells = columns + grid * rows
    order = np.lexsort((-strengths, cells))
    first = np.searchsorted(cells[order], cells[order])
    rounds = np.empty(len(order), np.int64)
    rounds[order] = np.arange(len(order)) - first
    return np.lexsort((-strengths, rounds))[:most]


def _reduce_to_grey(picture: RGB, side: int) -> npt.NDArray[np.uint8]:
    """The picture in grey, with a long side of `side` pixels.

    Small pictures are enlarged, so that a crop has as many keypoints as the same part of the original.
    """
    cv2 = _import_cv2()
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    reduced: npt.NDArray[np.uint8] = cv2.resize(grey, size, interpolation=method)
    return reduced


@cache
def _import_cv2() -> ModuleType:
    import cv2  # loading it takes long, and a query without a picture does not need it

    cv2.setNumThreads(1)  # `describe` uses threads of its own
    cv2.ocl.setUseOpenCL(False)
    return cv2
