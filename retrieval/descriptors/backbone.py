"""A backbone as it is added to a library: its weights, and how pictures are prepared for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from .labels import ClassifierSettings
from .preprocessing import Preprocessing

TOWER_KEY = "text_tower"  # key in a space's configuration


@final
@dataclass(frozen=True, slots=True)
class Stage:
    """A layer inside a backbone: its number, counted from 0, and how many channels it has."""

    number: int
    channels: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class TowerWeights:
    """The text tower of a CLIP-family backbone.

    `architecture`: how it is built, as JSON values under open_clip's names (`embed_dim`, `quick_gelu`,
    `text_cfg`). `weights`: the bytes of a safetensors file.
    """

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

    def as_json(self) -> dict[str, Any]:
        """What the subject space of a library stores about it, as JSON values."""
        return {"weights_sha256": self.sha256, "architecture": dict(self.architecture)}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """A timm model by name, the bytes of a safetensors file, and the length of its pooled feature.

    `trained` is False for seeded random weights. `head` is None where the weights hold no classifier that
    could predict labels. `stages` are those at about an eighth and a sixteenth of the picture's size; the
    tuple is empty where the stages of the backbone cannot be read. With a `tower`, the feature is the
    projected one, so that it can be compared with texts.
    """

    name: str
    weights: bytes
    preprocessing: Preprocessing
    dimension: int
    trained: bool
    head: ClassifierSettings | None = None
    stages: tuple[Stage, ...] = ()
    tower: TowerWeights | None = None

    def subject_configuration(self) -> dict[str, Any]:
        """The configuration of the subject space of a library, as JSON values."""
        return {
            "backbone": self.name,
            "weights_sha256": self.sha256,
            "trained": self.trained,
            "dimension": self.dimension,
            **self.preprocessing.as_json(),
            **(self.head.as_json() if self.head else {}),
            **({TOWER_KEY: self.tower.as_json()} if self.tower else {}),
        }

    def stage_configuration(self, stages: Sequence[Stage], version: int) -> dict[str, Any]:
        """The configuration of a space whose features are made from these stages, as JSON values."""
        return {
            "version": version,
            "backbone": self.name,
            "weights_sha256": self.sha256,
            "stages": [stage.number for stage in stages],
            "channels": [stage.channels for stage in stages],
            **self.preprocessing.as_json(),
        }

    @property
    def sha256(self) -> str:
        """The checksum of the weights."""
        return hashlib.sha256(self.weights).hexdigest()
