"""Backbones for a new library: from timm, with weights that are downloaded, seeded or read from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import BackboneUnavailable, InvalidSetting
from ..backbone import Backbone, TowerWeights
from ..labels import ClassifierSettings
from ..preprocessing import Preprocessing
from .clip import fetch_tower
from .hub import go_offline_without_hub
from .timm_models import create_model, fill_model, find_stages, read_tensors
from .weights import read_classifier

NAMED_WEIGHTS = ("pretrained", "untrained")  # weights that are not a file
UNTRAINED_SEED = 2026
METADATA_KEY = "pictor"  # under which a weights file describes itself


def fetch_backbone(
    name: str, weights: str = "pretrained", *, text_tower: str | None = None, **preprocessing: str
) -> Backbone:
    """A timm backbone with weights: "pretrained" (through timm), "untrained" (seeded) or a safetensors file.

    `preprocessing` overrides single values, as in size="256". All others come from the weights file, or else
    from timm. A file states them in its metadata under the key "pictor", as JSON: `backbone`, `preprocessing`
    and, for a classifier whose tensors the file holds, `labels` (imagenet-1k) and `temperature`.
    With a `text_tower` (see runtimes.clip.fetch_tower) the feature is the output of the backbone's last
    layer, which projects it to the space that pictures share with texts.
    Raises BackboneUnavailable for an unknown name, for a file or a size that does not fit, for a file whose
    metadata contradicts its use, for a model that does not give one pooled vector, and when pretrained
    weights are not in timm's cache and cannot be downloaded. Raises InvalidSetting for invalid overrides.
    """
    if weights == "pretrained":
        go_offline_without_hub()
    tower = fetch_tower(text_tower, name) if text_tower is not None else None
    if weights not in NAMED_WEIGHTS:
        return _read_backbone(name, Path(weights), preprocessing, tower)
    model, data = _make_model(name, weights, _projection_size(tower))
    prepared = _timm_preprocessing(model).with_overrides(preprocessing)
    dimension = _pooled_dimension(model.eval(), name, prepared.size)
    stages = find_stages(model, prepared.size)
    trained = weights != "untrained"
    return Backbone(name, data, prepared, dimension, trained=trained, stages=stages, tower=tower)


def _projection_size(tower: TowerWeights | None) -> int:
    """How many numbers the last layer gives; 0 for a backbone that is used without it."""
    return tower.dimension if tower else 0


def _make_model(name: str, weights: str, projection: int) -> tuple[Any, bytes]:
    """A model with pretrained or seeded weights, and these as a safetensors file."""
    import torch
    from safetensors.torch import save

    torch.manual_seed(UNTRAINED_SEED)
    model = create_model(name, pretrained=weights == "pretrained", projection=projection)
    trained_size = model.pretrained_cfg.get("num_classes")
    # timm would fill a last layer of another size with random numbers.
    if weights == "pretrained" and projection not in (0, trained_size):
        reason = f"its pretrained weights give {trained_size} numbers, and its text tower {projection}"
        raise BackboneUnavailable(name, reason, "choose the tower that it was trained with")
    return model, save({key: tensor.contiguous() for key, tensor in model.state_dict().items()})


def _read_backbone(
    name: str, path: Path, overrides: Mapping[str, str], tower: TowerWeights | None
) -> Backbone:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackboneUnavailable(name, f"{path}: {error.strerror}") from error
    tensors = read_tensors(name, path, data)
    preprocessing, head = _read_metadata(name, path, data)
    if tower and head:
        reason = f"{path}: its last layer predicts labels and does not project to the space of texts"
        raise BackboneUnavailable(name, reason, "leave --text-tower out")
    model = create_model(name, pretrained=False, projection=_projection_size(tower))
    unused = fill_model(model, name, path, tensors)
    prepared = (preprocessing or _timm_preprocessing(model)).with_overrides(overrides)
    dimension = _pooled_dimension(model.eval(), name, prepared.size)
    if head:
        read_classifier(name, path, data, list(unused), head, dimension)  # refuses an unusable one at once
    stages = find_stages(model, prepared.size)
    return Backbone(name, data, prepared, dimension, trained=True, head=head, stages=stages, tower=tower)


def _read_metadata(
    name: str, path: Path, data: bytes
) -> tuple[Preprocessing | None, ClassifierSettings | None]:
    """What a readable safetensors file states about itself; (None, None) where it states nothing."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    text = (header.get("__metadata__") or {}).get(METADATA_KEY)
    if text is None:
        return None, None
    try:
        metadata = _require_object(json.loads(text), "metadata")
        if metadata.get("backbone") != name:
            raise ValueError(f"it belongs to the backbone {metadata.get('backbone')!r:.80}")
        values = _require_object(metadata.get("preprocessing"), "preprocessing")
        return _parse_preprocessing(values), ClassifierSettings.from_json(metadata)
    # The last three: brackets nested a thousand times, numbers of 400 digits, impossible sizes.
    except (ValueError, RecursionError, OverflowError, InvalidSetting) as error:
        reason = f"{path}: its metadata cannot be used ({error})"
        raise BackboneUnavailable(name, reason) from error


def _require_object(value: Any, title: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{title} is not a JSON object")
    return value


def _parse_preprocessing(values: dict[str, Any]) -> Preprocessing:
    for key, kind in {"size": int, "interpolation": str, "mean": list, "std": list}.items():
        if type(values.get(key)) is not kind:
            raise ValueError(f"preprocessing has no {key}, or one of a wrong type")
    triples: dict[str, Any] = {
        key: [_require_number(number) for number in values[key]] for key in ("mean", "std")
    }
    return Preprocessing.from_json(values | triples | {"crop": _require_number(values.get("crop"))})


def _require_number(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"{value!r:.40} is not a number")
    return float(value)


def _timm_preprocessing(model: Any) -> Preprocessing:
    from timm.data import resolve_data_config

    config = resolve_data_config({}, model=model)
    bilinear = config["interpolation"] == "bilinear"
    return Preprocessing(
        size=config["input_size"][-1],
        crop=config["crop_pct"],
        interpolation="bilinear" if bilinear else "bicubic",
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
    )


def _pooled_dimension(model: Any, name: str, size: int) -> int:
    import torch

    try:
        with torch.inference_mode():
            shape = tuple(model(torch.zeros(1, 3, size, size)).shape)
    except (AssertionError, RuntimeError) as error:  # timm's models raise these for an input they cannot take
        reason = f"does not take pictures of {size} × {size} pixels ({error})"
        raise BackboneUnavailable(name, reason, BackboneUnavailable.OTHER_SIZE) from error
    if len(shape) != 2:
        reason = f"gives features of shape {shape[1:]}, not one pooled vector"
        raise BackboneUnavailable(name, reason, BackboneUnavailable.UNKNOWN)
    return int(shape[1])
