"""The subject descriptor: which weights it accepts, what it computes from pictures, and what it refuses."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_data_config
from timm.models import register_model

from retrieval import (
    BackboneUnavailable,
    Library,
    Picture,
    Query,
    RetrievalError,
    Settings,
    fetch_backbone,
    write_library,
)
from retrieval.descriptors.runtimes.torch_runtime import fast_half_precision
from retrieval.descriptors.subject import Subject
from tests.drawing import draw_scene

TINY = ("test_resnet", "test_efficientnet", "test_vit", "test_convnext")


def seeded_model(backbone: str, **options: Any) -> Any:
    """A timm model whose weights are the same in every run."""
    torch.manual_seed(5)
    return timm.create_model(backbone, pretrained=False, **options).eval()


def save_weights(model: Any, path: Path) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path)
    return path


def make_subject(folder: Path, backbone: str, weights: Path | str, **preprocessing: str) -> Subject:
    """The descriptor of a new library."""
    with write_library(folder) as library:
        library.make_spaces(fetch_backbone(backbone, str(weights), **preprocessing))
        configuration = library.spaces[0].configuration
    return Subject(configuration, folder / "backbones", Settings(device="cpu", precision="float32"))


def refusal_message(folder: Path, backbone: str, weights: Path | str) -> str:
    """The message that refuses the weights; the library has no space afterwards."""
    with write_library(folder) as library:
        with pytest.raises(BackboneUnavailable, match=f"^{backbone}: .*; (give|choose|go) ") as caught:
            library.make_spaces(fetch_backbone(backbone, str(weights)))
        assert library.spaces == ()
    return str(caught.value)


class TestWeights:
    @pytest.mark.parametrize("classes", [0, 5])
    @pytest.mark.parametrize("backbone", TINY)
    def test_a_local_file_is_taken_with_or_without_a_classifier(
        self, tmp_path: Path, backbone: str, classes: int
    ) -> None:
        model = seeded_model(backbone, num_classes=classes)
        subject = make_subject(
            tmp_path / "library", backbone, save_weights(model, tmp_path / "mine.safetensors")
        )
        assert subject.configuration["trained"] is True
        model.reset_classifier(0)
        config = resolve_data_config({}, model=model)
        batch = torch.stack([create_transform(**config)(Image.fromarray(draw_scene(1)))])
        with torch.inference_mode():
            expected = model(batch)[0].numpy()
        [feature] = subject.describe([draw_scene(1)])
        assert feature @ (expected / np.linalg.norm(expected)) > 0.9999

    def test_another_models_weights_are_refused(self, tmp_path: Path) -> None:
        other = save_weights(seeded_model("test_efficientnet"), tmp_path / "other.safetensors")
        assert "other.safetensors: holds another model's weights" in refusal_message(
            tmp_path / "l", "test_resnet", other
        )

    def test_weights_that_lack_or_add_a_layer_are_refused(self, tmp_path: Path) -> None:
        state = seeded_model("test_resnet", num_classes=0).state_dict()
        last = sorted(state)[-1]
        save_file({name: tensor for name, tensor in state.items() if name != last}, tmp_path / "less")
        save_file({**state, "extra.weight": torch.ones(1)}, tmp_path / "more")
        for name in ("less", "more"):
            assert "another model's weights" in refusal_message(
                tmp_path / "l", "test_resnet", tmp_path / name
            )

    @pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
    def test_a_truncated_file_is_refused(self, tmp_path: Path, share: float) -> None:
        path = save_weights(seeded_model("test_resnet"), tmp_path / "half.safetensors")
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        assert "not a readable safetensors file" in refusal_message(tmp_path / "l", "test_resnet", path)

    def test_a_pickle_is_refused_and_never_executed(self, tmp_path: Path) -> None:
        path, mark = tmp_path / "weights.pt", tmp_path / "executed"
        path.write_bytes(pickle.dumps(Bomb(mark)))
        assert "not a readable safetensors file" in refusal_message(tmp_path / "l", "test_resnet", path)
        assert not mark.exists()
        pickle.loads(path.read_bytes())
        assert mark.exists()

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "nowhere.safetensors"
        assert f"{path}: No such file" in refusal_message(tmp_path / "l", "test_resnet", path)
        assert str(tmp_path) in refusal_message(tmp_path / "l", "test_resnet", tmp_path)

    @pytest.mark.parametrize("weights", ["untrained", "pretrained"])
    def test_a_name_that_timm_does_not_know_is_refused(self, tmp_path: Path, weights: str) -> None:
        assert "timm.list_models" in refusal_message(tmp_path / "l", "no_such_net", weights)

    def test_untrained_weights_are_the_same_each_time(self) -> None:
        first = fetch_backbone("test_resnet", "untrained")
        torch.rand(7)
        second = fetch_backbone("test_resnet", "untrained")
        assert first.weights == second.weights
        assert not first.trained
        assert first.weights != fetch_backbone("test_efficientnet", "untrained").weights

    def test_weights_that_were_swapped_on_the_disk_are_refused(
        self, library_path: Path, tmp_path: Path
    ) -> None:
        path = shutil.copytree(library_path, tmp_path / "library")
        [weights] = (path / "backbones").glob("*.safetensors")
        save_weights(seeded_model("test_resnet", num_classes=0), weights)
        for deed in (lambda: None, weights.unlink):
            deed()
            with Library.open(path) as library, pytest.raises(BackboneUnavailable, match=weights.name):
                library.search(Query((Picture(_png(tmp_path)),)))

    def test_pretrained_weights_without_a_network_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)  # read when it was imported
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        assert "go online once" in refusal_message(tmp_path / "l", "test_resnet", "pretrained")


class Bomb:
    """Unpickling it touches a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def _png(folder: Path) -> Path:
    Image.fromarray(draw_scene(3)).save(folder / "query.png")
    return folder / "query.png"


@register_model
def unpooled_resnet(pretrained: bool = False, **options: Any) -> Any:
    """A model for timm's registry that gives a map instead of one vector."""
    return timm.create_model("test_resnet", pretrained=pretrained, **options, global_pool="")


@register_model
def fixed_vit(pretrained: bool = False, **options: Any) -> Any:
    """A small transformer that takes pictures of 384 x 384 pixels only, as its larger sisters do."""
    small = {"depth": 1, "embed_dim": 48, "num_heads": 3}
    return timm.create_model("vit_tiny_patch16_384", pretrained=pretrained, **options, **small)


class TestRuntime:
    def test_a_model_of_a_fixed_size_is_run_at_its_size(self, tmp_path: Path) -> None:
        subject = make_subject(tmp_path / "library", "fixed_vit", "untrained")
        assert (subject.configuration["size"], subject.dimension) == (384, 48)
        assert np.linalg.norm(subject.describe([draw_scene(1)])) == pytest.approx(1, abs=1e-5)

    def test_a_size_that_a_model_cannot_take_is_refused_before_anything_is_made(self, tmp_path: Path) -> None:
        with write_library(tmp_path / "library") as library:
            with pytest.raises(RetrievalError, match="96"):
                library.make_spaces(fetch_backbone("fixed_vit", "untrained", size="96"))
            assert library.spaces == ()

    def test_a_model_that_does_not_pool_is_refused(self, tmp_path: Path) -> None:
        assert "not one pooled vector" in refusal_message(tmp_path / "l", "unpooled_resnet", "untrained")

    def test_weights_that_are_no_numbers_give_zeros(self, tmp_path: Path) -> None:
        model = seeded_model("test_resnet", num_classes=0)
        for tensor in model.parameters():
            tensor.data.fill_(float("nan"))
        subject = make_subject(
            tmp_path / "library", "test_resnet", save_weights(model, tmp_path / "nan.safetensors")
        )
        assert not subject.describe([draw_scene(1)]).any()

    def test_bfloat16_agrees_with_float32(self, library: Library) -> None:
        if fast_half_precision("cpu") != "bfloat16":
            pytest.skip("this processor does not compute bfloat16 in hardware")
        configuration, pictures = library.spaces[0].configuration, [draw_scene(seed) for seed in range(6)]
        exact, fast = (
            Subject(
                configuration,
                library.path / "backbones",
                Settings(device="cpu", precision=precision, runtime="torch"),
            )
            for precision in ("float32", "bfloat16")
        )
        cosines = (exact.describe(pictures) * fast.describe(pictures)).sum(axis=1)
        assert cosines.min() > 0.999
        assert not np.array_equal(exact.describe(pictures), fast.describe(pictures))
