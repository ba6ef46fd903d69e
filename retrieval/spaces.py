"""The spaces of a library: made once with their weights, and from then on what describes every picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .catalog import PREDICTED, Annotation, Catalog, Space
from .descriptors import registry
from .descriptors.backbone import Backbone
from .descriptors.base import AbstractDescriptor, Float32
from .descriptors.colour import Colour
from .descriptors.labels import Prediction
from .descriptors.subject import Subject, weights_path
from .images import RGB
from .projections.generations import write_file
from .settings import Settings

Features: TypeAlias = dict[int, npt.NDArray[np.float16]]  # of one picture, by space id


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """What is stored about the content of one picture: its features, and the labels predicted for it."""

    features: Features
    predicted: tuple[Annotation, ...]


class Spaces:
    """The live spaces of a catalog, with a descriptor for each; `backbones` is the folder of weights."""

    def __init__(self, catalog: Catalog, backbones: Path, settings: Settings) -> None:
        self._catalog, self._backbones, self._settings = catalog, backbones, settings

    def make(self, backbone: Backbone) -> None:
        """Make the subject and the colour space, both in one transaction.

        The weights are copied into the library, so that its features can always be made again.
        """
        configuration = backbone.configuration()
        kept = weights_path(self._backbones, configuration["weights_sha256"])
        write_file(self._backbones, kept.name, backbone.weights)
        subject = Subject(configuration, self._backbones, self._settings)
        with self._catalog.writing() as writer:
            for each in (subject, Colour()):
                writer.add_space(each.fingerprint, each.name, each.configuration, each.dimension)
        for derived in ("live", "_descriptors"):
            self.__dict__.pop(derived, None)

    @cached_property
    def live(self) -> tuple[Space, ...]:
        """What every image is described in, in the order in which the spaces were made."""
        with self._catalog.reading() as reader:
            return tuple(space for space in reader.spaces() if space.state == "live")

    @cached_property
    def _descriptors(self) -> dict[int, AbstractDescriptor]:
        return {
            space.id: registry.create(
                space.descriptor, space.configuration, backbones=self._backbones, settings=self._settings
            )
            for space in self.live
        }

    def describe(self, pictures: Sequence[RGB]) -> list[Features]:
        """The features of each picture, as they are stored; a row of zeros where there is none."""
        columns = {number: each.describe(pictures) for number, each in self._descriptors.items()}
        return _by_picture(columns, len(pictures))

    def describe_and_predict(self, pictures: Sequence[RGB]) -> list[Description]:
        """The features of each picture, and the labels that the subject's classifier predicts, if any."""
        columns: dict[int, Float32] = {}
        predicted: list[tuple[Prediction, ...]] = [()] * len(pictures)
        for number, each in self._descriptors.items():
            if isinstance(each, Subject):
                columns[number], predicted = each.describe_and_predict(pictures)
            else:
                columns[number] = each.describe(pictures)
        features = _by_picture(columns, len(pictures))
        said = (tuple(_annotations(each)) for each in predicted)
        return [Description(*each) for each in zip(features, said, strict=True)]

    @property
    def bandwidths(self) -> Mapping[str, float]:
        """The bandwidth of each space's cosines, by signal."""
        return {each.name: each.bandwidth for each in self._descriptors.values()}


def _by_picture(columns: Mapping[int, Float32], count: int) -> list[Features]:
    """Features by space, as they are stored: of each picture instead of all."""
    return [
        {number: rows[place].astype(np.float16) for number, rows in columns.items()} for place in range(count)
    ]


def _annotations(predicted: Sequence[Prediction]) -> Iterator[Annotation]:
    """Each label and what it means, with the same confidence; more than four decimals mean nothing."""
    for each in predicted:
        confidence = round(each.confidence, 4)
        yield Annotation("label", each.name.words, PREDICTED, confidence)
        yield Annotation("definition", each.name.definition, PREDICTED, confidence)
