"""What every descriptor promises: pictures in, features of unit length out."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import UnknownDescriptor
from ..pictures.images import RGB

Float32 = npt.NDArray[np.float32]


class AbstractDescriptor(ABC):
    """Turns pictures into features that are compared by inner product.

    `name` is the signal it feeds. `configuration` holds everything that the features depend on,
    as JSON values; `dimension` is the length of a feature. `bandwidth` is by how much a cosine must fall
    for its closeness to fall by the factor e (see ranking/fusion.py): small where only near-equal features
    mean anything.
    """

    name: str
    dimension: int
    bandwidth: float

    @property
    @abstractmethod
    def configuration(self) -> Mapping[str, Any]:
        """Everything that decides what the features are, except the code's own version."""

    @abstractmethod
    def describe(self, pictures: Sequence[RGB]) -> Float32:
        """One feature of unit length for each picture, in order: (picture, dimension).

        A picture's feature does not depend on its neighbours in the batch. A picture that gives no
        finite direction gets a row of zeros.
        """

    @property
    def fingerprint(self) -> str:
        """Tells this space from every other: two equal fingerprints mean comparable features."""
        return fingerprint_of(self.name, self.dimension, self.configuration)


def fingerprint_of(name: str, dimension: int, configuration: Mapping[str, Any]) -> str:
    """The fingerprint of a space, from all that decides what its features are."""
    facts = {"descriptor": name, "dimension": dimension, **configuration}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def check_version(name: str, configuration: Mapping[str, Any], version: int) -> None:
    """Raise UnknownDescriptor for a space that another version of a descriptor's code described."""
    found = configuration.get("version")
    if found != version:
        raise UnknownDescriptor(f"{name}, version {found}", [f"{name}, version {version}"])


def unit_rows(features: npt.NDArray[Any]) -> Float32:
    """Rows scaled to Euclidean length 1; a row that is zero or not finite becomes zeros."""
    # Rows in one piece are summed in one order, whatever the number of rows.
    rows = np.ascontiguousarray(features, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    sound = np.isfinite(lengths) & (lengths > 1e-12)
    return np.where(sound, rows / np.where(sound, lengths, 1.0), 0.0).astype(np.float32)
