"""A tiny backbone whose weights file holds a classifier, for tests of predicted labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import save_file

from indexer.upkeep.opening import LibrarySpec

BACKBONE = "test_resnet"
SHARPNESS = 200.0  # factor on the classifier: seeded weights alone give all classes nearly the same chance
WEIGHTS_METADATA: dict[str, Any] = {
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


def labelled_model(classes: int = 1000) -> Any:
    """The model, with the same weights in every run."""
    torch.manual_seed(5)
    classifier = timm.create_model(BACKBONE, pretrained=False, num_classes=classes).eval()
    classifier.fc.weight.data.mul_(SHARPNESS)
    return classifier


def save_weights(
    path: Path, metadata: Any = WEIGHTS_METADATA, *, dtype: torch.dtype = torch.float32, **tensors: Any
) -> Path:
    """A weights file with this metadata. `fc_weight=…` replaces a tensor, and None leaves the tensor out."""
    state = labelled_model().state_dict() | {
        name.replace("_", ".", 1): tensor for name, tensor in tensors.items()
    }
    tensors_to_save = {
        name: (tensor.to(dtype) if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in state.items()
        if tensor is not None
    }
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    save_file(tensors_to_save, path, metadata={"pictor": text})
    return path


def labelled_spec(folder: Path) -> LibrarySpec:
    """How to make a library whose pictures get predicted labels."""
    folder.mkdir(parents=True, exist_ok=True)
    return LibrarySpec(backbone=BACKBONE, weights=str(save_weights(folder / "labelled.safetensors")))
