"""pictor train distil, from a folder of pictures to a library that uses what was learned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import timm
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file, save_file

from indexer.cli import cli
from retrieval import Library, fetch_backbone
from tests.indexer.training.test_pool import write

NAME = "mobilenetv2_035"


def teacher(path: Path) -> Path:
    torch.manual_seed(1)
    save_file(timm.create_model(NAME).state_dict(), path)
    return path


def pictor(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, a teacher, and what a short training left in `out`."""
    folder = tmp_path_factory.mktemp("training")
    weights = teacher(folder / "teacher.safetensors")
    options = {
        "out": folder / "out",
        "teacher": NAME,
        "teacher-weights": weights,
        "size": 64,
        "used-at": 96,
        "crop": 0.9,
        "labels-teacher": NAME,
        "labels-weights": weights,
        "labels-preprocessing": "size=64",
        "labels-views": 24,
        "apart": 3,
        "together": 3,
        "batch": 8,
    }
    pairs = [part for name, value in options.items() for part in (f"--{name}", value)]
    result = pictor("train", "distil", write(folder / "pictures", range(6)), *pairs, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"weights": str(folder / "out" / f"{NAME}.safetensors")}
    return folder


def test_the_weights_say_what_they_are(trained: Path) -> None:
    path = trained / "out" / f"{NAME}.safetensors"
    backbone = fetch_backbone(NAME, str(path))
    assert (backbone.preprocessing.size, backbone.preprocessing.crop) == (96, 0.9)
    assert backbone.head is not None
    assert backbone.head.labels == "imagenet-1k"
    tensors = load_file(path)
    assert tensors["classifier.weight"].shape == (1000, 1280)
    assert {str(each.dtype) for each in tensors.values()} == {"torch.float16", "torch.int64"}


def test_a_library_is_made_with_them(trained: Path, tmp_path: Path) -> None:
    path = trained / "out" / f"{NAME}.safetensors"
    arguments = ("--library", tmp_path / "library", "--backbone", NAME, "--weights", path)
    result = pictor("index", trained / "pictures", *arguments)
    assert result.exit_code == 0, result.output
    with Library.open(tmp_path / "library") as library:
        assert library.count_images() == 6


def test_running_it_again_trains_nothing_anew(trained: Path) -> None:
    checkpoint = trained / "out" / "checkpoint.pt"
    before = checkpoint.read_bytes()
    weights = (trained / "out" / f"{NAME}.safetensors").read_bytes()
    result = pictor(
        "train", "distil", trained / "pictures", "--out", trained / "out", "--teacher", NAME,
        "--teacher-weights", trained / "teacher.safetensors", "--size", 64, "--used-at", 96, "--crop", 0.9, "--labels-teacher", NAME,
        "--labels-weights", trained / "teacher.safetensors", "--labels-preprocessing", "size=64",
        "--labels-views", 24, "--apart", 3, "--together", 3, "--batch", 8,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert checkpoint.read_bytes() == before
    assert (trained / "out" / f"{NAME}.safetensors").read_bytes() == weights
    assert "pictor index" in result.stdout


def test_a_teacher_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "pictures", range(2))
    result = pictor(
        "train", "distil", folder, "--out", tmp_path / "out", "--teacher", NAME,
        "--teacher-weights", tmp_path / "none.safetensors",
    )  # fmt: skip
    assert "none.safetensors" in str(result.exception)
