"""How a picture becomes a backbone's input: as timm does it, or with overridden values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
from PIL import Image
from timm.data import create_transform, resolve_data_config

from retrieval import InvalidSetting, fetch_backbone, write_library
from retrieval.descriptors.preprocessing import Preprocessing
from tests.drawing import draw_scene

CONFIGS: dict[str, dict[str, Any]] = {
    "resnet": {"input_size": (3, 160, 160), "interpolation": "bilinear", "crop_pct": 0.95},
    "vit": {"input_size": (3, 224, 224), "interpolation": "bicubic", "crop_pct": 0.875},
    "whole": {"input_size": (3, 96, 96), "interpolation": "bicubic", "crop_pct": 1.0},
}


class TestPreprocessing:
    @pytest.mark.parametrize("shape", [(160, 120), (120, 160), (333, 200), (64, 64), (90, 31), (1024, 700)])
    @pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
    def test_it_does_what_timm_does(self, config: dict[str, Any], shape: tuple[int, int]) -> None:
        picture = draw_scene(2, *shape)
        mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)
        expected = create_transform(**config, mean=mean, std=std)(Image.fromarray(picture)).numpy()
        ours = Preprocessing(
            config["input_size"][-1], config["crop_pct"], config["interpolation"], mean, std
        ).prepare_batch([picture])
        assert ours.shape == (1, *config["input_size"])
        assert ours.dtype == np.float32
        assert np.abs(ours[0] - expected).max() < 1e-5

    @pytest.mark.parametrize("backbone", ["test_resnet", "test_efficientnet", "test_vit", "test_convnext"])
    def test_it_is_read_from_timm(self, backbone: str) -> None:
        config = resolve_data_config({}, model=timm.create_model(backbone))
        ours = fetch_backbone(backbone, "untrained").preprocessing
        assert (ours.size, ours.crop) == (config["input_size"][-1], config["crop_pct"])
        assert (ours.interpolation, ours.mean, ours.std) == (
            config["interpolation"],
            config["mean"],
            config["std"],
        )

    def test_overrides_are_kept_with_the_library(self, tmp_path: Path) -> None:
        texts = {"size": "96", "crop": "1", "interpolation": "bicubic", "mean": "0.5", "std": "0.2,0.3,0.4"}
        with write_library(tmp_path / "library") as library:
            library.make_spaces(fetch_backbone("test_resnet", "untrained", **texts))
            stored = library.spaces[0].configuration
        expected = Preprocessing(96, 1.0, "bicubic", (0.5, 0.5, 0.5), (0.2, 0.3, 0.4))
        assert Preprocessing.from_json(stored) == expected
        assert stored.items() >= expected.as_json().items()
        assert Preprocessing().with_overrides(texts) == expected

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("size", "big"),
            ("size", "8"),
            ("size", "4096"),
            ("crop", "0"),
            ("crop", "1.5"),
            ("crop", "nan"),
            ("interpolation", "nearest"),
            ("std", "0"),
            ("std", "nan"),
            ("std", "0.2,0.2"),
            ("mean", "0.1,0.2"),
            ("mean", "nan"),
            ("mean", "inf"),
            ("mean", ""),
            ("colour", "grey"),
        ],
    )
    def test_nonsense_is_refused_by_name(self, name: str, text: str) -> None:
        with pytest.raises(InvalidSetting, match=name):
            Preprocessing().with_overrides({name: text})
