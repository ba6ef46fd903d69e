"""Runs backbones by ONNX Runtime on the processor. The only module that imports onnxruntime."""

from __future__ import annotations

import os
from typing import final

import numpy as np

from ...ranking.arrays import Float32Array
from .export import INPUT, Export, NoExport
from .export_runtime import AbstractExportRuntime


@final
class OnnxRuntime(AbstractExportRuntime):
    """An export in float32, with one thread for each processor core."""

    name = "onnx float32"

    def __init__(self, export: Export) -> None:
        """Raises NoExport where ONNX Runtime refuses the export."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count() or 1
        # Threads that spin while they wait would take the processor from those that decode pictures.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors only, and these are raised as well
        super().__init__(export)
        try:
            self._session = onnxruntime.InferenceSession(
                export.onnx, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions have no common base class
            raise NoExport(f"ONNX Runtime refuses the export: {error}") from error

    def _compute_outputs(self, batch: Float32Array, outputs: list[str]) -> list[Float32Array]:
        arrays: list[Float32Array] = self._session.run(outputs, {INPUT: np.ascontiguousarray(batch)})
        return arrays
