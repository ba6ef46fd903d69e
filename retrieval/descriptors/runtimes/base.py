"""What every runtime promises: batches in, what the backbone makes of them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..base import Float32, unit_rows
from ..labels import Name

Batch: TypeAlias = npt.NDArray[np.float32]  # (picture, 3, height, width)
Seen: TypeAlias = tuple[Float32, Mapping[int, Float32]]


class Runtime(Protocol):
    """A backbone that can be run; several threads may do so at once, with batches of any size."""

    @property
    def name(self) -> str:
        """What computes, in which arithmetic, and where that is not what would be chosen first, why."""

    @property
    def classifier(self) -> Sequence[str]:
        """The names of the tensors that the model has no place for: those of the file's classifier."""

    @property
    def label_names(self) -> Sequence[Name]:
        """What the classes are called, in the order of their index; none for weights without labels."""

    def look(self, batch: Batch, stages: Sequence[int] = ()) -> Seen:
        """(picture, dimension), rows as the network gives them, and from the same pass these stages, by
        number: (picture, channel, row, column)."""

    def last_map(self, batch: Batch) -> tuple[Float32, Float32]:
        """The pooled features in float32, and what they were pooled from: (picture, channel, row, column).

        Raises BackboneUnavailable for a backbone that does not show its last map.
        """


def probe(size: int) -> Batch:
    """The same four inputs each time: three of noise, and a smooth one."""
    random = np.random.default_rng(0).standard_normal((4, 3, size, size), np.float32)
    random[3] = np.linspace(-2, 2, size, dtype=np.float32) * random[3, :, :1, :1]
    return random


def agreement(one: Float32, other: Float32) -> float:
    """The least cosine between equal rows, all further axes taken together; two rows of zeros agree."""
    left, right = (unit_rows(each.reshape(len(each), -1)) for each in (one, other))
    empty = ~left.any(axis=1) & ~right.any(axis=1)
    return float(np.where(empty, 1.0, (left * right).sum(axis=1)).min())
