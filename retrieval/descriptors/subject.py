"""The subject descriptor: what a picture shows, as the pooled feature of a timm backbone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from ..categories import load_class_names
from ..ranking.arrays import RGB, Float32Matrix, Float32Vector
from ..signals import SUBJECT
from .base import unit_rows
from .labels import Classifier, Prediction, Predictions, choose_categories, choose_classes, name_guesses
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

    def describe_and_predict(self, pictures: Sequence[RGB]) -> tuple[Float32Matrix, list[Predictions]]:
        """The features, and from the same pass what is predicted for each picture (see `predict`)."""
        output = self.network.run_pictures(pictures)
        return self.features_from(output), self.predict(output.pooled)

    def predict(self, pooled: Float32Matrix) -> list[Predictions]:
        """The labels and categories of each picture, from its pooled feature.

        There are none where the weights hold no classifier or the settings switch labels off.
        """
        classifier = self.network.classifier
        if classifier is None:
            return [Predictions()] * len(pooled)
        confidences = classifier.confidences(pooled)
        guesses = [choose_classes(row) for row in confidences]
        names = self.network.label_names if any(guesses) else ()
        labels = (name_guesses(row, names) for row in guesses)
        categories = choose_categories(confidences, classifier.labels)
        return [Predictions(*values) for values in zip(labels, categories, strict=True)]

    def predict_categories(
        self, features: Float32Matrix, labels: Sequence[tuple[str, float]]
    ) -> list[tuple[Prediction, ...]]:
        """The categories of pictures from their stored features, without their pixels.

        `labels`: for each feature the predicted label that was the most confident, as stored. It tells how
        long the pooled feature was before it was scaled to unit length (see `Classifier.find_lengths`).
        """
        classifier = self.network.classifier
        if classifier is None:
            return [()] * len(features)
        classes = [
            _find_class(classifier, feature, words)
            for feature, (words, _) in zip(features, labels, strict=True)
        ]
        lengths = classifier.find_lengths(features, classes, [confidence for _, confidence in labels])
        return choose_categories(classifier.confidences(features * lengths[:, None]), classifier.labels)


def _find_class(classifier: Classifier, feature: Float32Vector, words: str) -> int:
    """The index of the class with these names; of two (ImageNet has two cranes), the one with more weight."""
    classes = [index for index, names in enumerate(load_class_names(classifier.labels)) if names == words]
    return max(classes, key=lambda index: float(classifier.weight[index] @ feature))
