"""The spaces of a library, in which every picture is described. `writing.space_maker` makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias, final

import numpy as np

from .catalog import CATEGORY, PREDICTED_SOURCE, Annotation, Catalog, Space
from .descriptors import registry
from .descriptors.base import AbstractDescriptor
from .descriptors.details import Details
from .descriptors.labels import ClassName, Prediction, Predictions
from .descriptors.network import AbstractNetworkDescriptor, Network, NetworkKey
from .descriptors.parts import Parts
from .descriptors.runtimes.base import BackboneOutput
from .descriptors.subject import Subject
from .descriptors.text_tower import TextTower
from .errors import BackboneUnavailable, InvalidSetting
from .query.values import Region
from .ranking.arrays import RGB, Float16Vector, Float32Array, Float32Matrix, Float32Vector
from .ranking.heat import is_mean_pooled
from .ranking.shared_classes import SharedClass, find_shared_classes
from .settings import Settings

Features: TypeAlias = dict[int, Float16Vector]  # of one picture, by space id

BACKGROUND_KEY = "background"  # key in a configuration: what is behind transparent pixels; without it, white
SCALING_KEY = "scaling"  # key in a configuration: how pictures of more than eight bits were reduced to eight
PICTURE_KEYS = (BACKGROUND_KEY, SCALING_KEY)  # how pictures are decoded, which no descriptor is told


@final
@dataclass(frozen=True, slots=True, eq=False)
class PictureDescription:
    """What a library stores about the content of a picture: features, what is predicted, and blobs.

    `blobs`: keypoints and the codes of windows, by space id.
    """

    features: Features
    predicted: tuple[Annotation, ...]
    blobs: Mapping[int, bytes]


@final
class Spaces:
    """The live spaces of a catalog, with a descriptor for each. `backbones` is the folder of weights."""

    def __init__(self, catalog: Catalog, backbones: Path, settings: Settings) -> None:
        self.backbones = backbones
        self._catalog, self.settings = catalog, settings

    @property
    def scaling_policy(self) -> str | None:
        """How pictures of more than eight bits were scaled before they were described; None if unknown."""
        return next((space.configuration.get(SCALING_KEY) for space in self.live), None)

    @property
    def background(self) -> str:
        """What was behind transparent pixels when pictures were described: white, or content."""
        return next((space.configuration.get(BACKGROUND_KEY, "white") for space in self.live), "white")

    def load_reference(self, space: Space) -> Float32Matrix | None:
        """The features of the reference pictures in the subject space.

        None if the backbone has no reference pictures, and for other spaces.
        """
        if space.descriptor != Subject.name:
            return None
        path = self.backbones / reference_name(space.configuration["weights_sha256"])
        return np.load(path, allow_pickle=False).astype(np.float32) if path.is_file() else None

    @cached_property
    def live(self) -> tuple[Space, ...]:
        """The spaces in which every image is described, in the order in which they were made."""
        with self._catalog.reading() as reader:
            return tuple(space for space in reader.load_spaces() if space.state == "live")

    @cached_property
    def text_tower(self) -> TextTower | None:
        """The text tower of the subject's backbone; None if it has none."""
        configurations = (space.configuration for space in self.live if space.descriptor == Subject.name)
        towers = (TextTower.from_space(configuration, self.backbones) for configuration in configurations)
        return next(towers, None)

    @property
    def vector_spaces(self) -> tuple[Space, ...]:
        """The live spaces whose features are vectors. Each has a projection of its own."""
        return tuple(space for space in self.live if space.descriptor not in (Details.name, Parts.name))

    @property
    def keypoint_space(self) -> Space | None:
        """The live space of keypoints, or None. Keypoints are not vectors; they are compared one by one."""
        return next((space for space in self.live if space.descriptor == Details.name), None)

    @property
    def part_space(self) -> Space | None:
        """The live space of parts, or None: libraries made before there were parts have none."""
        return next((space for space in self.live if space.descriptor == Parts.name), None)

    @cached_property
    def parts(self) -> Parts | None:
        """What describes the windows of pictures; None without such a space."""
        space = self.part_space
        if space is None:
            return None
        own = {key: value for key, value in space.configuration.items() if key not in PICTURE_KEYS}
        return Parts(own, self.backbones, self.settings)

    def check_descriptors(self) -> None:
        """Raise UnknownDescriptor for a space that this version cannot describe or compare."""
        _ = self._descriptors, self.parts

    @cached_property
    def _descriptors(self) -> dict[int, AbstractDescriptor]:
        return {
            space.id: self.create_descriptor(space.descriptor, space.configuration)
            for space in self.vector_spaces
        }

    def create_descriptor(self, name: str, configuration: Mapping[str, Any]) -> AbstractDescriptor:
        """The descriptor that a space's configuration describes."""
        own = {key: value for key, value in configuration.items() if key not in PICTURE_KEYS}
        return registry.create_descriptor(name, own, backbones=self.backbones, settings=self.settings)

    def describe(self, pictures: Sequence[RGB]) -> list[Features]:
        """The features of each picture as they are stored. A feature that is not finite becomes zeros."""
        return self._make_features(pictures, self._run_networks(pictures))

    def describe_and_predict(self, pictures: Sequence[RGB]) -> list[PictureDescription]:
        """What is stored about each picture; labels only if the subject has a classifier."""
        outputs = self._run_networks(pictures, self.parts)
        rows = [Predictions()] * len(pictures)
        for descriptor in self._descriptors.values():
            if isinstance(descriptor, Subject):
                rows = descriptor.predict(outputs[descriptor.network.key].pooled)
        features = self._make_features(pictures, outputs)
        predicted = (tuple(_predicted_annotations(predictions)) for predictions in rows)
        blobs = [
            keypoints | codes
            for keypoints, codes in zip(
                self._describe_keypoints(pictures), self._encode_windows(outputs, len(pictures)), strict=True
            )
        ]
        return [PictureDescription(*values) for values in zip(features, predicted, blobs, strict=True)]

    def _encode_windows(
        self, outputs: Mapping[NetworkKey, BackboneOutput], count: int
    ) -> list[dict[int, bytes]]:
        space, parts = self.part_space, self.parts
        if space is None or parts is None:
            return [{} for _ in range(count)]
        return [{space.id: codes} for codes in parts.codes_from(outputs[parts.network.key])]

    @property
    def subject_space(self) -> Space:
        """The live space of subjects, which every library has."""
        return next(space for space in self.live if space.descriptor == Subject.name)

    @property
    def label_set(self) -> str:
        """What the predicted labels are, such as imagenet-1k; empty where the weights hold no classifier."""
        return str(self.subject_space.configuration.get("labels", ""))

    @property
    def predicts(self) -> bool:
        """Whether labels are predicted: the weights hold a classifier, and the settings want labels."""
        return self.settings.predicted_labels and bool(self.label_set)

    def predict_categories(
        self, features: Sequence[Float16Vector], labels: Sequence[Annotation]
    ) -> list[tuple[Annotation, ...]]:
        """The categories of images from their stored subjects, and the most confident label of each."""
        if not features:
            return []
        known = [(label.value, label.confidence) for label in labels]
        rows = self._subject.predict_categories(np.stack(features).astype(np.float32), known)
        return [tuple(_predicted_annotations(Predictions(categories=row))) for row in rows]

    @property
    def _subject(self) -> Subject:
        return next(found for found in self._descriptors.values() if isinstance(found, Subject))

    def _run_networks(
        self, pictures: Sequence[RGB], parts: Parts | None = None
    ) -> dict[NetworkKey, BackboneOutput]:
        """The output of each network, from one pass for all its descriptors. Usually there is one network."""
        descriptors: list[AbstractNetworkDescriptor | Parts] = [
            descriptor
            for descriptor in self._descriptors.values()
            if isinstance(descriptor, AbstractNetworkDescriptor)
        ]
        descriptors += [parts] if parts else []
        # Reversed, so that the subject's network is kept: only it knows the projection and the classifier.
        networks = {descriptor.network.key: descriptor.network for descriptor in reversed(descriptors)}
        stages: dict[NetworkKey, set[int]] = {key: set() for key in networks}
        for descriptor in descriptors:
            stages[descriptor.network.key].update(descriptor.stages)
        return {key: network.run_pictures(pictures, stages[key]) for key, network in networks.items()}

    def _make_features(
        self, pictures: Sequence[RGB], outputs: Mapping[NetworkKey, BackboneOutput]
    ) -> list[Features]:
        matrices = {
            space_id: descriptor.features_from(outputs[descriptor.network.key])
            if isinstance(descriptor, AbstractNetworkDescriptor)
            else descriptor.describe(pictures)
            for space_id, descriptor in self._descriptors.items()
        }
        return _features_by_picture(matrices, len(pictures))

    def subject_map(self, picture: RGB) -> tuple[Float32Array, Region] | None:
        """The map (channel, row, column) whose mean is the subject feature, and the region that it covers.

        None where the backbone does not pool by the mean, or its last map cannot be read.
        """
        try:
            pooled, last, frame = self._subject.network.last_map(picture)
        except BackboneUnavailable:
            return None
        return (last, frame) if is_mean_pooled(last, pooled) else None

    def shared_classes(self, text: Float32Vector, picture: Float32Vector) -> list[tuple[str, SharedClass]]:
        """The classes that a text and a picture of the subject space have in common, with their names.

        None where the backbone has no classifier, and where predicted labels are switched off.
        """
        network = self._subject_network
        if network.classifier is None:
            return []
        found = find_shared_classes(text, picture, network.classifier.weight)
        return [(network.label_names[shared.index].words, shared) for shared in found]

    def class_weights(self) -> tuple[str, Float32Matrix]:
        """The checksum of the backbone's weights, and the matrix (class, dimension) of their classifier.

        Raises InvalidSetting where they hold none.
        """
        network = self._subject_network
        if network.classifier is None:
            raise InvalidSetting("the backbone has no classifier, or predicted_labels is false")
        return network.weights_sha256, network.classifier.weight

    @property
    def class_names(self) -> Sequence[ClassName]:
        """The names of the classes of the backbone's classifier, by index; none without one."""
        return self._subject_network.label_names

    @property
    def _subject_network(self) -> Network:
        descriptors = self._descriptors.values()
        return next(descriptor for descriptor in descriptors if isinstance(descriptor, Subject)).network

    def find_keypoints(self, picture: RGB) -> bytes:
        """The keypoints of one picture as they are stored.

        b"" for a picture without keypoints, and in a library without a space of keypoints.
        """
        return next(iter(self._describe_keypoints([picture])[0].values()), b"")

    def _describe_keypoints(self, pictures: Sequence[RGB]) -> list[dict[int, bytes]]:
        space = self.keypoint_space
        if space is None:
            return [{} for _ in pictures]
        return [{space.id: blob} for blob in Details(space.configuration).describe(pictures)]


def reference_name(sha256: str) -> str:
    """The file name of the reference features, for weights with this checksum."""
    return f"{sha256}.reference.npy"


def _features_by_picture(matrices: Mapping[int, Float32Matrix], count: int) -> list[Features]:
    """The rows of the matrices of all spaces, grouped by picture, as float16, which is what is stored."""
    return [
        {space_id: matrix[index].astype(np.float16) for space_id, matrix in matrices.items()}
        for index in range(count)
    ]


def _predicted_annotations(predictions: Predictions) -> Iterator[Annotation]:
    """Each label and its definition with the same confidence, then the categories in their order."""
    for label in predictions.labels:
        yield _predicted_annotation("label", label.name.words, label)
        yield _predicted_annotation("definition", label.name.definition, label)
    for category in predictions.categories:
        yield _predicted_annotation(CATEGORY, category.name.words, category)


def _predicted_annotation(field: str, value: str, prediction: Prediction) -> Annotation:
    return Annotation(field, value, PREDICTED_SOURCE, round(prediction.confidence, 4))
