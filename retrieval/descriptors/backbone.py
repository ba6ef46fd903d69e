"""A backbone as it is brought into a library: its weights, and how pictures are prepared for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .labels import Head
from .preprocessing import Preprocessing

TOWER = "text_tower"  # what a space's configuration calls it


@dataclass(frozen=True, slots=True)
class Stage:
    """A place inside a backbone by its number, counted from 0, and how many channels it has there."""

    number: int
    channels: int


@dataclass(frozen=True, slots=True, eq=False)
class Tower:
    """The text tower of a CLIP-family backbone: open_clip's words for how it is built (`embed_dim`,
    `quick_gelu`, `text_cfg`), as JSON values, and the bytes of a safetensors file."""

    architecture: Mapping[str, Any]
    weights: bytes

    @property
    def dimension(self) -> int:
        """The length of its vectors, and of the features that they are compared with."""
        return int(self.architecture["embed_dim"])

    @property
    def sha256(self) -> str:
        """The checksum of the weights."""
        return hashlib.sha256(self.weights).hexdigest()

    def configuration(self) -> dict[str, Any]:
        """What the subject space of a library keeps of it, as JSON values."""
        return {"weights_sha256": self.sha256, "architecture": dict(self.architecture)}


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """A timm CNN by name, the bytes of a safetensors file, and the length of its pooled feature.

    `trained` is False for seeded random weights; `head` is None where the weights hold no classifier that
    labels could be predicted with. `stages` are those at about an eighth and a sixteenth of the picture's
    size, or none where the backbone does not show its inside. With a `tower` the feature is the projected one
    that texts are compared with.
    """

    name: str
    weights: bytes
    preprocessing: Preprocessing
    dimension: int
    trained: bool
    head: Head | None = None
    stages: tuple[Stage, ...] = ()
    tower: Tower | None = None

    def configuration(self) -> dict[str, Any]:
        """What the subject space of a library keeps of it, as JSON values."""
        return {
            "backbone": self.name,
            "weights_sha256": self.sha256,
            "trained": self.trained,
            "dimension": self.dimension,
            **self.preprocessing.as_json(),
            **(self.head.as_json() if self.head else {}),
            **({TOWER: self.tower.configuration()} if self.tower else {}),
        }

    def inside(self, stages: Sequence[Stage], version: int) -> dict[str, Any]:
        """What a space keeps that some of the stages are described in, as JSON values."""
        return {
            "version": version,
            "backbone": self.name,
            "weights_sha256": self.sha256,
            "stages": [each.number for each in stages],
            "channels": [each.channels for each in stages],
            **self.preprocessing.as_json(),
        }

    @property
    def sha256(self) -> str:
        """The checksum of the weights."""
        return hashlib.sha256(self.weights).hexdigest()
