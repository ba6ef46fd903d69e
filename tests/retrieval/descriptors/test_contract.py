"""What holds for every registered descriptor."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from retrieval import Library, RetrievalError, Settings, UnknownDescriptor
from retrieval.catalog import Space
from retrieval.descriptors import registry
from retrieval.descriptors.base import AbstractDescriptor, fingerprint_of, unit_rows
from retrieval.descriptors.network import weights_path
from retrieval.pictures.images import RGB, decode_image
from retrieval.signals import SIGNALS
from retrieval.spaces import BACKGROUND_KEY, SCALING_KEY
from tests.drawing import draw_scene, encode_rotated

SHAPES = {"dot": (1, 1), "row": (1, 500), "column": (500, 1), "tiny": (3, 2), "wide": (60, 400)}


@pytest.fixture(params=registry.MAKERS)
def descriptor(request: pytest.FixtureRequest, library: Library) -> AbstractDescriptor:
    """Each descriptor as a real library configures it."""
    [space] = [space for space in library.spaces if space.descriptor == request.param]
    return create_descriptor(library, space.descriptor, own_configuration(space))


def create_descriptor(library: Library, name: str, configuration: Any) -> AbstractDescriptor:
    return registry.create_descriptor(
        name, configuration, backbones=library.path / "backbones", settings=Settings()
    )


def own_configuration(space: Space) -> dict[str, Any]:
    """The configuration of a space's descriptor: all but how pictures were decoded before."""
    how_decoded = (BACKGROUND_KEY, SCALING_KEY)
    return {key: value for key, value in space.configuration.items() if key not in how_decoded}


def draw_scenes(count: int = 5) -> list[RGB]:
    return [draw_scene(seed, 120 + 20 * seed, 100) for seed in range(count)]


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other)


def test_a_feature_for_each_picture_of_unit_length(descriptor: AbstractDescriptor) -> None:
    features = descriptor.describe(draw_scenes())
    assert features.shape == (5, descriptor.dimension)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert np.linalg.norm(features, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert (SIGNALS[descriptor.name].bandwidth or 0) > 0


def test_the_same_pictures_give_the_same_features(descriptor: AbstractDescriptor) -> None:
    pictures = draw_scenes()
    assert np.array_equal(descriptor.describe(pictures), descriptor.describe(pictures))
    assert all(np.array_equal(one, other) for one, other in zip(pictures, draw_scenes(), strict=True))


def test_a_batch_is_its_pictures_one_by_one_in_order(descriptor: AbstractDescriptor) -> None:
    pictures = draw_scenes()
    together = descriptor.describe(pictures)
    singly = np.concatenate([descriptor.describe([picture]) for picture in pictures])
    assert np.abs(together - singly).max() < 1e-3
    backwards = descriptor.describe(pictures[::-1])
    assert np.abs(together[::-1] - backwards).max() < 1e-3
    cosines = together @ together.T - np.eye(5)
    assert cosines.max() < 0.9999  # different pictures differ, or the order above would prove nothing


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("grey", [0, 119, 255])
def test_no_shape_and_no_flat_colour_breaks_it(
    descriptor: AbstractDescriptor, shape: tuple[int, int], grey: int
) -> None:
    [feature] = descriptor.describe([np.full((*shape, 3), grey, np.uint8)])
    assert np.isfinite(feature).all()
    assert np.linalg.norm(feature) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_no_shape_of_noise_breaks_it(descriptor: AbstractDescriptor, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (*shape, 3), np.uint8)
    features = descriptor.describe([draw_scene(1), noise, draw_scene(2)])
    assert np.isfinite(features).all()
    assert np.linalg.norm(features, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert cosine(features[0], descriptor.describe([draw_scene(1)])[0]) > 0.999


def test_a_photo_that_is_turned_has_the_feature_of_the_upright_one(descriptor: AbstractDescriptor) -> None:
    turned = [
        decode_image(encode_rotated(draw_scene(2, 240, 180), orientation, "PNG"), name="it").pixels
        for orientation in range(1, 9)
    ]
    *features, lying = descriptor.describe([*turned, np.rot90(turned[0]).copy()])
    least = min(cosine(feature, features[0]) for feature in features)
    assert least > 0.99
    assert cosine(lying, features[0]) < least, "or it would not matter which way a photo is turned"


def test_a_library_makes_the_spaces_that_its_descriptors_name(library: Library) -> None:
    indexed = [space for space in library.spaces if space.dimension]
    assert tuple(space.descriptor for space in indexed) == tuple(registry.MAKERS)
    for space in indexed:
        again = create_descriptor(library, space.descriptor, own_configuration(space))
        described = {**own_configuration(space), "background": "content"}
        assert space.fingerprint == fingerprint_of(space.descriptor, space.dimension, described)
        assert again.dimension == space.dimension
        assert again.configuration == own_configuration(space)


def test_the_configuration_is_json(descriptor: AbstractDescriptor) -> None:
    assert json.loads(json.dumps(descriptor.configuration)) == descriptor.configuration


def other_values(library: Library, name: str) -> dict[str, Any]:
    """Another value for everything in a configuration; the other weights are put into the library's folder."""
    if name == "colour":
        return {"version": 2}
    network = {
        "backbone": "test_resnet.r160_in1k",
        "weights_sha256": other_weights(library),
        "size": 96,
        "crop": 0.5,
        "interpolation": "bicubic",
        "mean": [0.4, 0.5, 0.5],
        "std": [0.5, 0.5, 0.4],
    }
    if name == "subject":
        return network | {"trained": True, "dimension": 95}
    stages = {"texture": [0, 1], "layout": [1]}[name]
    return network | {"version": 2, "stages": stages, "channels": [8 for _ in stages]}


def other_weights(library: Library) -> str:
    [space] = [space for space in library.spaces if space.descriptor == "subject"]
    state = load(weights_path(library.path / "backbones", space.configuration["weights_sha256"]).read_bytes())
    data = save(state, metadata={"made": "by a test"})
    digest = sha256(data).hexdigest()
    weights_path(library.path / "backbones", digest).write_bytes(data)
    return digest


def test_every_value_of_the_configuration_is_in_the_fingerprint_or_refused(
    library_copy: Library, descriptor: AbstractDescriptor
) -> None:
    """A space of another configuration must never be described as if it were this one."""
    changes = other_values(library_copy, descriptor.name)
    assert changes.keys() == descriptor.configuration.keys()
    for key, value in changes.items():
        assert value != descriptor.configuration[key]
        changed = {**descriptor.configuration, key: value}
        assert fingerprint_or_refusal(library_copy, descriptor.name, changed) != descriptor.fingerprint, key


def fingerprint_or_refusal(library: Library, name: str, configuration: Any) -> str:
    """The fingerprint, or why there is none: the code supports only one version of each descriptor."""
    try:
        return create_descriptor(library, name, configuration).fingerprint
    except RetrievalError as error:
        return str(error)


@pytest.fixture
def library_copy(library: Library, tmp_path: Path) -> Library:
    """The same spaces in a folder that may be written to."""
    shutil.copytree(library.path / "backbones", tmp_path / "backbones")
    return Library(tmp_path, library.catalog, Settings())


def test_an_unknown_descriptor_lists_the_known_ones(library: Library) -> None:
    with pytest.raises(
        UnknownDescriptor, match=r"^smell: no such descriptor; there are subject, colour, texture, layout$"
    ):
        create_descriptor(library, "smell", {})


def test_rows_without_a_finite_direction_become_zeros() -> None:
    rows = np.array([[3, 4], [0, 0], [np.nan, 1], [np.inf, 1], [1e-30, 0]], np.float64)
    assert unit_rows(rows).tolist() == [[np.float32(0.6), np.float32(0.8)], [0, 0], [0, 0], [0, 0], [0, 0]]
