"""Salience: which boxes of a picture most probably hold a thing of their own. Pure.

A backbone answers to things more than to what lies around them: the features of their cells are longer. A box
is salient where its cells are longer on average than those around it. Source of the observation: Wei, Luo, Wu
and Zhou, "Selective convolutional descriptor aggregation for fine-grained image retrieval", TIP 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ..query.values import Region
from .arrays import Float32Array, Float32Matrix

SIDES: Final = (1 / 3, 1 / 2, 2 / 3)  # of a box, as shares of the sides of the map
MOST_OVERLAP: Final = 0.25  # of two boxes: their intersection over their union
LEAST_CONTRAST: Final = 0.02  # of a box, relative to the mean length: less is no thing, but noise


def find_salient_boxes(feature_map: Float32Array, count: int) -> list[Region]:
    """At most `count` boxes of a map (channel, row, column), as shares of it, the most salient first.

    The salience of a box is the mean length of its cells minus that of the others, times the root of its
    area: among boxes with the same contrast the larger one holds more of a thing. Boxes that overlap more
    than MOST_OVERLAP are one; ties go to the upper left.
    """
    lengths: Float32Matrix = np.linalg.norm(feature_map, axis=0)
    boxes = list(_list_boxes(*lengths.shape))
    salience = np.array([_contrast(lengths, box) for box in boxes])
    salience /= max(float(lengths.mean()), 1e-12)
    chosen: list[Region] = []
    for place in np.argsort(-salience, kind="stable").tolist():
        box = _share_of_map(boxes[place], lengths.shape)
        if len(chosen) == count or salience[place] < LEAST_CONTRAST:
            break
        if all(measure_overlap(box, other) <= MOST_OVERLAP for other in chosen):
            chosen.append(box)
    return chosen


def measure_overlap(one: Region, other: Region) -> float:
    """The intersection of two boxes over their union, from 0 to 1."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / (one.width * one.height + other.width * other.height - shared)


_Box = tuple[int, int, int, int]  # top, left, rows, columns


def _list_boxes(rows: int, columns: int) -> Iterator[_Box]:
    """Boxes with sides of SIDES, neither of which is a whole side of the map; from the upper left on."""
    heights = sorted({round(share * rows) for share in SIDES} & set(range(1, rows)))
    widths = sorted({round(share * columns) for share in SIDES} & set(range(1, columns)))
    for height in heights:
        for width in widths:
            if max(height / rows, width / columns) <= 2 * min(height / rows, width / columns):
                for top in range(rows - height + 1):
                    for left in range(columns - width + 1):
                        yield top, left, height, width


def _contrast(lengths: Float32Matrix, box: _Box) -> float:
    top, left, height, width = box
    inner = lengths[top : top + height, left : left + width]
    others = (lengths.sum() - inner.sum()) / (lengths.size - inner.size)
    return float((inner.mean() - others) * np.sqrt(inner.size / lengths.size))


def _share_of_map(box: _Box, shape: tuple[int, ...]) -> Region:
    top, left, height, width = box
    return Region(left / shape[1], top / shape[0], width / shape[1], height / shape[0])
