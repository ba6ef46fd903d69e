"""Backbones run by torch: the only home of torch, timm and safetensors, loaded on first use."""

from __future__ import annotations

import os
import socket
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import BackboneUnavailable
from ..backbone import Backbone
from ..base import Float32, unit_rows
from ..preprocessing import Preprocessing

MADE = ("pretrained", "untrained")  # weights that are not a file
UNTRAINED_SEED = 2026
HUB = "huggingface.co"
# Features of a lower precision are used only where every probe's cosine to float32 is above this.
AGREEMENT = 0.999


def fetch_backbone(name: str, weights: str = "pretrained", **preprocessing: str) -> Backbone:
    """A timm backbone with weights: "pretrained" (through timm), "untrained" (seeded) or a safetensors file.

    `preprocessing` overrides timm's, as in size="256". Raises BackboneUnavailable for an unknown name,
    for a file or a size that does not fit, for a model without one pooled feature, and when pretrained
    weights can be neither found in timm's cache nor downloaded; InvalidSetting for bad overrides.
    """
    if weights == "pretrained":
        _go_offline_where_there_is_no_hub()
    model, data = _seeded_or_pretrained(name, weights) if weights in MADE else _from_file(name, Path(weights))
    prepared = _timm_preprocessing(model).overridden(preprocessing)
    dimension = _pooled_dimension(model.eval(), name, prepared.size)
    return Backbone(name, data, prepared, dimension, trained=weights != "untrained")


def _seeded_or_pretrained(name: str, weights: str) -> tuple[Any, bytes]:
    import torch
    from safetensors.torch import save

    torch.manual_seed(UNTRAINED_SEED)
    model = _create(name, pretrained=weights == "pretrained")
    return model, save({key: tensor.contiguous() for key, tensor in model.state_dict().items()})


def _from_file(name: str, path: Path) -> tuple[Any, bytes]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackboneUnavailable(name, f"{path}: {error.strerror}") from error
    model = _create(name, pretrained=False)
    _load(model, name, path, data)
    return model, data


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
    """A timm backbone without its classifier: batches in, pooled features of unit length out."""

    def __init__(
        self, backbone: str, weights: bytes, path: Path, *, size: int, device: str, precision: str
    ) -> None:
        """`weights` as they were read from `path`; `size`: pixels along each side of the batches to come.

        Raises BackboneUnavailable.
        """
        import torch

        self._torch = torch
        self.device = _device(device)
        model = _create(backbone, pretrained=False)
        _load(model, backbone, path, weights)
        self._model = model.eval().to(self.device, memory_format=torch.channels_last)
        self.precision = self._fastest_precision(size) if precision == "auto" else precision

    def forward(self, batch: npt.NDArray[np.float32]) -> Float32:
        """(picture, 3, height, width) to (picture, dimension), rows of unit length."""
        return self._forward(batch, self.precision)

    def _forward(self, batch: npt.NDArray[np.float32], precision: str) -> Float32:
        torch = self._torch
        tensor = torch.from_numpy(np.ascontiguousarray(batch)).to(
            self.device, memory_format=torch.channels_last
        )
        autocast = torch.autocast(self.device, torch.bfloat16, enabled=precision == "bfloat16")
        with torch.inference_mode(), autocast:
            pooled = self._model(tensor)
        return unit_rows(pooled.float().cpu().numpy())

    def _fastest_precision(self, size: int) -> str:
        """bfloat16 where the processor computes it in hardware and the features agree."""
        if not _has_fast_bfloat16(self.device):
            return "float32"
        probe = np.random.default_rng(0).standard_normal((2, 3, size, size), np.float32)
        cosines = (self._forward(probe, "float32") * self._forward(probe, "bfloat16")).sum(axis=1)
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


def _load(model: Any, backbone: str, path: Path, data: bytes) -> None:
    """Put the weights into the model; `path` is where they were read from, for messages."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        state = load(data)
    except SafetensorError as error:
        raise BackboneUnavailable(backbone, f"{path}: not a readable safetensors file ({error})") from error
    classifier = model.default_cfg.get("classifier") or ()
    heads = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    kept = {name: each for name, each in state.items() if not name.startswith(tuple(f"{h}." for h in heads))}
    try:
        model.load_state_dict(kept, strict=True)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise BackboneUnavailable(backbone, f"{path}: holds another model's weights ({reason})") from error


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
