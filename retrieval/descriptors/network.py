"""A backbone at work: one pass over a batch serves every descriptor that draws on it."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import BackboneUnavailable
from ..pictures.images import RGB
from ..query.values import Region
from ..settings import Settings
from .backbone import TOWER
from .base import AbstractDescriptor, Float32
from .labels import Classifier, Head, Name
from .preprocessing import Preprocessing
from .runtimes.base import Runtime
from .runtimes.choice import chosen
from .runtimes.weights import Weights, read_classifier

Key: TypeAlias = tuple[str, str, Preprocessing]


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """What a backbone gave for a batch: its pooled features (picture, dimension), not normalised, and by
    stage, counted from 0, what its inside looked like (picture, channel, row, column)."""

    pooled: Float32
    stages: Mapping[int, Float32]


class Network:
    """A backbone with the weights that a space's configuration names; they are loaded when first needed."""

    def __init__(self, configuration: Mapping[str, Any], backbones: Path, settings: Settings) -> None:
        """`configuration` as the space keeps it; `backbones`: the folder with weights by SHA-256."""
        self._backbone: str = configuration["backbone"]
        self._sha256: str = configuration["weights_sha256"]
        self._backbones, self._settings = backbones, settings
        # Only a classifier and a projection need it, and only a subject's configuration has those.
        self._dimension = int(configuration.get("dimension", 0))
        self._projected = TOWER in configuration
        self._preprocessing = Preprocessing.from_json(configuration)
        self._head = Head.from_json(configuration)

    @property
    def key(self) -> Key:
        """Networks with the same key give the same pass."""
        return self._backbone, self._sha256, self._preprocessing

    def look(self, pictures: Sequence[RGB], stages: Collection[int] = ()) -> Pass:
        """One pass over the pictures that keeps these stages; raises BackboneUnavailable."""
        return Pass(*self._runtime.look(self._preprocessing.batch(pictures), sorted(stages)))

    def heat(self, picture: RGB) -> tuple[Float32, Float32, Region]:
        """The pooled feature of a picture, the map (channel, row, column) that it was pooled from, and the
        part of the picture that the map covers; raises BackboneUnavailable where there is no such map."""
        [pooled], [last] = self._runtime.last_map(self._preprocessing.batch([picture]))
        return pooled, last, self._preprocessing.frame(picture)

    @cached_property
    def classifier(self) -> Classifier | None:
        """What labels pooled features; None where the weights have none, or the settings want none."""
        if not self._head or not self._settings.predicted_labels:
            return None
        weights, names = self._weights(), self._runtime.classifier
        return read_classifier(self._backbone, weights.path, weights.data, names, self._head, self._dimension)

    @property
    def label_names(self) -> Sequence[Name]:
        """What the classes are called, in the order of their index; none for weights without a classifier."""
        return self._runtime.label_names

    @property
    def runtime(self) -> str:
        """What computes the features, and in which arithmetic: "onnx float32"; it is loaded for that."""
        return self._runtime.name

    @cached_property
    def _runtime(self) -> Runtime:
        return chosen(self._weights(), self._backbones, self._settings)

    def _weights(self) -> Weights:
        path = weights_path(self._backbones, self._sha256)
        return Weights(
            self._backbone,
            verified_weights(self._backbone, path, self._sha256),
            path,
            size=self._preprocessing.size,
            projection=self._dimension if self._projected else 0,
            labels=self._head.labels if self._head else "",
        )


class AbstractNetworkDescriptor(AbstractDescriptor):
    """A descriptor that draws on a backbone: on its pooled features, or on some of its stages."""

    network: Network
    stages: tuple[int, ...] = ()

    def describe(self, pictures: Sequence[RGB]) -> Float32:
        return self.features(self.network.look(pictures, self.stages))

    @abstractmethod
    def features(self, seen: Pass) -> Float32:
        """What `describe` gives, from a pass over the pictures that kept `stages`."""


def weights_path(backbones: Path, sha256: str) -> Path:
    """Where a library keeps the weights with this checksum."""
    return backbones / f"{sha256}.safetensors"


def verified_weights(backbone: str, path: Path, sha256: str) -> bytes:
    """The bytes of the weights; raises BackboneUnavailable unless their checksum is this one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackboneUnavailable(backbone, f"{path}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BackboneUnavailable(backbone, f"{path}: its checksum is not the one in the catalog")
    return data
