"""Chooses the runtime of a backbone, from the settings, the machine and what the library stores."""

from __future__ import annotations

from pathlib import Path

from ...settings import Settings
from . import openvino
from .base import Runtime, comparison_batch, least_cosine
from .export import Export, NoExport
from .export_cache import ExportCache
from .export_store import ExportStore
from .onnx import OnnxRuntime
from .openvino import OpenVinoRuntime
from .torch_runtime import LEAST_HALF_PRECISION_COSINE, TorchRuntime, resolve_device
from .weights import Weights

# Where none of these exists there is no driver for a GPU, and torch need not be loaded to look for one.
GPU_DEVICE_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def choose_runtime(weights: Weights, folder: Path, settings: Settings) -> Runtime:
    """The runtime for these weights; their export is stored in `folder`.

    `runtime` auto means torch on a GPU and for half precision, and otherwise ONNX Runtime. OpenVINO is used
    only where the settings name it: processes that used it have hung, and the fix is recent. With OpenVINO,
    precision auto means bfloat16 where the processor computes it in hardware and it agrees with float32.
    A backbone that cannot be exported is run by torch.
    Raises BackboneUnavailable, and InvalidSetting where the settings name OpenVINO and it is not installed.
    """
    with_openvino = settings.runtime == "openvino"
    if with_openvino:
        openvino.check_installed()
    # ONNX Runtime has no half precision; Settings refuses it together with the runtime onnx.
    half = settings.precision in ("bfloat16", "float16") and not with_openvino
    if settings.runtime == "torch" or half or _uses_gpu(settings):
        return TorchRuntime(weights, settings.device, settings.precision)
    try:
        export = find_export(weights, folder, ExportCache.of_machine())
        return _openvino_runtime(export, weights.size, settings) if with_openvino else OnnxRuntime(export)
    except NoExport as reason:
        return TorchRuntime(weights, settings.device, settings.precision, because=str(reason))


def find_export(weights: Weights, folder: Path, cache: ExportCache | None = None) -> Export:
    """The export of a backbone from a library's folder, where it is made if it is missing or damaged.

    What `cache` holds is copied from there, and what is made is kept there for the next library.
    Raises NoExport (see ExportStore.find_or_make), and BackboneUnavailable for weights that do not fit.
    """

    def make_export(weights: Weights) -> Export:
        return cache.find_or_make(weights, _export_with_torch) if cache else _export_with_torch(weights)

    return ExportStore(folder).find_or_make(weights, make_export)


def _export_with_torch(weights: Weights) -> Export:
    from .exporter import export_backbone  # loads torch

    return export_backbone(weights)


def _uses_gpu(settings: Settings) -> bool:
    if settings.runtime != "auto" or settings.device == "cpu":
        return False
    may_have_gpu = settings.device == "cuda" or any(Path(path).exists() for path in GPU_DEVICE_FILES)
    return may_have_gpu and resolve_device(settings.device) == "cuda"


def _openvino_runtime(export: Export, size: int, settings: Settings) -> Runtime:
    if settings.precision != "auto":
        return OpenVinoRuntime(export, settings.precision)
    if openvino.has_fast_bfloat16():
        fast = OpenVinoRuntime(export, "bfloat16")
        if _features_agree(OnnxRuntime(export), fast, size):
            return fast
    return OpenVinoRuntime(export, "float32")


def _features_agree(exact: Runtime, fast: Runtime, size: int) -> bool:
    batch = comparison_batch(size)
    return (
        least_cosine(exact.run_batch(batch).pooled, fast.run_batch(batch).pooled)
        > LEAST_HALF_PRECISION_COSINE
    )
