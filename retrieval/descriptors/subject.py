"""The subject descriptor: what a picture shows, as the pooled feature of a timm backbone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from ..pictures.images import RGB
from ..settings import Settings
from .base import Float32, unit_rows
from .labels import Prediction, named
from .network import AbstractNetworkDescriptor, Network, Pass


@final
class Subject(AbstractNetworkDescriptor):
    """A backbone with the weights that its space names; they are loaded when first needed."""

    name = "subject"
    bandwidth = 1.0

    def __init__(self, configuration: Mapping[str, Any], backbones: Path, settings: Settings) -> None:
        """`configuration` as the space keeps it; `backbones`: the folder with weights by SHA-256."""
        self._configuration = dict(configuration)
        self.network = Network(configuration, backbones, settings)

    @property
    def configuration(self) -> Mapping[str, Any]:
        return self._configuration

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return int(self._configuration["dimension"])

    def features(self, seen: Pass) -> Float32:
        return unit_rows(seen.pooled)

    def describe_and_predict(self, pictures: Sequence[RGB]) -> tuple[Float32, list[tuple[Prediction, ...]]]:
        """The features, and from the same pass the labels of each picture; see `predicted`."""
        seen = self.network.look(pictures)
        return self.features(seen), self.predicted(seen)

    def predicted(self, seen: Pass) -> list[tuple[Prediction, ...]]:
        """The labels of each picture, the most confident first.

        There are none where the weights have no classifier, or the settings do not want any.
        """
        classifier = self.network.classifier
        guesses = classifier.predict(seen.pooled) if classifier else [()] * len(seen.pooled)
        return [named(each, self.network.label_names) if each else () for each in guesses]
