"""Predicted labels: what a picture shows, according to a classifier on the pooled feature; with confidences.

The confidences are the softmax of the logits divided by a temperature. The temperature was fitted on pictures
that the network was not trained with: temperature scaling, from Guo et al., "On calibration of modern neural
networks", ICML 2017. Of the labels with a confidence of 0.8, about 80 % should then be right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from ..categories import MIN_CONFIDENCE as MIN_CATEGORY_CONFIDENCE
from ..categories import load_categories, sum_confidences
from ..ranking.arrays import Float32Matrix, Float32Vector

CLASS_COUNTS = {"imagenet-1k": 1000}  # the label sets whose names are available, with their size
MIN_CONFIDENCE = 0.05  # most labels below this are wrong
MAX_LABELS = 5  # of one picture
LENGTH_EXPONENTS = (-10.0, 20.0)  # of 2: pooled features are between these lengths
BISECTIONS = 24  # halvings of that range: the length is then known to a millionth
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0  # fitted ones lie near 1


@final
@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """The classifier in a weights file: what its classes are, and how its logits become confidences.

    Raises ValueError for a label set whose names are not available, and for a temperature out of range.
    """

    labels: str
    temperature: float

    def __post_init__(self) -> None:
        if not isinstance(self.labels, str) or self.labels not in CLASS_COUNTS:
            raise ValueError(f"labels {self.labels!r:.40}: choose from {', '.join(CLASS_COUNTS)}")
        is_number = type(self.temperature) in (int, float)
        if not is_number or not MIN_TEMPERATURE <= self.temperature <= MAX_TEMPERATURE:
            bounds = f"{MIN_TEMPERATURE:g} to {MAX_TEMPERATURE:g}"
            raise ValueError(f"temperature {self.temperature!r:.40}: choose from {bounds}")

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ClassifierSettings | None:
        """The inverse of as_json; other keys are ignored. None where both keys are missing.

        Raises ValueError where only one of them is missing.
        """
        own = {name: values[name] for name in cls.__slots__ if name in values}
        if len(own) == 1:
            raise ValueError(f"only {next(iter(own))}: give both {' and '.join(cls.__slots__)}, or neither")
        return cls(**own) if own else None


@final
@dataclass(frozen=True, slots=True)
class ClassConfidence:
    """The index of a class, and the confidence that the picture shows it (0 to 1)."""

    index: int
    confidence: float


@final
@dataclass(frozen=True, slots=True)
class ClassName:
    """The names of a class, separated by commas, the usual one first; `definition` adds a definition."""

    words: str
    definition: str


@final
@dataclass(frozen=True, slots=True)
class Prediction:
    """A label that was predicted for a picture."""

    name: ClassName
    confidence: float


@final
@dataclass(frozen=True, slots=True)
class Predictions:
    """All that is predicted for one picture.

    The most confident labels come first; of the categories, the most specific ones.
    """

    labels: tuple[Prediction, ...] = ()
    categories: tuple[Prediction, ...] = ()


@final
@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """A linear layer over pooled features that are not normalised; `labels` is what its classes are."""

    weight: Float32Matrix  # (class, dimension)
    bias: Float32Vector  # (class,)
    temperature: float
    labels: str

    def confidences(self, pooled: Float32Matrix) -> Float32Matrix:
        """softmax((W f + b) / temperature) of each row f, as (picture, class).

        A row that is zero or not finite, or has a logit that is not finite, becomes zeros.
        """
        sound = np.isfinite(pooled).all(axis=1) & pooled.any(axis=1)
        with np.errstate(over="ignore", invalid="ignore"):  # rows that overflow become zeros
            logits = pooled @ self.weight.T + self.bias
        sound &= np.isfinite(logits).all(axis=1)
        logits = np.where(sound[:, None], logits, np.float32(0))
        powers = np.exp((logits - logits.max(axis=1, keepdims=True)) / np.float32(self.temperature))
        return np.where(sound[:, None], powers / powers.sum(axis=1, keepdims=True), 0).astype(np.float32)

    def find_lengths(
        self, directions: Float32Matrix, classes: Sequence[int], confidences: Sequence[float]
    ) -> Float32Vector:
        """How long the pooled features were, of which only the directions (rows of unit length) are stored.

        For each row: the length with which its most confident class, one of `classes`, has its confidence.
        The longer a feature, the surer is its first class, so that bisection finds the length. (Where biases
        are as large as the rest of the logits that need not be so; in trained classifiers they are small.)
        """
        low, high = (np.full(len(directions), exponent) for exponent in LENGTH_EXPONENTS)
        rows, wanted = np.arange(len(directions)), np.asarray(confidences, np.float32)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            given = self.confidences(directions * np.exp2(middle)[:, None].astype(np.float32))[rows, classes]
            low, high = np.where(given < wanted, middle, low), np.where(given < wanted, high, middle)
        lengths: Float32Vector = np.exp2((low + high) / 2).astype(np.float32)
        return lengths


def choose_classes(confidences: Float32Vector) -> tuple[ClassConfidence, ...]:
    """At most MAX_LABELS classes, each with at least MIN_CONFIDENCE.

    The most confident come first; equal confidences are ordered by the index of the class.
    """
    first = np.argsort(-confidences, kind="stable")[:MAX_LABELS]
    return tuple(
        ClassConfidence(int(index), float(confidences[index]))
        for index in first
        if confidences[index] >= MIN_CONFIDENCE
    )


def name_guesses(guesses: Iterable[ClassConfidence], names: Sequence[ClassName]) -> tuple[Prediction, ...]:
    """The guesses with names. Of two classes with equal words (ImageNet has two cranes), only the first."""
    predictions: dict[str, Prediction] = {}
    for guess in guesses:
        name = names[guess.index]
        predictions.setdefault(name.words, Prediction(name, guess.confidence))
    return tuple(predictions.values())


def choose_categories(confidences: Float32Matrix, labels: str) -> list[tuple[Prediction, ...]]:
    """For each row of confidences of classes, the categories with at least MIN_CATEGORY_CONFIDENCE."""
    names = [ClassName(category.words, category.definition) for category in load_categories(labels)]
    return [
        tuple(
            Prediction(names[index], float(row[index]))
            for index in np.flatnonzero(row >= MIN_CATEGORY_CONFIDENCE)
        )
        for row in sum_confidences(confidences, labels)
    ]
