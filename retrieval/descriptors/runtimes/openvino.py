"""Backbones run by OpenVINO on the processor, which the extra `openvino` brings: its only home."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from threading import Lock
from typing import final

import numpy as np

from ...errors import InvalidSetting
from ..base import Float32
from .base import Batch
from .export_runtime import AbstractExportRuntime
from .export_store import POOLED, Export, NoExport

PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
PIECE = 8  # pictures of a batch that one of its streams takes at most
BEGINNING = Lock()  # those tables belong to the process
INSTALL = "install it with `pip install 'pictor[openvino]'`, or choose the runtime auto, torch or onnx"


def is_installed() -> bool:
    """Whether there is an OpenVINO; it is not loaded for that."""
    return find_spec("openvino") is not None


def check_installed() -> None:
    """Raise InvalidSetting, with what to do, where there is no OpenVINO."""
    if not is_installed():
        raise InvalidSetting(f"runtime = 'openvino': OpenVINO is not installed; {INSTALL}")


def has_fast_bfloat16() -> bool:
    """Whether this processor computes bfloat16 in hardware, as OpenVINO finds it."""
    from openvino import Core

    return "BF16" in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@final
class OpenVinoRuntime(AbstractExportRuntime):
    """An export in float32 or bfloat16; a batch is parted among as many streams as OpenVINO finds best."""

    def __init__(self, export: Export, precision: str) -> None:
        """Raises NoExport where OpenVINO refuses it."""
        from openvino import Core

        super().__init__(export)
        self._precision = precision
        # Streams with a thread each, side by side, are faster than one that all threads share.
        wanted = {"INFERENCE_PRECISION_HINT": PRECISIONS[precision], "PERFORMANCE_HINT": "THROUGHPUT"}
        core = Core()
        try:
            self._compiled = core.compile_model(core.read_model(export.onnx, b""), "CPU", wanted)
            self._streams = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
            self._pool = ThreadPoolExecutor(self._streams, "openvino")
            self._begin()
        except RuntimeError as error:
            raise NoExport(f"OpenVINO refuses the export: {error}") from error

    def _begin(self) -> None:
        """One pass before there are threads.

        OpenVINO makes its tables of NumPy's types when it first needs them, within a lock of C++ and with the
        GIL given back in between: a second thread that needs them just then takes the GIL, waits for that
        lock, and both wait forever.
        """
        sides = [each.get_length() for each in list(self._compiled.input(0).partial_shape)[1:]]
        with BEGINNING:
            self._inferred(np.zeros((1, *sides), np.float32), [POOLED])

    @property
    def name(self) -> str:
        return f"openvino {self._precision}"

    def _exact(self) -> AbstractExportRuntime:
        return self if self._precision == "float32" else self._in_float32

    @cached_property
    def _in_float32(self) -> OpenVinoRuntime:
        return OpenVinoRuntime(self._export, "float32")

    def _run(self, batch: Batch, outputs: list[str]) -> list[Float32]:
        size = min(PIECE, -(-len(batch) // self._streams))
        pieces = [batch[start : start + size] for start in range(0, len(batch), size)]
        # Not its own queue: that calls back from other threads, and may wait for them with the GIL in hand.
        found = self._pool.map(lambda piece: self._inferred(piece, outputs), pieces)
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]

    def _inferred(self, piece: Batch, outputs: list[str]) -> list[Float32]:
        request = self._compiled.create_infer_request()
        request.infer([np.ascontiguousarray(piece)])
        return [request.get_tensor(each).data.copy() for each in outputs]
