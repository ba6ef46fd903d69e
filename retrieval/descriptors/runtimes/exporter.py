"""Exports backbones as ONNX files and compares these with torch. Importing this module loads torch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import Any, final

import torch

from ...ranking.arrays import Float32Array
from .base import comparison_batch, least_cosine
from .export import INPUT, LAST, POOLED, Export, NoExport, stage_name
from .onnx import OnnxRuntime
from .timm_models import find_stages, label_names, load_model
from .weights import Weights

OPSET = 17
LEAST_EXPORT_COSINE = (
    0.9999  # the least cosine to torch's output that is accepted, for every output and every picture
)


def export_backbone(weights: Weights) -> Export:
    """The backbone as an ONNX file, written by torch.

    Its outputs are compared with those of torch in float32, for a batch and for a single picture.
    Raises NoExport, with the reason, where torch cannot export the backbone or its outputs differ.
    Raises BackboneUnavailable for weights that do not fit.
    """
    model, unused = load_model(weights)
    stages = [stage.number for stage in find_stages(model, weights.size)]
    exported_model = _ExportedModel(model, stages)
    export = Export(
        weights.backbone,
        _write_onnx(exported_model, weights.size),
        tuple(stages),
        exported_model.has_map(weights.size),
        tuple(sorted(unused)),
        label_names(weights.labels) if weights.labels else (),
    )
    _check_agreement(export, exported_model, weights.size)
    return export


@final
class _ExportedModel(torch.nn.Module):
    """A backbone that gives the outputs of its export."""

    def __init__(self, model: Any, stages: Sequence[int]) -> None:
        super().__init__()
        self._model, self._stages = model.eval(), list(stages)
        self.names = [POOLED, *((LAST, *map(stage_name, stages)) if stages else ())]
        self.eval()

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if not self._stages:
            return (self._model(pictures),)
        last, stages = self._model.forward_intermediates(pictures, indices=self._stages)
        return self._model.forward_head(last), last, *stages

    def compute_outputs(self, batch: Float32Array) -> dict[str, Float32Array]:
        """The outputs for a batch, by name."""
        with torch.inference_mode():
            tensors = self(torch.from_numpy(batch))
        return {name: tensor.numpy() for name, tensor in zip(self.names, tensors, strict=True)}

    def has_map(self, size: int) -> bool:
        """Whether the last features are a map (picture, channel, row, column)."""
        last = self.compute_outputs(comparison_batch(size)[:1]).get(LAST)
        return last is not None and last.ndim == 4


def _write_onnx(model: _ExportedModel, size: int) -> bytes:
    file = BytesIO()
    axes = {name: {0: "picture"} for name in (INPUT, *model.names)}
    with warnings.catch_warnings():
        # torch will remove this exporter one day. Its successor takes 10 to 30 times as long, and needs
        # onnxscript.
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                model,
                (torch.zeros(2, 3, size, size),),
                file,  # type: ignore[arg-type]
                input_names=[INPUT],
                output_names=model.names,
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
        except Exception as error:  # the exporter passes on whatever the model's own code raises
            raise NoExport(f"torch cannot export it: {type(error).__name__}") from error
    return file.getvalue()


def _check_agreement(export: Export, model: _ExportedModel, size: int) -> None:
    runtime = OnnxRuntime(export)
    for batch in (comparison_batch(size), comparison_batch(size)[:1]):
        expected = model.compute_outputs(batch)
        pooled, stages = runtime.run_batch(batch, export.stages)
        outputs = {POOLED: pooled, **{stage_name(number): array for number, array in stages.items()}}
        if export.has_map:
            outputs[LAST] = runtime.last_map(batch)[1]
        for name, array in outputs.items():
            cosine = least_cosine(array, expected[name]) if array.shape == expected[name].shape else 0.0
            if not cosine >= LEAST_EXPORT_COSINE:
                raise NoExport(f"its export disagrees with torch: {name} has a cosine of {cosine:.5f}")
