"""The subject descriptor: what a picture shows, as the pooled feature of a timm backbone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from ..ranking.arrays import RGB, Float32Matrix
from ..signals import SUBJECT
from .base import unit_rows
from .labels import Prediction, name_guesses
from .network import AbstractNetworkDescriptor
from .runtimes.base import BackboneOutput


@final
class Subject(AbstractNetworkDescriptor):
    """The pooled feature of a backbone, scaled to unit length."""

    name = SUBJECT

    @property
    def dimension(self) -> int:
        return int(self.configuration["dimension"])

    def features_from(self, output: BackboneOutput) -> Float32Matrix:
        return unit_rows(output.pooled)

    def describe_and_predict(
        self, pictures: Sequence[RGB]
    ) -> tuple[Float32Matrix, list[tuple[Prediction, ...]]]:
        """The features, and from the same pass the labels of each picture (see `predict_labels`)."""
        output = self.network.run_pictures(pictures)
        return self.features_from(output), self.predict_labels(output)

    def predict_labels(self, output: BackboneOutput) -> list[tuple[Prediction, ...]]:
        """The labels of each picture, the most confident first.

        There are none where the weights hold no classifier or the settings switch labels off.
        """
        classifier = self.network.classifier
        rows = classifier.predict(output.pooled) if classifier else [()] * len(output.pooled)
        return [name_guesses(guesses, self.network.label_names) if guesses else () for guesses in rows]
