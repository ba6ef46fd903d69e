"""Runs backbones by torch, which is loaded on first use."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, TypeAlias, final

import numpy as np

from ...errors import BackboneUnavailable
from ...ranking.arrays import Float32Array, Float32Matrix
from ..labels import ClassName
from .base import LAST_STAGE, BackboneOutput, comparison_batch, least_cosine
from .batch_size import UNLIMITED, PassSize, cut_batch, run_overlapped
from .timm_models import label_names, load_model
from .transfer import BatchTransfer
from .weights import Weights

TensorOutput: TypeAlias = tuple[Any, dict[int, Any]]  # a BackboneOutput that the device is still computing
# A lower precision is used only where every cosine to the features in float32 is above this.
LEAST_HALF_PRECISION_COSINE = 0.999
FREE_MEMORY = "free some of it, or choose the device cpu"
FAST_FLOAT16 = (7, 0)  # compute capability: Volta and later; most older GPUs are slower in it than in float32


@final
class TorchRuntime:
    """A timm backbone, on a processor or a GPU. The outputs of exports are compared with it."""

    def __init__(self, weights: Weights, device: str, precision: str, *, because: str = "") -> None:
        """`device` and `precision` as in the settings; `because`: why no other runtime was chosen.

        Raises BackboneUnavailable.
        """
        import torch

        self._torch, self._weights, self._because = torch, weights, because
        self.device = resolve_device(device)
        model, unused = load_model(weights)
        self.classifier_tensors = tuple(sorted(unused))
        self._model = model.to(self.device, memory_format=torch.channels_last)
        self._transfer = BatchTransfer(self.device)
        self._pass_size = UNLIMITED if self.device == "cpu" else PassSize()
        self.precision = self._fastest_precision() if precision == "auto" else precision

    @property
    def name(self) -> str:
        where = "" if self.device == "cpu" else f" on {self.device}"
        return f"torch {self.precision}{where}" + (f" ({self._because})" if self._because else "")

    @cached_property
    def label_names(self) -> tuple[ClassName, ...]:
        return label_names(self._weights.labels) if self._weights.labels else ()

    def run_batch(self, batch: Float32Array, stages: Sequence[int] = ()) -> BackboneOutput:
        """On a GPU a batch is run in passes of the size that was found to be fastest.

        A pass that does not fit into memory is halved until it does, and later passes start at that size.
        Raises BackboneUnavailable where the memory does not suffice for one picture.
        """
        pieces = cut_batch(batch, lambda: self._pass_size.size)
        return _join_outputs(
            list(run_overlapped(pieces, self._send_piece, partial(self._begin_pass, stages=stages)))
        )

    def last_map(self, batch: Float32Array) -> tuple[Float32Matrix, Float32Array]:
        tensor = self._load_batch(batch)
        with self._torch.inference_mode():
            last = self._model.forward_features(tensor)
            pooled = self._model.forward_head(last)
        if last.ndim != 4:
            reason = f"its last features have shape {tuple(last.shape[1:])} and are not a map"
            raise BackboneUnavailable(self._weights.backbone, reason, BackboneUnavailable.UNKNOWN)
        return _to_array(pooled), _to_array(last)

    def _load_batch(self, batch: Float32Array) -> Any:
        return self._transfer.receive_tensor(self._transfer.send_batch(batch))

    def _send_piece(self, piece: Float32Array) -> tuple[Float32Array, Any]:
        """A piece and its tensor. The tensor is None if there is no memory for it during another pass."""
        try:
            return piece, self._transfer.send_batch(piece)
        except self._torch.OutOfMemoryError:
            return piece, None

    def _begin_pass(
        self, sent: tuple[Float32Array, Any], stages: Sequence[int]
    ) -> Callable[[], BackboneOutput]:
        """Start a pass. The function returned waits for its output.

        A pass that does not fit into memory is run in two halves before this returns.
        """
        (piece, tensor), started = sent, time.perf_counter()
        try:
            tensor = self._transfer.send_batch(piece) if tensor is None else tensor
            output = self._forward(self._transfer.receive_tensor(tensor), self.precision, stages)
            return partial(self._finish_pass, piece, output, started)
        except self._torch.OutOfMemoryError as error:
            if len(piece) < 2:
                reason = f"{self.device} has no memory left for one picture"
                raise BackboneUnavailable(self._weights.backbone, reason, FREE_MEMORY) from error
        self._torch.cuda.empty_cache()  # not in the handler: there, the error still holds the pass's tensors
        self._pass_size = self._pass_size.without_memory(len(piece))
        middle = len(piece) // 2
        halves = [self._begin_pass((half, None), stages)() for half in (piece[:middle], piece[middle:])]
        return partial(_join_outputs, halves)

    def _finish_pass(self, piece: Float32Array, tensors: TensorOutput, started: float) -> BackboneOutput:
        """Wait for the output. A piece that exceeds the range of float16 (65,504) is run again in float32."""
        output = _to_output(tensors)
        self._pass_size = self._pass_size.after_pass(len(piece), time.perf_counter() - started)
        if self.precision == "float16" and not np.isfinite(output.pooled).all():
            return _to_output(self._forward(self._load_batch(piece), "float32", list(output.stages)))
        return output

    def _forward(self, tensor: Any, precision: str, stages: Sequence[int] = ()) -> TensorOutput:
        dtype = getattr(self._torch, precision)
        autocast = self._torch.autocast(self.device, dtype, enabled=precision != "float32")
        with self._torch.inference_mode(), autocast:
            if not stages:
                return self._model(tensor), {}
            inner = [number for number in stages if number != LAST_STAGE]
            if inner:
                last, tensors = self._model.forward_intermediates(tensor, indices=inner)
            else:
                last, tensors = self._model.forward_features(tensor), []
            maps = {**dict(zip(inner, tensors, strict=True)), LAST_STAGE: last}
            return self._model.forward_head(last), {number: maps[number] for number in stages}

    def _fastest_precision(self) -> str:
        """Half precision where the device computes it in hardware and the features agree with float32."""
        half = fast_half_precision(self.device)
        if not half:
            return "float32"
        tensor = self._load_batch(comparison_batch(self._weights.size))
        exact, fast = (_to_array(self._forward(tensor, precision)[0]) for precision in ("float32", half))
        return half if least_cosine(exact, fast) > LEAST_HALF_PRECISION_COSINE else "float32"


def _to_array(tensor: Any) -> Float32Array:
    array: Float32Array = tensor.float().cpu().numpy()
    return array


def _to_output(tensors: TensorOutput) -> BackboneOutput:
    pooled, stages = tensors
    return BackboneOutput(_to_array(pooled), {number: _to_array(stage) for number, stage in stages.items()})


def _join_outputs(outputs: Sequence[BackboneOutput]) -> BackboneOutput:
    """The outputs of the pieces of a batch as the output of the batch."""
    if len(outputs) == 1:
        return outputs[0]
    pooled = np.concatenate([output.pooled for output in outputs])
    return BackboneOutput(
        pooled,
        {
            number: np.concatenate([output.stages[number] for output in outputs])
            for number in outputs[0].stages
        },
    )


def resolve_device(setting: str) -> str:
    """The device that a setting means; for auto, a GPU where there is one that torch can use."""
    import torch

    if setting == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return setting


def fast_half_precision(device: str) -> str:
    """The half precision that a device computes in hardware: bfloat16, or float16 on older GPUs; else ""."""
    import torch

    if device == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bfloat16"
        return "float16" if torch.cuda.get_device_capability() >= FAST_FLOAT16 else ""
    capabilities = torch.cpu.get_capabilities()
    return "bfloat16" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else ""
