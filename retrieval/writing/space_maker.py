"""Makes the spaces of a library, once and with their weights, and notes how pictures are scaled."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ..catalog import Space, WritableCatalog
from ..descriptors import registry
from ..descriptors.backbone import TOWER_KEY, Backbone
from ..descriptors.base import AbstractDescriptor, fingerprint_of
from ..descriptors.details import Details
from ..descriptors.layout import Layout
from ..descriptors.network import weights_path
from ..descriptors.parts import Parts, configure_parts
from ..descriptors.subject import Subject
from ..durable import write_file
from ..ranking.arrays import RGB, Float32Matrix
from ..spaces import BACKGROUND_KEY, PICTURE_KEYS, SCALING_KEY, Spaces, reference_name


def make_spaces(
    catalog: WritableCatalog, spaces: Spaces, backbone: Backbone, reference: Sequence[RGB] = ()
) -> None:
    """Make the spaces of subject, colour, texture, layout, details and parts, all in one transaction.

    There is no texture, no layout and no part where the backbone gives no access to its inner layers. The
    weights are copied into the library, so that its features can always be made again. What is behind
    transparent pixels is chosen by content, which is part of the spaces: libraries made before keep white.
    The subject features of the `reference` pictures are stored beside them; these pictures have nothing to do
    with any collection.
    """
    for part in (backbone, backbone.tower):
        if part:
            write_file(spaces.backbones, weights_path(spaces.backbones, part.sha256).name, part.weights)
    configurations = registry.space_configurations(backbone)
    indexed = [
        spaces.create_descriptor(name, configuration) for name, configuration in configurations.items()
    ]
    descriptors: list[AbstractDescriptor | Details | Parts] = [*indexed, Details()]
    if backbone.stages and backbone.tower is None:
        parts = configure_parts(configurations[Subject.name], spaces.backbones)
        descriptors.append(Parts(parts, spaces.backbones, spaces.settings))
    if len(reference):
        subject = next(descriptor for descriptor in indexed if isinstance(descriptor, Subject))
        _write_reference(spaces.backbones, backbone.sha256, subject.describe(reference))
    with catalog.writing() as writer:
        for descriptor in descriptors:
            name, dimension = descriptor.name, descriptor.dimension
            configuration = {**descriptor.configuration, BACKGROUND_KEY: "content"}
            writer.add_space(fingerprint_of(name, dimension, configuration), name, configuration, dimension)


def add_part_space(catalog: WritableCatalog, spaces: Spaces) -> bool:
    """Give a library that was made before there were parts a space for them; whether it has a new one.

    Its images have no windows until they are described again. There is none where the backbone has a text
    tower, or gives no access to its inner layers.
    """
    live = {space.descriptor: space for space in spaces.live}
    subject = live.get(Subject.name)
    if Parts.name in live or Layout.name not in live or subject is None or TOWER_KEY in subject.configuration:
        return False
    parts = configure_parts(subject.configuration, spaces.backbones)
    kept = {key: subject.configuration[key] for key in PICTURE_KEYS if key in subject.configuration}
    configuration = {**parts, **kept}
    with catalog.writing() as writer:
        fingerprint = fingerprint_of(Parts.name, Parts.dimension, configuration)
        writer.add_space(fingerprint, Parts.name, configuration, Parts.dimension)
    return True


def _write_reference(backbones: Path, sha256: str, features: Float32Matrix) -> None:
    buffer = BytesIO()
    np.save(buffer, features.astype(np.float16), allow_pickle=False)
    write_file(backbones, reference_name(sha256), buffer.getvalue())


def restore_weights(backbones: Path, weights: bytes) -> None:
    """Write weights that the spaces were made with again, where the library's copy is missing or damaged."""
    path = weights_path(backbones, sha256 := hashlib.sha256(weights).hexdigest())
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        write_file(backbones, path.name, weights)


def note_scaling(catalog: WritableCatalog, spaces: Sequence[Space], policy: str) -> None:
    """Make a policy part of these spaces, and of the fingerprint of those that are empty."""
    with catalog.writing() as writer:
        for space in spaces:
            configuration = {**space.configuration, SCALING_KEY: policy}
            is_empty = not writer.count_features(space)
            fingerprint = _scaled_fingerprint(space, configuration) if is_empty else space.fingerprint
            writer.configure_space(space.id, fingerprint, configuration)


def _scaled_fingerprint(space: Space, configuration: Mapping[str, Any]) -> str:
    """The usual policy leaves a fingerprint as it was before policies were noted."""
    stated = {key: value for key, value in configuration.items() if (key, value) != (SCALING_KEY, "auto")}
    return fingerprint_of(space.descriptor, space.dimension, stated)
