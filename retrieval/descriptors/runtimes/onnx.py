"""Runs models by ONNX Runtime on the processor, backbones above all. The only home of onnxruntime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, final

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
        super().__init__(export)
        try:
            self._session = open_session(export.onnx, threads=os.cpu_count() or 1)
        except Exception as error:  # its exceptions have no common base class
            raise NoExport(f"ONNX Runtime refuses the export: {error}") from error

    def _compute_outputs(self, batch: Float32Array, outputs: list[str]) -> list[Float32Array]:
        arrays: list[Float32Array] = self._session.run(outputs, {INPUT: np.ascontiguousarray(batch)})
        return arrays


def open_session(model: Path | bytes, *, threads: int = 0) -> Any:
    """A session of ONNX Runtime for a model, given as its file or its bytes; `threads` 0: one for each core.

    It raises exceptions of ONNX Runtime, which have no common base class.
    """
    onnxruntime = load_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that spin while they wait would take the processor from those that decode pictures.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only, and these are raised as well
    source = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def load_onnxruntime() -> Any:
    """The package onnxruntime, with its telemetry off.

    Its official builds report each session to Microsoft, and keep an identifier of the machine in the cache
    folder of the user: on Windows, and since 1.29 elsewhere as well. The variable is read when the package is
    loaded, so that nothing is begun; the call is for a process in which another part had loaded it before.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
