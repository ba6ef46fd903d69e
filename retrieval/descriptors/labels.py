"""Predicted labels: what a classifier on the pooled feature takes a picture to show, and how surely.

A confidence is a softmax of logits over a temperature that was fitted on pictures which the network had not
learned from: temperature scaling, from Guo et al., "On calibration of modern neural networks", ICML 2017.
Of the labels that are given with a confidence of 0.8, about 80 % should then be right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from .base import Float32

CLASSES = {"imagenet-1k": 1000}  # the label sets that there are names for, with their size
LEAST = 0.05  # of confidence: less is no more than a rumour
MOST = 5  # labels of one picture
COOLEST, HOTTEST = 0.01, 100.0  # temperatures; fitted ones lie near 1


@dataclass(frozen=True, slots=True)
class Head:
    """The classifier of a backbone's file: what its classes are, and how its logits become confidences.

    Raises ValueError for a label set that there are no names for, and for a temperature out of range.
    """

    labels: str
    temperature: float

    def __post_init__(self) -> None:
        if not isinstance(self.labels, str) or self.labels not in CLASSES:
            raise ValueError(f"labels {self.labels!r:.40}: there are {', '.join(CLASSES)}")
        number = type(self.temperature) in (int, float)
        if not number or not COOLEST <= self.temperature <= HOTTEST:
            raise ValueError(f"temperature {self.temperature!r:.40}: choose from {COOLEST:g} to {HOTTEST:g}")

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Head | None:
        """The inverse of as_json; other keys are passed over, and None stands for neither of them."""
        given = {name: values[name] for name in cls.__slots__ if name in values}
        if len(given) == 1:
            raise ValueError(f"{next(iter(given))} without the other of {' and '.join(cls.__slots__)}")
        return cls(**given) if given else None


@dataclass(frozen=True, slots=True)
class Guess:
    """A class by its index, and how sure it is (0 to 1)."""

    index: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Name:
    """What a class is called (words parted by commas, the usual one first), and that with a definition."""

    words: str
    definition: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """A label that was predicted for a picture."""

    name: Name
    confidence: float


@final
@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """A linear layer over pooled features that are not normalised."""

    weight: Float32  # (class, dimension)
    bias: Float32  # (class,)
    temperature: float

    def confidences(self, pooled: Float32) -> Float32:
        """softmax((W f + b) / temperature) of each row, as (picture, class).

        A row without a finite direction, or with a logit that is not finite, becomes zeros.
        """
        sound = np.isfinite(pooled).all(axis=1) & pooled.any(axis=1)
        with np.errstate(over="ignore", invalid="ignore"):  # such rows are not sound
            logits = pooled @ self.weight.T + self.bias
        sound &= np.isfinite(logits).all(axis=1)
        logits = np.where(sound[:, None], logits, np.float32(0))
        powers = np.exp((logits - logits.max(axis=1, keepdims=True)) / np.float32(self.temperature))
        return np.where(sound[:, None], powers / powers.sum(axis=1, keepdims=True), 0).astype(np.float32)

    def predict(self, pooled: Float32) -> list[tuple[Guess, ...]]:
        """For each row at most MOST classes, of LEAST confidence at least.

        The most confident come first, equal ones by their index.
        """
        return [_best(row) for row in self.confidences(pooled)]


def _best(confidences: Float32) -> tuple[Guess, ...]:
    first = np.argsort(-confidences, kind="stable")[:MOST]
    return tuple(
        Guess(int(index), float(confidences[index])) for index in first if confidences[index] >= LEAST
    )


def named(guesses: Iterable[Guess], names: Sequence[Name]) -> tuple[Prediction, ...]:
    """The guesses by name; of two classes that are called the same (there are two cranes), the first."""
    said: dict[str, Prediction] = {}
    for guess in guesses:
        name = names[guess.index]
        said.setdefault(name.words, Prediction(name, guess.confidence))
    return tuple(said.values())
