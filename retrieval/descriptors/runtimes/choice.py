"""Which runtime a backbone gets: by the settings, and by what the machine and the library have."""

from __future__ import annotations

from pathlib import Path

from ...settings import Settings
from . import openvino
from .base import Runtime, agreement, probe
from .export_store import Export, Exports, NoExport
from .onnx import OnnxRuntime
from .openvino import OpenVinoRuntime
from .torch_runtime import AGREEMENT, TorchRuntime, device_of
from .weights import Weights

# Without one of these no driver of a GPU is there, and torch need not be asked, nor loaded.
GPU_SIGNS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def chosen(weights: Weights, folder: Path, settings: Settings) -> Runtime:
    """What runs these weights; their export is kept in `folder`.

    `runtime` auto is torch on a GPU and for half precision, else ONNX Runtime. OpenVINO must be asked for:
    processes that used it were seen to hang, and what mends that is young. Its precision auto is bfloat16
    where the processor computes that in hardware and it agrees with float32. Torch runs what cannot be
    exported.
    Raises BackboneUnavailable, and InvalidSetting for an OpenVINO that is not installed.
    """
    if settings.runtime == "openvino":
        openvino.check_installed()
    with_openvino = settings.runtime == "openvino"
    # ONNX Runtime has neither half precision; Settings refuse such a wish together with the wish for it.
    half = settings.precision in ("bfloat16", "float16") and not with_openvino
    if settings.runtime == "torch" or half or _on_gpu(settings):
        return TorchRuntime(weights, settings.device, settings.precision)
    try:
        export = Exports(folder).of(weights)
        return _openvino(export, weights.size, settings) if with_openvino else OnnxRuntime(export)
    except NoExport as reason:
        return TorchRuntime(weights, settings.device, settings.precision, because=str(reason))


def _on_gpu(settings: Settings) -> bool:
    if settings.runtime != "auto" or settings.device == "cpu":
        return False
    there = settings.device == "cuda" or any(Path(each).exists() for each in GPU_SIGNS)
    return there and device_of(settings.device) == "cuda"


def _openvino(export: Export, size: int, settings: Settings) -> Runtime:
    if settings.precision != "auto":
        return OpenVinoRuntime(export, settings.precision)
    if openvino.has_fast_bfloat16():
        fast = OpenVinoRuntime(export, "bfloat16")
        if _agree(OnnxRuntime(export), fast, size):
            return fast
    return OpenVinoRuntime(export, "float32")


def _agree(one: Runtime, other: Runtime, size: int) -> bool:
    pooled = [each.look(probe(size))[0] for each in (one, other)]
    return agreement(*pooled) > AGREEMENT
