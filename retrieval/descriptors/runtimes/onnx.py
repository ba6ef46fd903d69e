"""Backbones run by ONNX Runtime on the processor: its only home."""

from __future__ import annotations

import os
from typing import final

import numpy as np

from ..base import Float32
from .base import Batch
from .export_runtime import AbstractExportRuntime
from .export_store import INPUT, Export, NoExport


@final
class OnnxRuntime(AbstractExportRuntime):
    """An export in float32, with one thread for each processor."""

    name = "onnx float32"

    def __init__(self, export: Export) -> None:
        """Raises NoExport where ONNX Runtime refuses it."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count() or 1
        # Threads that wait without sleeping would take the processor from those that decode pictures.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors alone, which are raised as well
        super().__init__(export)
        try:
            self._session = onnxruntime.InferenceSession(
                export.onnx, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions have no family of their own
            raise NoExport(f"ONNX Runtime refuses the export: {error}") from error

    def _run(self, batch: Batch, outputs: list[str]) -> list[Float32]:
        found: list[Float32] = self._session.run(outputs, {INPUT: np.ascontiguousarray(batch)})
        return found
