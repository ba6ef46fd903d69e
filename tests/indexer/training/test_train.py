"""pictor train distil, from a folder of pictures to a library that uses what was learned."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import timm
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file, save_file

from indexer.cli import cli
from indexer.errors import TrainingImpossible
from indexer.run.stop_signals import Stopped, StopRequest
from indexer.training.course import Course, distil
from indexer.training.networks import Teacher
from indexer.training.schedule import Schedule
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


def test_a_training_starts_from_weights_and_is_finished_from_where_it_is(
    trained: Path, tmp_path: Path
) -> None:
    start = trained / "out" / f"{NAME}.safetensors"
    common = (
        "train", "distil", trained / "pictures", "--teacher", NAME, "--teacher-weights", trained / "teacher.safetensors",
        "--pool", trained / "out" / "pool", "--batch", 4, "--start", start,
    )  # fmt: skip
    going = (
        "--out", tmp_path / "going", "--apart", 0, "--together", 2, "--decay", 0, "--every", 1,
        "--size", "64,96@1", "--frozen", 2, "--loss", "relations=1", "--loss", "classes=1", "--favour", trained / "pictures", 2,
    )  # fmt: skip
    result = pictor(*common, *going)
    assert result.exit_code == 0, result.output
    before, after = load_file(start), load_file(tmp_path / "going" / start.name)
    moved = (before["conv_head.weight"] - after["conv_head.weight"]).abs().mean()
    assert 0 < moved < 0.01 * before["conv_head.weight"].abs().mean()
    assert torch.equal(before["conv_stem.weight"], after["conv_stem.weight"])
    assert fetch_backbone(NAME, str(tmp_path / "going" / start.name)).preprocessing.size == 96
    finishing = ("--out", tmp_path / "finished", "--finish", tmp_path / "going", "--decay", 2, "--size", "96")
    result = pictor(*common, *finishing)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in (tmp_path / "finished" / "curve.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 4]
    assert [line["size"] for line in lines] == [64, 96, 96]
    assert all(line["classes"] > 0 for line in lines[:2])
    assert "classes" not in lines[2]
    assert lines[-1]["rate"] == pytest.approx(0.5 * 0.04 * 3e-4)  # half fallen, while it still rises


@pytest.mark.parametrize("start", [(), ("--start", "headless.safetensors")])
def test_classes_cannot_be_compared_without_a_head(
    trained: Path, tmp_path: Path, start: tuple[str, ...]
) -> None:
    state = load_file(trained / "teacher.safetensors")
    headless = {name: tensor for name, tensor in state.items() if not name.startswith("classifier")}
    save_file(headless, tmp_path / "headless.safetensors")
    result = pictor(
        "train", "distil", trained / "pictures", "--out", tmp_path / "out", "--teacher", NAME,
        "--teacher-weights", trained / "teacher.safetensors", "--pool", trained / "out" / "pool",
        "--apart", 0, "--size", 64, "--batch", 4, "--loss", "classes=1", *start[:1], *(tmp_path / name for name in start[1:]),
    )  # fmt: skip
    assert isinstance(result.exception, TrainingImpossible)
    assert "--start" in str(result.exception) or "--labels-teacher" in str(result.exception)


def test_the_curve_of_a_training_is_drawn(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "losses.svg"
    result = pictor("train", "curve", trained / "out", "--out", path, "--json")
    assert json.loads(result.stdout) == {"curve": str(path)}
    assert "links" in path.read_text("utf-8")
    assert isinstance(pictor("train", "curve", tmp_path).exception, TrainingImpossible)


@pytest.mark.parametrize(
    "options",
    [
        ("--size", "x"),
        ("--size", "128@5"),
        ("--size", "128,64@0"),
        ("--size", "8"),
        ("--loss", "wit=1"),
        ("--loss", "links=much"),
    ],
)
def test_options_that_say_nothing_are_usage_errors(tmp_path: Path, options: tuple[str, str]) -> None:
    result = pictor("train", "distil", tmp_path, "--out", tmp_path / "out", "--teacher", NAME, *options)
    assert result.exit_code == 2
    assert options[0] in result.output


def test_weights_of_another_network_are_not_started_from(trained: Path, tmp_path: Path) -> None:
    result = pictor(
        "train", "distil", trained / "pictures", "--out", tmp_path / "out", "--teacher", NAME, "--student", "mobilenetv2_050",
        "--teacher-weights", trained / "teacher.safetensors", "--start", trained / "teacher.safetensors",
        "--pool", trained / "out" / "pool",
    )  # fmt: skip
    assert result.exit_code == 1


def test_a_stop_between_two_pictures_is_heard(trained: Path, tmp_path: Path) -> None:
    stopping = StopRequest()
    course = Course(
        (trained / "pictures",),
        tmp_path,
        Teacher(NAME, str(trained / "teacher.safetensors")),
        NAME,
        Schedule(),
    )
    decoded: list[int] = []

    def stop(stage: str, done: int, total: int, note: str) -> None:
        decoded.append(done)
        if done == 2:
            stopping.signal_number = signal.SIGTERM

    with pytest.raises(Stopped):
        distil(course, stop, stopping)
    assert decoded == [1, 2]


def test_a_teacher_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "pictures", range(2))
    result = pictor(
        "train", "distil", folder, "--out", tmp_path / "out", "--teacher", NAME,
        "--teacher-weights", tmp_path / "none.safetensors",
    )  # fmt: skip
    assert "none.safetensors" in str(result.exception)
