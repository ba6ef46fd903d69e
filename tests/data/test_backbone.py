"""The bundled backbone agrees with its card, and is the default of a new library."""

from __future__ import annotations

import hashlib
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from data import BACKBONE
from data.sample import draw_collection
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import InvalidSetting
from retrieval.signals import SIGNALS, SUBJECT

PICTURES = 96  # of the sample collection: the first of every class and some more


def test_the_file_is_small_and_of_half_precision() -> None:
    assert BACKBONE.stat().st_size <= 12e6
    tensors = load_file(BACKBONE)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16, torch.int64}
    assert all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())
    assert tensors["classifier.weight"].shape == (1000, 1280)


def test_what_unrelated_pictures_score_by_it_is_known() -> None:
    assert hashlib.sha256(BACKBONE.read_bytes()).hexdigest() in SIGNALS[SUBJECT].unrelated


def test_a_backbone_of_ones_own_is_shown_reference_pictures(tmp_path: Path) -> None:
    weights = tmp_path / "own.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), weights)
    with open_or_create(tmp_path / "own", LibrarySpec("test_resnet", str(weights))) as library:
        [subject] = [space for space in library.spaces if space.descriptor == "subject"]
        [kept] = (tmp_path / "own" / "backbones").glob("*.reference.npy")
        reference = np.load(kept, allow_pickle=False)
    assert reference.shape == (62, subject.dimension)
    assert np.linalg.norm(reference.astype(np.float32), axis=1) == pytest.approx(np.ones(62), abs=1e-2)


def test_a_new_library_gets_it_without_being_asked(tmp_path: Path) -> None:
    with open_or_create(tmp_path) as library:
        made = next(space for space in library.spaces if space.descriptor == "subject")
    assert made.configuration["backbone"] == BACKBONE.name.partition(".")[0]
    assert made.configuration["trained"] is True
    assert made.configuration["labels"] == "imagenet-1k"


def test_weights_without_the_name_of_their_backbone_are_refused(tmp_path: Path) -> None:
    spec = LibrarySpec(weights=str(BACKBONE))
    with pytest.raises(InvalidSetting, match="--backbone"), open_or_create(tmp_path / "library", spec):
        pass
    assert not list((tmp_path / "library").glob("*.sqlite*"))


def test_drawn_pictures_of_one_class_are_nearer_than_others(tmp_path: Path) -> None:
    samples = list(islice(draw_collection(), PICTURES))
    with open_or_create(tmp_path) as library:
        number = next(space.id for space in library.spaces if space.descriptor == "subject")
        described = library.describe([sample.pixels for sample in samples])
    features = np.stack([features_by_space[number] for features_by_space in described]).astype(np.float32)
    assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-2)
    cosines = features @ features.T
    labels = np.array([sample.label for sample in samples])
    same = labels[:, None] == labels[None]
    np.fill_diagonal(cosines, -1)
    nearest = same[np.arange(len(samples)), cosines.argmax(axis=1)]
    chance = (same.sum() - len(samples)) / (len(samples) * (len(samples) - 1))
    assert nearest.mean() > 3 * chance
    assert nearest.mean() > 0.5
