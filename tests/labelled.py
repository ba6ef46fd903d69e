"""A tiny backbone whose file holds a classifier: what tests predict labels with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import save_file

from indexer.upkeep.opening import Recipe

BACKBONE = "test_resnet"
SHARPNESS = 200.0  # of the classifier: seeded weights alone find every class as likely as any other
SAID: dict[str, Any] = {
    "backbone": BACKBONE,
    "preprocessing": {
        "size": 64,
        "crop": 1.0,
        "interpolation": "bilinear",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
    },
    "labels": "imagenet-1k",
    "temperature": 1.25,
}


def model(classes: int = 1000) -> Any:
    """The same weights in every run."""
    torch.manual_seed(5)
    made = timm.create_model(BACKBONE, pretrained=False, num_classes=classes).eval()
    made.fc.weight.data.mul_(SHARPNESS)
    return made


def saved(path: Path, said: Any = SAID, *, dtype: torch.dtype = torch.float32, **tensors: Any) -> Path:
    """A weights file that says `said` of itself; `fc_weight=…` takes the place of a tensor, None leaves it out."""
    state = model().state_dict() | {name.replace("_", ".", 1): each for name, each in tensors.items()}
    kept = {
        name: (each.to(dtype) if each.is_floating_point() else each).contiguous()
        for name, each in state.items()
        if each is not None
    }
    text = said if isinstance(said, str) else json.dumps(said)
    save_file(kept, path, metadata={"pictor": text})
    return path


def recipe(folder: Path) -> Recipe:
    """How a library is made whose pictures get labels."""
    folder.mkdir(parents=True, exist_ok=True)
    return Recipe(backbone=BACKBONE, weights=str(saved(folder / "labelled.safetensors")))
