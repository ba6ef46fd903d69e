"""One pass of a backbone serves all descriptors on it, and old libraries work with the spaces they have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval import (
    Backbone,
    Library,
    Picture,
    Query,
    Settings,
    StoredPicture,
    fetch_backbone,
    write_library,
)
from retrieval.descriptors import registry
from retrieval.descriptors.backbone import Stage
from retrieval.descriptors.network import Network, weights_path
from tests.drawing import draw_scene
from tests.indexing import index_folder

PICTURES = [draw_scene(seed) for seed in range(3)]


@pytest.fixture(scope="module")
def tiny() -> Backbone:
    return fetch_backbone("test_resnet", "untrained")


def network_descriptors(library: Library) -> dict[str, Any]:
    """The descriptors of a library that use a backbone, by name."""
    descriptors = library.search_state.spaces._descriptors.values()
    return {descriptor.name: descriptor for descriptor in descriptors if hasattr(descriptor, "network")}


def make_old_library(path: Path, backbone: Backbone) -> None:
    """A library as it was made before there were textures and layouts."""
    with write_library(path) as library:
        weights = weights_path(path / "backbones", backbone.sha256)
        weights.parent.mkdir()
        weights.write_bytes(backbone.weights)
        with library.catalog.writing() as writer:
            for name in ("subject", "colour"):
                descriptor = registry.create_descriptor(
                    name,
                    registry.space_configurations(backbone)[name],
                    backbones=weights.parent,
                    settings=library.settings,
                )
                writer.add_space(
                    descriptor.fingerprint, descriptor.name, descriptor.configuration, descriptor.dimension
                )


def test_one_pass_serves_subject_labels_texture_and_layout(tmp_path: Path, tiny: Backbone) -> None:
    with write_library(tmp_path, Settings(runtime="torch", device="cpu")) as library:
        library.make_spaces(tiny)
        descriptors = network_descriptors(library)
        passes: list[int] = []
        descriptors["subject"].network._runtime._model.conv1.register_forward_hook(
            lambda *_: passes.append(1)
        )
        [first, *_] = library.describe_and_predict(PICTURES)
        assert passes == [1]
        assert len(descriptors) == 3
        assert [
            name for name, descriptor in descriptors.items() if "_runtime" in vars(descriptor.network)
        ] == ["subject"]
        alone = {
            name: descriptor.describe(PICTURES)[0].astype(np.float16)
            for name, descriptor in descriptors.items()
        }
        for space in library.spaces:
            if space.descriptor in alone:
                stored = first.features[space.id].astype(np.float32)
                assert stored @ alone[space.descriptor].astype(np.float32) > 0.999


def test_looking_inside_changes_nothing_of_the_pooled_features(tmp_path: Path, tiny: Backbone) -> None:
    with write_library(tmp_path) as library:
        library.make_spaces(tiny)
        network: Network = network_descriptors(library)["subject"].network
        plain, with_stages = network.run_pictures(PICTURES), network.run_pictures(PICTURES, {2, 3})
        assert plain.pooled == pytest.approx(with_stages.pooled, rel=1e-4, abs=1e-5)
        assert plain.stages == {}
        assert {number: stage.shape for number, stage in with_stages.stages.items()} == {
            2: (3, 48, 20, 20),
            3: (3, 192, 10, 10),
        }


@pytest.mark.parametrize(
    ("backbone", "stages"),
    [
        ("test_resnet", (Stage(2, 48), Stage(3, 192))),
        ("test_efficientnet", (Stage(2, 32), Stage(3, 48))),
        ("test_convnext", (Stage(1, 32), Stage(2, 48))),
        ("test_vit", (Stage(2, 64), Stage(4, 64))),
    ],
)
def test_the_stages_are_at_an_eighth_and_a_sixteenth_or_in_a_vit_at_thirds(
    backbone: str, stages: tuple[Stage, ...]
) -> None:
    assert fetch_backbone(backbone, "untrained").stages == stages


def test_a_backbone_that_does_not_show_its_inside_has_neither_texture_nor_layout(
    tmp_path: Path, tiny: Backbone
) -> None:
    with write_library(tmp_path) as library:
        library.make_spaces(replace(tiny, stages=()))
        assert [space.descriptor for space in library.spaces if space.dimension] == ["subject", "colour"]
        assert all(len(features) == 2 for features in library.describe(PICTURES))


def test_a_library_from_before_keeps_working_with_the_spaces_that_it_has(
    tmp_path: Path, tiny: Backbone, scenes: Path
) -> None:
    make_old_library(tmp_path / "library", tiny)
    report = index_folder(tmp_path / "library", scenes)
    assert report.added == 12
    with Library.open(tmp_path / "library") as library:
        assert [space.descriptor for space in library.spaces] == ["subject", "colour"]
        assert {"subject", "colour"} <= set(library.signal_names)
        assert not {"texture", "layout"} & set(library.signal_names)
        shown = next(scenes.rglob("scene-003.jpg"))
        [best, *_] = library.search(Query((Picture(shown),))).hits
        assert Path(best.image.path).name == shown.name
        assert len(library.search(Query((StoredPicture(best.image.id),))).hits) == 11
