"""The subject descriptor: what a picture shows, as the pooled feature of a timm backbone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, final

from ..errors import BackboneUnavailable
from ..images import RGB
from ..settings import Settings
from .base import AbstractDescriptor, Float32, unit_rows
from .labels import Head, Name, Prediction, named
from .preprocessing import Preprocessing
from .runtimes.pytorch import TorchRuntime, label_names


@final
class Subject(AbstractDescriptor):
    """A backbone with the weights that its space names; they are loaded when first needed."""

    name = "subject"
    bandwidth = 1.0

    def __init__(self, configuration: Mapping[str, Any], backbones: Path, settings: Settings) -> None:
        """`configuration` as the space keeps it; `backbones`: the folder with weights by SHA-256."""
        self._configuration = dict(configuration)
        self._weights = weights_path(backbones, configuration["weights_sha256"])
        self._settings = settings
        self._preprocessing = Preprocessing.from_json(configuration)
        self._head = Head.from_json(configuration) if settings.predicted_labels else None

    @property
    def configuration(self) -> Mapping[str, Any]:
        return self._configuration

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return int(self._configuration["dimension"])

    def describe(self, pictures: Sequence[RGB]) -> Float32:
        return unit_rows(self._pooled(pictures))

    def describe_and_predict(self, pictures: Sequence[RGB]) -> tuple[Float32, list[tuple[Prediction, ...]]]:
        """The features, and from the same pass the labels of each picture, the most confident first.

        There are none where the weights have no classifier, or the settings do not want any.
        """
        pooled, classifier = self._pooled(pictures), self._runtime.classifier
        guesses = classifier.predict(pooled) if classifier else [()] * len(pictures)
        return unit_rows(pooled), [named(each, self._names) if each else () for each in guesses]

    def _pooled(self, pictures: Sequence[RGB]) -> Float32:
        return self._runtime.forward(self._preprocessing.batch(pictures))

    @cached_property
    def _names(self) -> tuple[Name, ...]:
        return label_names(self._configuration["labels"])

    @cached_property
    def _runtime(self) -> TorchRuntime:
        backbone = self._configuration["backbone"]
        weights = verified_weights(backbone, self._weights, self._configuration["weights_sha256"])
        return TorchRuntime(
            backbone,
            weights,
            self._weights,
            head=self._head,
            dimension=self.dimension,
            size=self._preprocessing.size,
            device=self._settings.device,
            precision=self._settings.precision,
        )


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
