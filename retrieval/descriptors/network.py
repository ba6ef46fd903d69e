"""A backbone that runs: one pass over a batch serves all descriptors whose features are made from it."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, final

from ..errors import BackboneUnavailable
from ..query.values import Region
from ..ranking.arrays import RGB, Float32Array, Float32Matrix, Float32Vector
from ..settings import Settings
from .backbone import TOWER_KEY
from .base import AbstractDescriptor, check_version
from .labels import Classifier, ClassifierSettings, ClassName
from .preprocessing import Preprocessing
from .runtimes.base import BackboneOutput, Runtime
from .runtimes.choice import choose_runtime
from .runtimes.weights import Weights, read_classifier
from .shared_passes import SharedPasses

NetworkKey: TypeAlias = tuple[str, str, Preprocessing]


@final
class Network:
    """A backbone with the weights that a space's configuration names; they are loaded when first needed."""

    def __init__(self, configuration: Mapping[str, Any], backbones: Path, settings: Settings) -> None:
        """`configuration` as the space stores it; `backbones`: the folder of weights, named by SHA-256."""
        self._backbone: str = configuration["backbone"]
        self._sha256: str = configuration["weights_sha256"]
        self._backbones, self._settings = backbones, settings
        # Only a classifier and a projection need the dimension, and only a subject's configuration has these.
        self._dimension = int(configuration.get("dimension", 0))
        self._is_projected = TOWER_KEY in configuration
        self._preprocessing = Preprocessing.from_json(configuration)
        self._head = ClassifierSettings.from_json(configuration)
        self._passes = SharedPasses(lambda batch, stages: self._runtime.run_batch(batch, stages))

    @property
    def key(self) -> NetworkKey:
        """Networks with equal keys give the same output for a batch."""
        return self._backbone, self._sha256, self._preprocessing

    @property
    def weights_sha256(self) -> str:
        """The checksum of the weights."""
        return self._sha256

    def run_pictures(self, pictures: Sequence[RGB], stages: Collection[int] = ()) -> BackboneOutput:
        """One pass over the pictures, with the stages of these numbers; raises BackboneUnavailable.

        Pictures of other threads may share the pass.
        """
        return self._passes.run_batch(self._preprocessing.prepare_batch(pictures), sorted(stages))

    def last_map(self, picture: RGB) -> tuple[Float32Vector, Float32Array, Region]:
        """The pooled feature of a picture, and the map (channel, row, column) it was pooled from.

        The third value is the part of the picture that the map covers. Raises BackboneUnavailable where there
        is no such map.
        """
        [pooled], [last] = self._runtime.last_map(self._preprocessing.prepare_batch([picture]))
        return pooled, last, self._preprocessing.visible_region(picture)

    @cached_property
    def classifier(self) -> Classifier | None:
        """Predicts labels from pooled features.

        None where the weights hold no classifier or the settings switch labels off.
        """
        if not self._head or not self._settings.predicted_labels:
            return None
        weights, names = self._load_weights(), self._runtime.classifier_tensors
        return read_classifier(self._backbone, weights.path, weights.data, names, self._head, self._dimension)

    @property
    def label_names(self) -> Sequence[ClassName]:
        """The names of the classes, in the order of their index; none for weights without a classifier."""
        return self._runtime.label_names

    @property
    def runtime_name(self) -> str:
        """What computes the features, and in which precision, as in "onnx float32". Loads the weights."""
        return self._runtime.name

    @cached_property
    def _runtime(self) -> Runtime:
        return choose_runtime(self._load_weights(), self._backbones, self._settings)

    def _load_weights(self) -> Weights:
        path = weights_path(self._backbones, self._sha256)
        return Weights(
            self._backbone,
            read_stored_file(self._backbone, path, self._sha256),
            path,
            size=self._preprocessing.size,
            projection=self._dimension if self._is_projected else 0,
            labels=self._head.labels if self._head else "",
        )


class AbstractNetworkDescriptor(AbstractDescriptor):
    """A descriptor whose features are made from the output of a backbone.

    `version` is the version of the code that makes them, or None where they depend on the backbone alone.
    `stages` are the numbers of the stages that the descriptor needs.
    """

    version: ClassVar[int | None] = None

    def __init__(self, configuration: Mapping[str, Any], backbones: Path, settings: Settings) -> None:
        """`configuration` as the space stores it; `backbones`: the folder of weights, named by SHA-256.

        Raises UnknownDescriptor for a space that was described by another version of the code.
        """
        if self.version is not None:
            check_version(self.name, configuration, self.version)
        self._configuration = dict(configuration)
        self.stages: tuple[int, ...] = tuple(configuration.get("stages", ()))
        self.network = Network(configuration, backbones, settings)

    @property
    def configuration(self) -> Mapping[str, Any]:
        return self._configuration

    def describe(self, pictures: Sequence[RGB]) -> Float32Matrix:
        return self.features_from(self.network.run_pictures(pictures, self.stages))

    @abstractmethod
    def features_from(self, output: BackboneOutput) -> Float32Matrix:
        """The features that `describe` gives, made from an output that holds `stages`."""


def weights_path(backbones: Path, sha256: str) -> Path:
    """Where a library stores the weights with this checksum."""
    return backbones / f"{sha256}.safetensors"


def read_stored_file(backbone: str, path: Path, sha256: str) -> bytes:
    """The bytes of a file that belongs to a backbone; raises BackboneUnavailable for another checksum."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackboneUnavailable(backbone, f"{path}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BackboneUnavailable(backbone, f"{path}: its checksum is not the one in the catalog")
    return data
