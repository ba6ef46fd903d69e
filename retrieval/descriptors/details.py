"""The details descriptor: keypoints, by which the same picture is known again; the only home of OpenCV."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any, final

import numpy as np
import numpy.typing as npt

from ..pictures.images import RGB
from ..ranking.keypoints import NONE, SIDE, Keypoints, levels, to_blob
from ..signals import DETAILS
from .base import check_version, fingerprint_of

VERSION = 1  # raise it when a picture's keypoints change
MAX_KEYPOINTS = 250  # keypoints a picture: about 9 kB
MAX_CANDIDATES = 600  # of which KEPT are chosen; describing more would only take time
CONTRAST = 0.02  # half of SIFT's usual threshold: photographs of fog and sky have keypoints too
GRID = 4  # cells along each side, among which the kept ones are spread
MIN_SIDE = 16  # pixels: what is narrower holds no keypoint, and SIFT's filters do not fit into it


@final
class Details:
    """SIFT keypoints on the grey picture with a long side of 256 pixels, spread over the whole of it.

    Unlike other descriptors it gives blobs of different lengths, which are compared by
    `retrieval.ranking.verification`, and not by inner products: its space has no dimension.
    """

    name = DETAILS
    dimension = 0

    def __init__(self, configuration: Mapping[str, Any] = MappingProxyType({"version": VERSION})) -> None:
        """Raises UnknownDescriptor for a space that another version of this code described."""
        check_version(self.name, configuration, VERSION)

    @property
    def configuration(self) -> Mapping[str, Any]:
        return {"version": VERSION}

    @property
    def fingerprint(self) -> str:
        """Tells this space from every other, as the fingerprints of other descriptors do."""
        return fingerprint_of(self.name, self.dimension, self.configuration)

    def describe(self, pictures: Sequence[RGB]) -> list[bytes]:
        """The keypoints of each picture, in order, as they are stored; b"" for a picture that has none."""
        _import_cv2()  # loaded before there are threads
        with ThreadPoolExecutor(min(len(pictures), os.cpu_count() or 1) or 1, "details") as pool:
            return [to_blob(each) for each in pool.map(find_keypoints, pictures)]


def find_keypoints(picture: RGB) -> Keypoints:
    """The keypoints of one picture: at most KEPT, spread over it; the same picture gives the same ones."""
    grey = _reduce_to_grey(picture)
    if min(grey.shape) < MIN_SIDE:
        return NONE
    sift = _import_cv2().SIFT_create(nfeatures=MAX_CANDIDATES, contrastThreshold=CONTRAST)
    found, histograms = sift.detectAndCompute(grey, None)
    if not found:
        return NONE
    rows = np.array([(*each.pt, each.size, each.angle, each.response) for each in found], np.float32)
    kept = select_keypoints(rows[:, :2], rows[:, 4], grey.shape)
    height, width = grey.shape
    angles = np.deg2rad(rows[kept, 3])
    return Keypoints(width, height, rows[kept, :2], rows[kept, 2], angles, levels(histograms[kept]))


def select_keypoints(
    places: npt.NDArray[np.float32], strengths: npt.NDArray[np.float32], shape: tuple[int, ...]
) -> npt.NDArray[np.int64]:
    """Which KEPT keypoints to keep: the strongest of each cell of a GRID × GRID, then the second, and so on.

    Within one round the stronger come first, and equal ones in the order given.
    """
    columns, rows = (places.T * GRID // np.array([[shape[1]], [shape[0]]])).clip(0, GRID - 1)
    cells = columns + GRID * rows
    order = np.lexsort((-strengths, cells))
    first = np.searchsorted(cells[order], cells[order])
    rounds = np.empty(len(order), np.int64)
    rounds[order] = np.arange(len(order)) - first
    return np.lexsort((-strengths, rounds))[:MAX_KEYPOINTS]


def _reduce_to_grey(picture: RGB) -> npt.NDArray[np.uint8]:
    """Grey, its long side SIDE pixels; small ones are enlarged, or crops would be poorer than originals."""
    cv2 = _import_cv2()
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    reduced: npt.NDArray[np.uint8] = cv2.resize(grey, size, interpolation=method)
    return reduced


@cache
def _import_cv2() -> ModuleType:
    import cv2  # takes a while, and a query without a picture does not need it

    cv2.setNumThreads(1)  # the threads are ours: `describe` makes them
    cv2.ocl.setUseOpenCL(False)
    return cv2
