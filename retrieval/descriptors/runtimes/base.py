"""What every runtime promises: it takes a batch, and gives what the backbone computes from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np

from ...ranking.arrays import Float32Array, Float32Matrix
from ..base import unit_rows
from ..labels import ClassName

LAST_STAGE: Final = -1  # in the place of a stage's number: the map that the pooled feature is made from


class BackboneOutput(NamedTuple):
    """What a backbone computes from a batch in one pass.

    `pooled`: (picture, dimension), not normalised. `stages`: by number, counted from 0, the features inside
    the backbone: (picture, channel, row, column); LAST_STAGE is the last one.
    """

    pooled: Float32Matrix
    stages: Mapping[int, Float32Array]


class Runtime(Protocol):
    """A backbone that can be run, by several threads at once and with batches of any size.

    A batch has the shape (picture, 3, height, width).
    """

    @property
    def name(self) -> str:
        """The library that computes, and its precision; if it was not the first choice, also the reason."""

    @property
    def classifier_tensors(self) -> Sequence[str]:
        """The names of the classifier's tensors in the weights file; the model itself does not use them."""

    @property
    def label_names(self) -> Sequence[ClassName]:
        """The names of the classes, in the order of their index; none for weights without labels."""

    def run_batch(self, batch: Float32Array, stages: Sequence[int] = ()) -> BackboneOutput:
        """The pooled features of a batch, and from the same pass the stages with these numbers."""

    def last_map(self, batch: Float32Array) -> tuple[Float32Matrix, Float32Array]:
        """The pooled features in float32, and the map (picture, channel, row, column) they were pooled from.

        Raises BackboneUnavailable for a backbone whose last map cannot be read.
        """


def comparison_batch(size: int) -> Float32Array:
    """(4, 3, size, size): the batch on which runtimes are compared; three pictures of noise, one smooth."""
    batch = np.random.default_rng(0).standard_normal((4, 3, size, size), np.float32)
    batch[3] = np.linspace(-2, 2, size, dtype=np.float32) * batch[3, :, :1, :1]
    return batch


def least_cosine(left: Float32Array, right: Float32Array) -> float:
    """The least cosine between rows with the same index; axes after the first are flattened.

    Two rows of zeros have the cosine 1.
    """
    left_rows, right_rows = (unit_rows(array.reshape(len(array), -1)) for array in (left, right))
    both_empty = ~left_rows.any(axis=1) & ~right_rows.any(axis=1)
    return float(np.where(both_empty, 1.0, (left_rows * right_rows).sum(axis=1)).min())
