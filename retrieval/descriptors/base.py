"""What every descriptor promises: it takes pictures and gives features of unit length."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import UnknownDescriptor
from ..ranking.arrays import RGB, Float32Matrix


class AbstractDescriptor(ABC):
    """Turns pictures into features that are compared by inner product.

    `name` is the signal that compares its features, an entry of `signals.SIGNALS`.
    """

    name: str

    @property
    @abstractmethod
    def dimension(self) -> int:
        """The length of a feature."""

    @property
    @abstractmethod
    def configuration(self) -> Mapping[str, Any]:
        """Everything that the features depend on, as JSON values. The code is represented by a version."""

    @abstractmethod
    def describe(self, pictures: Sequence[RGB]) -> Float32Matrix:
        """One feature of unit length for each picture, in order: (picture, dimension).

        A picture's feature does not depend on the other pictures of the batch. A feature that is zero or not
        finite cannot be scaled to unit length; it becomes a row of zeros.
        """

    @property
    def fingerprint(self) -> str:
        """Identifies the space: features can be compared if, and only if, their fingerprints are equal."""
        return fingerprint_of(self.name, self.dimension, self.configuration)


def fingerprint_of(name: str, dimension: int, configuration: Mapping[str, Any]) -> str:
    """The fingerprint of a space, made from everything that its features depend on."""
    values = {"descriptor": name, "dimension": dimension, **configuration}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def check_version(name: str, configuration: Mapping[str, Any], version: int) -> None:
    """Raise UnknownDescriptor for a space that was described by another version of a descriptor's code."""
    stored = configuration.get("version")
    if stored != version:
        raise UnknownDescriptor(f"{name}, version {stored}", [f"{name}, version {version}"])


def unit_rows(features: npt.NDArray[Any]) -> Float32Matrix:
    """Rows scaled to Euclidean length 1; a row that is zero or not finite becomes zeros."""
    # Contiguous rows are always summed in the same order, however many rows there are.
    rows = np.ascontiguousarray(features, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    sound = np.isfinite(lengths) & (lengths > 1e-12)
    return np.where(sound, rows / np.where(sound, lengths, 1.0), 0.0).astype(np.float32)
