"""The spaces of a library: what describes every picture. `writing.space_maker` makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .catalog import PREDICTED_SOURCE, Annotation, Catalog, Space
from .descriptors import registry
from .descriptors.base import AbstractDescriptor
from .descriptors.details import Details
from .descriptors.labels import Prediction
from .descriptors.network import AbstractNetworkDescriptor, NetworkKey
from .descriptors.runtimes.base import BackboneOutput
from .descriptors.subject import Subject
from .descriptors.text_tower import TextTower
from .errors import BackboneUnavailable
from .query.values import Region
from .ranking.arrays import RGB, Float32Matrix
from .ranking.heat import is_exact
from .settings import Settings

Features: TypeAlias = dict[int, npt.NDArray[np.float16]]  # of one picture, by space id

SCALING = "scaling"  # how pictures of more than eight bits came to a space: part of what its features are


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """What is stored about a picture's content: features, the labels predicted for it, and keypoints."""

    features: Features
    predicted: tuple[Annotation, ...]
    keypoints: Mapping[int, bytes]  # by space id: one or none


class Spaces:
    """The live spaces of a catalog, with a descriptor for each; `backbones` is the folder of weights."""

    def __init__(self, catalog: Catalog, backbones: Path, settings: Settings) -> None:
        self.backbones = backbones
        self._catalog, self._settings = catalog, settings

    @property
    def scaling(self) -> str | None:
        """The policy that deep pictures were scaled by before they were described; None: it was not noted."""
        return next((space.configuration.get(SCALING) for space in self.live), None)

    def reference(self, space: Space) -> Float32Matrix | None:
        """What the subject's backbone makes of the reference pictures, if it was told of any."""
        if space.descriptor != Subject.name:
            return None
        path = self.backbones / reference_name(space.configuration["weights_sha256"])
        return np.load(path, allow_pickle=False).astype(np.float32) if path.is_file() else None

    @cached_property
    def live(self) -> tuple[Space, ...]:
        """What every image is described in, in the order in which the spaces were made."""
        with self._catalog.reading() as reader:
            return tuple(space for space in reader.spaces() if space.state == "live")

    @cached_property
    def tower(self) -> TextTower | None:
        """The text tower that belongs to the subject's backbone, if one does."""
        subjects = (space.configuration for space in self.live if space.descriptor == Subject.name)
        return next((TextTower.from_space(each, self.backbones) for each in subjects), None)

    @property
    def indexed(self) -> tuple[Space, ...]:
        """The live spaces whose features are vectors, each with a projection of its own."""
        return tuple(space for space in self.live if space.descriptor != Details.name)

    @property
    def details(self) -> Space | None:
        """The live space of keypoints: as many as a picture has, compared one by one."""
        return next((space for space in self.live if space.descriptor == Details.name), None)

    @cached_property
    def _descriptors(self) -> dict[int, AbstractDescriptor]:
        return {
            space.id: self.create_descriptor(space.descriptor, space.configuration) for space in self.indexed
        }

    def create_descriptor(self, name: str, configuration: Mapping[str, Any]) -> AbstractDescriptor:
        """The descriptor that a space's configuration describes."""
        own = {key: value for key, value in configuration.items() if key != SCALING}
        return registry.create_descriptor(name, own, backbones=self.backbones, settings=self._settings)

    def describe(self, pictures: Sequence[RGB]) -> list[Features]:
        """The features of each picture, as they are stored; a row of zeros where there is none."""
        return self._features(pictures, self._passes(pictures))

    def describe_and_predict(self, pictures: Sequence[RGB]) -> list[Description]:
        """The features of each picture, and the labels that the subject's classifier predicts, if any."""
        passes = self._passes(pictures)
        predicted: list[tuple[Prediction, ...]] = [()] * len(pictures)
        for each in self._descriptors.values():
            if isinstance(each, Subject):
                predicted = each.predict_labels(passes[each.network.key])
        features = self._features(pictures, passes)
        said = (tuple(_annotations(each)) for each in predicted)
        keypoints = self._keypoints(pictures)
        return [Description(*each) for each in zip(features, said, keypoints, strict=True)]

    def _passes(self, pictures: Sequence[RGB]) -> dict[NetworkKey, BackboneOutput]:
        """One pass through each network, which all that draw on it share; there is seldom more than one."""
        drawing = [each for each in self._descriptors.values() if isinstance(each, AbstractNetworkDescriptor)]
        networks = {each.network.key: each.network for each in reversed(drawing)}
        stages = {
            key: {stage for each in drawing if each.network.key == key for stage in each.stages}
            for key in networks
        }
        return {key: network.run_pictures(pictures, stages[key]) for key, network in networks.items()}

    def _features(
        self, pictures: Sequence[RGB], passes: Mapping[NetworkKey, BackboneOutput]
    ) -> list[Features]:
        columns = {
            number: each.features_from(passes[each.network.key])
            if isinstance(each, AbstractNetworkDescriptor)
            else each.describe(pictures)
            for number, each in self._descriptors.items()
        }
        return _by_picture(columns, len(pictures))

    def heat(self, picture: RGB) -> tuple[Float32Matrix, Region] | None:
        """The map (channel, row, column) whose mean is the subject of a picture, and what part it covers.

        None where the backbone pools otherwise, or does not show its last map.
        """
        subject = next(each for each in self._descriptors.values() if isinstance(each, Subject))
        try:
            pooled, last, frame = subject.network.last_map(picture)
        except BackboneUnavailable:
            return None
        return (last, frame) if is_exact(last, pooled) else None

    def keypoints(self, picture: RGB) -> bytes:
        """The keypoints of one picture, as they are stored; b"" for none, and where no space keeps any."""
        return next(iter(self._keypoints([picture])[0].values()), b"")

    def _keypoints(self, pictures: Sequence[RGB]) -> list[dict[int, bytes]]:
        space = self.details
        if space is None:
            return [{} for _ in pictures]
        return [{space.id: blob} for blob in Details(space.configuration).describe(pictures)]


def reference_name(sha256: str) -> str:
    return f"{sha256}.reference.npy"


def _by_picture(columns: Mapping[int, Float32Matrix], count: int) -> list[Features]:
    """Features by space, as they are stored: of each picture instead of all."""
    return [
        {number: rows[place].astype(np.float16) for number, rows in columns.items()} for place in range(count)
    ]


def _annotations(predicted: Sequence[Prediction]) -> Iterator[Annotation]:
    """Each label and what it means, with the same confidence; more than four decimals mean nothing."""
    for each in predicted:
        confidence = round(each.confidence, 4)
        yield Annotation("label", each.name.words, PREDICTED_SOURCE, confidence)
        yield Annotation("definition", each.name.definition, PREDICTED_SOURCE, confidence)
