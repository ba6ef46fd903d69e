"""Narrowing: the labels that a picture most probably has, and the images that may have one of them. Pure.

The labels decide which images a picture is compared with; its features then order these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import BoolVector, Int64Ids, Int64Vector

MASS = 0.9  # `python -m benchmarks narrowing` tells what other masses gain and cost


def select_likely_labels(
    labels: Iterable[tuple[str, float]], categories: Iterable[tuple[str, float]] = (), mass: float = MASS
) -> tuple[str, ...]:
    """The fewest labels, by falling confidence, whose confidences add up to `mass`; equal ones by name.

    All labels together may not reach it, because the rest belongs to labels that were not predicted. Then it
    is the first category that has at least `mass`; `categories` come from the most specific to the most
    general. Empty where none has as much.
    """
    by_confidence = sorted(labels, key=lambda pair: (-pair[1], pair[0]))
    sums = np.cumsum([confidence for _, confidence in by_confidence]).round(
        6
    )  # so that 0.3 + 0.4 reaches 0.7
    enough = int(np.searchsorted(sums, mass)) + 1
    if enough <= len(by_confidence):
        return tuple(label for label, _ in by_confidence[:enough])
    return tuple(category for category, confidence in categories if confidence >= mass)[:1]


@dataclass(frozen=True, slots=True, eq=False)
class LabelTable:
    """What every image shows, in lower case: a row for each label or category that is stated or predicted.

    `images` are all ids, in rising order. For each row, `rows` is the index of its image in `images`, `codes`
    the index of its label in `labels`, and `predicted` whether a classifier predicted it.
    """

    images: Int64Ids
    labels: tuple[str, ...]
    rows: Int64Vector
    codes: Int64Vector
    predicted: BoolVector

    def find_candidates(self, labels: Sequence[str]) -> Int64Ids | None:
        """The ids, rising, of the images that may show one of these labels.

        An image may show a label that is predicted for it, or of which one of the comma-separated names is
        stated. An image without predictions may show anything: none is lost because a label is missing.
        None, which stands for all images, where `labels` is empty; see `select_likely_labels`.
        """
        if not labels:
            return None
        predictable = {label.casefold() for label in labels}
        names = predictable.union(*(label.split(", ") for label in predictable))
        is_match = np.where(
            self.predicted, self._rows_with_labels(predictable), self._rows_with_labels(names)
        )
        kept = np.ones(len(self.images), bool)
        kept[self.rows[self.predicted]] = False
        kept[self.rows[is_match]] = True
        return self.images[kept]

    def _rows_with_labels(self, labels: Iterable[str]) -> BoolVector:
        """For each row, whether its label is one of these."""
        chosen = set(labels)
        is_chosen = np.array([label in chosen for label in self.labels], bool)
        return is_chosen[self.codes] if len(self.codes) else np.zeros(0, bool)
