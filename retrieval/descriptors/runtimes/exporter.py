"""Writes backbones as ONNX files, by torch, and compares them with torch; loaded only for that."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from io import BytesIO
from threading import Lock
from typing import Any

import torch

from ..base import Float32
from .base import agreement, probe
from .export_store import INPUT, LAST, POOLED, Export, NoExport, stage_name
from .onnx import OnnxRuntime
from .torch_runtime import label_names, loaded, stages_of
from .weights import Weights

OPSET = 17
AGREEMENT = 0.9999  # the least cosine to torch that every output has on every probe
EXPORTING = Lock()  # torch's exporter keeps its state in the module


def exported(weights: Weights) -> Export:
    """The backbone as torch exports it; raises NoExport, with the reason, where it cannot or disagrees.

    Outputs are compared with torch's, in float32, for a batch and for a single picture.
    Raises BackboneUnavailable for weights that do not fit.
    """
    model, others = loaded(weights)
    stages = [each.number for each in stages_of(model, weights.size)]
    seen = _Seen(model, stages)
    found = Export(
        weights.backbone,
        _written(seen, weights.size),
        tuple(stages),
        seen.has_map(weights.size),
        tuple(sorted(others)),
        label_names(weights.labels) if weights.labels else (),
    )
    _check(found, seen, weights.size)
    return found


class _Seen(torch.nn.Module):
    """A backbone that gives the outputs of its export."""

    def __init__(self, model: Any, stages: Sequence[int]) -> None:
        super().__init__()
        self._model, self._stages = model.eval(), list(stages)
        self.names = [POOLED, *((LAST, *map(stage_name, stages)) if stages else ())]
        self.eval()

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if not self._stages:
            return (self._model(pictures),)
        last, inside = self._model.forward_intermediates(pictures, indices=self._stages)
        return self._model.forward_head(last), last, *inside

    def arrays(self, batch: Float32) -> dict[str, Float32]:
        """The outputs of a batch by name."""
        with torch.inference_mode():
            found = self(torch.from_numpy(batch))
        return {name: each.numpy() for name, each in zip(self.names, found, strict=True)}

    def has_map(self, size: int) -> bool:
        """Whether the last features are those of a map."""
        last = self.arrays(probe(size)[:1]).get(LAST)
        return last is not None and last.ndim == 4


def _written(seen: _Seen, size: int) -> bytes:
    file = BytesIO()
    axes = {name: {0: "picture"} for name in (INPUT, *seen.names)}
    with warnings.catch_warnings():
        # This exporter is to go one day; its successor takes 10 to 30 times as long and needs onnxscript.
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                seen,
                (torch.zeros(2, 3, size, size),),
                file,  # type: ignore[arg-type]
                input_names=[INPUT],
                output_names=seen.names,
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
        except Exception as error:  # an exporter raises what the model's own code makes it raise
            raise NoExport(f"torch cannot export it: {type(error).__name__}") from error
    return file.getvalue()


def _check(export: Export, seen: _Seen, size: int) -> None:
    runtime = OnnxRuntime(export)
    for batch in (probe(size), probe(size)[:1]):
        expected = seen.arrays(batch)
        pooled, inside = runtime.look(batch, export.stages)
        found = {POOLED: pooled, **{stage_name(number): each for number, each in inside.items()}}
        if export.has_map:
            found[LAST] = runtime.last_map(batch)[1]
        for name, array in found.items():
            cosine = agreement(array, expected[name]) if array.shape == expected[name].shape else 0.0
            if not cosine >= AGREEMENT:
                raise NoExport(f"its export disagrees with torch: {name} has a cosine of {cosine:.5f}")
