"""Narrowing: the labels that a picture most probably has, and the images that may have one of them. Pure.

What a picture shows narrows what it is compared with; what it looks like then orders it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .arrays import Int64Ids

MASS = 0.9  # `python -m benchmarks narrowing` tells what other masses gain and cost


def select_likely_labels(labels: Iterable[tuple[str, float]], mass: float = MASS) -> tuple[str, ...]:
    """The fewest labels, by falling confidence, whose confidences add up to `mass`; equal ones by name.

    None where all of them do not reach it: what is left of the mass lies with labels that nobody named.
    """
    first = sorted(labels, key=lambda each: (-each[1], each[0]))
    sums = np.cumsum([confidence for _, confidence in first]).round(6)  # so that 0.3 + 0.4 reaches 0.7
    enough = int(np.searchsorted(sums, mass)) + 1
    return tuple(label for label, _ in first[:enough]) if enough <= len(first) else ()


@dataclass(frozen=True, slots=True, eq=False)
class LabelTable:
    """What is known of every image: a row for each label, in lower case, that it is given or predicted.

    `images`: all ids, in rising order. `rows`: the place in `images` that a row is about; `codes`: the
    place in `labels` of what it says. `predicted`: of each row, whether a classifier said it.
    """

    images: Int64Ids
    labels: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.bool_]

    def find_candidates(self, asked: Sequence[str]) -> Int64Ids | None:
        """The ids, rising, of the images that may show one of these labels, as `likeliest` gives them.

        An image may where one of them is predicted for it, or one of their comma-separated names is given.
        So may every image for which nothing is predicted: it is never lost for want of a label.
        None, which stands for all images, where no label is asked for.
        """
        if not asked:
            return None
        whole = {label.casefold() for label in asked}
        names = whole.union(*(label.split(", ") for label in whole))
        meets = np.where(self.predicted, self._rows_with_labels(whole), self._rows_with_labels(names))
        kept = np.ones(len(self.images), bool)
        kept[self.rows[self.predicted]] = False
        kept[self.rows[meets]] = True
        return self.images[kept]

    def _rows_with_labels(self, labels: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Of each row, whether it says one of these."""
        wanted = set(labels)
        said = np.array([label in wanted for label in self.labels], bool)
        return said[self.codes] if len(self.codes) else np.zeros(0, bool)
