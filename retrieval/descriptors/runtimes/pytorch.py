"""Backbones run by torch: the only home of torch, timm and safetensors, loaded on first use."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import BackboneUnavailable
from ..base import Float32, unit_rows
from ..preprocessing import Preprocessing

UNTRAINED_SEED = 2026
HUB = "huggingface.co"
# Features of a lower precision are used only where every probe's cosine to float32 is above this.
AGREEMENT = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A backbone's weights as the bytes of a safetensors file, with timm's preprocessing for them."""

    data: bytes
    preprocessing: Preprocessing
    trained: bool


def fetch(backbone: str, weights: str) -> Weights:
    """The weights of a timm backbone: "pretrained" (through timm), "untrained" (seeded) or a file.

    Raises BackboneUnavailable for an unknown name, for a file that does not fit, and when the
    pretrained weights can be neither found in timm's cache nor downloaded.
    """
    if weights not in ("pretrained", "untrained"):
        return _from_file(backbone, Path(weights))
    _go_offline_where_there_is_no_hub()
    import torch
    from safetensors.torch import save

    torch.manual_seed(UNTRAINED_SEED)
    model = _create(backbone, pretrained=weights == "pretrained")
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    return Weights(save(state), _timm_preprocessing(model), trained=weights == "pretrained")


class TorchRuntime:
    """A timm backbone without its classifier: batches in, pooled features of unit length out."""

    def __init__(self, backbone: str, weights: Path, *, device: str, precision: str) -> None:
        import torch

        self._torch = torch
        self.device = _device(device)
        model = _create(backbone, pretrained=False)
        _load(model, backbone, weights)
        self._model = model.eval().to(self.device, memory_format=torch.channels_last)
        self.dimension = self._pooled_dimension(backbone)
        self.precision = self._fastest_precision() if precision == "auto" else precision

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

    def _pooled_dimension(self, backbone: str) -> int:
        shape = self._forward(np.zeros((1, 3, 224, 224), np.float32), "float32").shape
        if len(shape) != 2:
            reason = f"gives features of shape {shape[1:]}, not one pooled vector"
            raise BackboneUnavailable(backbone, reason, BackboneUnavailable.UNKNOWN)
        return int(shape[1])

    def _fastest_precision(self) -> str:
        """bfloat16 where the processor computes it in hardware and the features agree."""
        if not _has_fast_bfloat16(self.device):
            return "float32"
        probe = np.random.default_rng(0).standard_normal((2, 3, 224, 224), np.float32)
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


def _from_file(backbone: str, path: Path) -> Weights:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackboneUnavailable(backbone, f"{path}: {error.strerror}") from error
    model = _create(backbone, pretrained=False)
    _load(model, backbone, path)
    return Weights(data, _timm_preprocessing(model), trained=True)


def _load(model: Any, backbone: str, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
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
