"""A backbone as it is brought into a library: its weights, and how pictures are prepared for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from .labels import Head
from .preprocessing import Preprocessing


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """A timm CNN by name, the bytes of a safetensors file, and the length of its pooled feature.

    `trained` is False for seeded random weights; `head` is None where the weights hold no classifier that
    labels could be predicted with.
    """

    name: str
    weights: bytes
    preprocessing: Preprocessing
    dimension: int
    trained: bool
    head: Head | None = None

    def configuration(self) -> dict[str, Any]:
        """What the subject space of a library keeps of it, as JSON values."""
        return {
            "backbone": self.name,
            "weights_sha256": hashlib.sha256(self.weights).hexdigest(),
            "trained": self.trained,
            "dimension": self.dimension,
            **self.preprocessing.as_json(),
            **(self.head.as_json() if self.head else {}),
        }
