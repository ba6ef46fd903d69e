"""A tiny, seeded backbone and a text tower for it, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import save_file

BACKBONE = "test_resnet"
DIMENSION = 24
CONTEXT = 12
MODEL = {
    "embed_dim": DIMENSION,
    "vision_cfg": {"timm_model_name": BACKBONE},
    "text_cfg": {"context_length": CONTEXT, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
}


def make_tower(folder: Path, *, seed: int = 1, prefix: str = "", **text_options: Any) -> Path:
    """A tower as open_clip saves it: its weights, and the configuration beside them."""
    from open_clip.model import _build_text_tower

    torch.manual_seed(seed)
    model = {**MODEL, "text_cfg": {**MODEL["text_cfg"], **text_options}}  # type: ignore[dict-item]
    tower = _build_text_tower(DIMENSION, model["text_cfg"])
    state = {f"{prefix}{name}": tensor.contiguous() for name, tensor in tower.state_dict().items()}
    state |= {"visual.proj": torch.ones(2), "logit_scale": torch.ones(1)}
    folder.mkdir(exist_ok=True)
    save_file(state, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model}), "utf-8")
    return folder / "open_clip_model.safetensors"


def make_weights(folder: Path, dimension: int = DIMENSION) -> Path:
    torch.manual_seed(2)
    model = timm.create_model(BACKBONE, pretrained=False, num_classes=dimension)
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, folder / "image")
    return folder / "image"
