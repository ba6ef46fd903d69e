"""Backbones run by torch: the only home of torch, timm and safetensors, loaded on first use."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import BackboneUnavailable, InvalidSetting
from ..backbone import Backbone
from ..base import Float32, unit_rows
from ..labels import CLASSES, Classifier, Head, Name
from ..preprocessing import Preprocessing

MADE = ("pretrained", "untrained")  # weights that are not a file
UNTRAINED_SEED = 2026
HUB = "huggingface.co"
# Features of a lower precision are used only where every probe's cosine to float32 is above this.
AGREEMENT = 0.999
METADATA = "pictor"  # the key of what a weights file says about itself


def fetch_backbone(name: str, weights: str = "pretrained", **preprocessing: str) -> Backbone:
    """A timm backbone with weights: "pretrained" (through timm), "untrained" (seeded) or a safetensors file.

    `preprocessing` overrides what the file says, or else timm's, as in size="256". A file says it under the
    metadata key "pictor", as JSON: `backbone` and `preprocessing`, and for a classifier whose tensors it
    holds, `labels` (imagenet-1k) and `temperature`.
    Raises BackboneUnavailable for an unknown name, for a file or a size that does not fit, for a file that
    says something else of itself, for a model without one pooled feature, and when pretrained weights can be
    neither found in timm's cache nor downloaded; InvalidSetting for bad overrides.
    """
    if weights == "pretrained":
        _go_offline_where_there_is_no_hub()
    if weights not in MADE:
        return _from_file(name, Path(weights), preprocessing)
    model, data = _seeded_or_pretrained(name, weights)
    prepared = _timm_preprocessing(model).overridden(preprocessing)
    dimension = _pooled_dimension(model.eval(), name, prepared.size)
    return Backbone(name, data, prepared, dimension, trained=weights != "untrained")


def _seeded_or_pretrained(name: str, weights: str) -> tuple[Any, bytes]:
    import torch
    from safetensors.torch import save

    torch.manual_seed(UNTRAINED_SEED)
    model = _create(name, pretrained=weights == "pretrained")
    return model, save({key: tensor.contiguous() for key, tensor in model.state_dict().items()})


def _from_file(name: str, path: Path, overrides: Mapping[str, str]) -> Backbone:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackboneUnavailable(name, f"{path}: {error.strerror}") from error
    state = _state(name, path, data)
    said, head = _said(name, path, data)
    model = _create(name, pretrained=False)
    others = _load(model, name, path, state)
    prepared = (said or _timm_preprocessing(model)).overridden(overrides)
    dimension = _pooled_dimension(model.eval(), name, prepared.size)
    if head:
        _classifier(name, path, head, others, dimension)  # one that cannot be used is refused at once
    return Backbone(name, data, prepared, dimension, trained=True, head=head)


def _said(name: str, path: Path, data: bytes) -> tuple[Preprocessing | None, Head | None]:
    """What a file, which is known to be readable, says of itself; two times None where it says nothing."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    text = (header.get("__metadata__") or {}).get(METADATA)
    if text is None:
        return None, None
    try:
        said = _mapping(json.loads(text), "the whole")
        if said.get("backbone") != name:
            raise ValueError(f"it belongs to the backbone {said.get('backbone')!r:.80}")
        return _prepared(_mapping(said.get("preprocessing"), "preprocessing")), Head.from_json(said)
    # Nested by the thousand, numbers of 400 digits, and sizes that no picture has.
    except (ValueError, RecursionError, OverflowError, InvalidSetting) as error:
        reason = f"{path}: what its metadata says cannot be used ({error})"
        raise BackboneUnavailable(name, reason) from error


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no JSON object")
    return value


def _prepared(said: dict[str, Any]) -> Preprocessing:
    for key, kind in {"size": int, "interpolation": str, "mean": list, "std": list}.items():
        if type(said.get(key)) is not kind:
            raise ValueError(f"preprocessing has no {key}, or one of a wrong type")
    numbers: dict[str, Any] = {key: [_number(each) for each in said[key]] for key in ("mean", "std")}
    return Preprocessing.from_json(said | numbers | {"crop": _number(said.get("crop"))})


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"{value!r:.40} stands where a number is needed")
    return float(value)


def _classifier(name: str, path: Path, head: Head, tensors: Mapping[str, Any], dimension: int) -> Classifier:
    """The classifier among the tensors that a model without one has no place for."""
    found = {key.rpartition(".")[2]: each for key, each in tensors.items()}
    classes = CLASSES[head.labels]
    shapes = {key: tuple(each.shape) for key, each in found.items()}
    if len(tensors) != 2 or shapes != {"weight": (classes, dimension), "bias": (classes,)}:
        wanted = f"{classes} × {dimension} weights and {classes} biases"
        raise BackboneUnavailable(name, f"{path}: says that it has {head.labels} labels, without {wanted}")
    arrays = {key: each.float().numpy() for key, each in found.items()}
    return Classifier(arrays["weight"], arrays["bias"], head.temperature)


def label_names(labels: str) -> tuple[Name, ...]:
    """What the classes of a label set are called, by WordNet, as timm has it; in the order of their index."""
    from timm.data import ImageNetInfo

    known = ImageNetInfo(labels)
    return tuple(
        Name(known.index_to_description(index), known.index_to_description(index, detailed=True))
        for index in range(known.num_classes())
    )


def _pooled_dimension(model: Any, name: str, size: int) -> int:
    import torch

    try:
        with torch.inference_mode():
            shape = tuple(model(torch.zeros(1, 3, size, size)).shape)
    except (AssertionError, RuntimeError) as error:  # what timm's models check their input with
        reason = f"does not take pictures of {size} × {size} pixels ({error})"
        raise BackboneUnavailable(name, reason, BackboneUnavailable.OTHER_SIZE) from error
    if len(shape) != 2:
        reason = f"gives features of shape {shape[1:]}, not one pooled vector"
        raise BackboneUnavailable(name, reason, BackboneUnavailable.UNKNOWN)
    return int(shape[1])


class TorchRuntime:
    """A timm backbone: batches in, pooled features out; `classifier` labels those, where it is wanted."""

    def __init__(
        self,
        backbone: str,
        weights: bytes,
        path: Path,
        *,
        head: Head | None,
        dimension: int,
        size: int,
        device: str,
        precision: str,
    ) -> None:
        """`weights` as they were read from `path`; `head`: what their classifier is, where it is wanted.

        `dimension` is the length of a feature, `size` the pixels along each side of the batches to come.

        Raises BackboneUnavailable.
        """
        import torch

        self._torch = torch
        self.device = _device(device)
        model = _create(backbone, pretrained=False)
        others = _load(model, backbone, path, _state(backbone, path, weights))
        self.classifier = _classifier(backbone, path, head, others, dimension) if head else None
        self._model = model.eval().to(self.device, memory_format=torch.channels_last)
        self.precision = self._fastest_precision(size) if precision == "auto" else precision

    def forward(self, batch: npt.NDArray[np.float32]) -> Float32:
        """(picture, 3, height, width) to (picture, dimension), rows as the network gives them."""
        return self._forward(batch, self.precision)

    def _forward(self, batch: npt.NDArray[np.float32], precision: str) -> Float32:
        torch = self._torch
        tensor = torch.from_numpy(np.ascontiguousarray(batch)).to(
            self.device, memory_format=torch.channels_last
        )
        autocast = torch.autocast(self.device, torch.bfloat16, enabled=precision == "bfloat16")
        with torch.inference_mode(), autocast:
            pooled = self._model(tensor)
        rows: Float32 = pooled.float().cpu().numpy()
        return rows

    def _fastest_precision(self, size: int) -> str:
        """bfloat16 where the processor computes it in hardware and the features agree."""
        if not _has_fast_bfloat16(self.device):
            return "float32"
        probe = np.random.default_rng(0).standard_normal((2, 3, size, size), np.float32)
        exact, fast = (unit_rows(self._forward(probe, each)) for each in ("float32", "bfloat16"))
        cosines = (exact * fast).sum(axis=1)
        return "bfloat16" if cosines.min() > AGREEMENT else "float32"


def _create(backbone: str, *, pretrained: bool) -> Any:
    import timm

    create = partial(timm.create_model, backbone, pretrained=pretrained, num_classes=0)
    try:
        return create()
    except RuntimeError as error:
        reason = f"not a timm model that can be made ({error})"
        raise BackboneUnavailable(backbone, reason, BackboneUnavailable.UNKNOWN) from error
    except Exception as error:  # the hub's clients raise what they like: OSError, their own, httpx's
        if not pretrained:
            raise
        reason = "its pretrained weights could not be fetched"
        raise BackboneUnavailable(backbone, reason, BackboneUnavailable.OFFLINE) from error


def _state(backbone: str, path: Path, data: bytes) -> dict[str, Any]:
    """The tensors of a safetensors file; `path` is where it was read from, for messages."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        state: dict[str, Any] = load(data)
    except SafetensorError as error:
        raise BackboneUnavailable(backbone, f"{path}: not a readable safetensors file ({error})") from error
    return state


def _load(model: Any, backbone: str, path: Path, state: Mapping[str, Any]) -> dict[str, Any]:
    """Put the tensors into the model; those of the classifier, which it has no place for."""
    classifier = model.default_cfg.get("classifier") or ()
    heads = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    others = {name: each for name, each in state.items() if name.startswith(tuple(f"{h}." for h in heads))}
    kept = {name: each for name, each in state.items() if name not in others}
    try:
        model.load_state_dict(kept, strict=True)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise BackboneUnavailable(backbone, f"{path}: holds another model's weights ({reason})") from error
    return others


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


def _device(wanted: str) -> str:
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def _has_fast_bfloat16(device: str) -> bool:
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def _go_offline_where_there_is_no_hub() -> None:
    """Without a network, the hub's client would try for most of a minute before it says so."""
    if any(name.lower() in ("https_proxy", "all_proxy", "hf_endpoint") for name in os.environ):
        return
    try:
        socket.getaddrinfo(HUB, 443)
    except OSError:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
