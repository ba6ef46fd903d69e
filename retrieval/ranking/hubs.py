"""Hubs: pictures that are near to texts of all kinds, and would be among the first of too many answers. Pure.

How near a picture is to texts in general is the mean of its best scores with many texts. Its score with the
text of a query is lessened by a share of that, compared with the other pictures of the library: this is the
picture's half of cross-domain similarity local scaling (Conneau et al., "Word translation without parallel
data", ICLR 2018; with pictures: Bogolin et al., "Cross modal retrieval with querybank normalisation", CVPR
2022).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np

from .arrays import Float32Matrix, Float32Vector

BEST = 20  # scores of a picture that count
SHARE = 0.75  # of a picture's excess that is taken off
HUBS_VERSION = f"hubs 1, the best {BEST} of the texts"
_BLOCK = 1024  # rows compared at a time, which limits memory


@final
@dataclass(frozen=True, slots=True, eq=False)
class Hubs:
    """Texts as rows of a library, (text, number), and the mean of their best scores over its pictures."""

    texts: Float32Matrix
    mean: float

    @classmethod
    def from_rows(cls, texts: Float32Matrix, blocks: Iterable[Float32Matrix]) -> Hubs:
        """The hubs of a library whose pictures come as blocks of rows."""
        best = [_mean_best(rows, texts) for rows in blocks]
        return cls(texts, float(np.concatenate(best).mean(dtype=np.float64)) if best else 0.0)

    def measure_excess(self, rows: Float32Matrix) -> Float32Vector:
        """How much nearer each row is to texts than the pictures of the library are on average."""
        return _mean_best(rows, self.texts) - np.float32(self.mean)


def _mean_best(rows: Float32Matrix, texts: Float32Matrix) -> Float32Vector:
    count = min(BEST, len(texts))
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _BLOCK):
        scores = rows[start : start + _BLOCK] @ texts.T
        found[start : start + _BLOCK] = np.partition(scores, -count, axis=1)[:, -count:].mean(axis=1)
    return found
