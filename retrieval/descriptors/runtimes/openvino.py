"""Runs backbones by OpenVINO on the processor. The only module that imports openvino (extra `openvino`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from threading import Lock
from typing import final

import numpy as np

from ...errors import InvalidSetting
from ...ranking.arrays import Float32Array
from .export import POOLED, Export, NoExport
from .export_runtime import AbstractExportRuntime

PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
PIECE_SIZE = 8  # pictures of a batch that one stream takes at most
TABLES_LOCK = Lock()  # the tables that the first pass makes are shared by the whole process
INSTALL = "install it with `pip install 'pictor[openvino]'`, or choose the runtime auto, torch or onnx"


def is_installed() -> bool:
    """Whether OpenVINO is installed. This does not load it."""
    return find_spec("openvino") is not None


def check_installed() -> None:
    """Raise InvalidSetting, with what to do, where OpenVINO is not installed."""
    if not is_installed():
        raise InvalidSetting(f"runtime = 'openvino': OpenVINO is not installed; {INSTALL}")


def has_fast_bfloat16() -> bool:
    """Whether this processor computes bfloat16 in hardware, according to OpenVINO."""
    from openvino import Core

    return "BF16" in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@final
class OpenVinoRuntime(AbstractExportRuntime):
    """An export in float32 or bfloat16. A batch is divided among as many streams as OpenVINO recommends."""

    def __init__(self, export: Export, precision: str) -> None:
        """Raises NoExport where OpenVINO refuses the export."""
        from openvino import Core

        super().__init__(export)
        self._precision = precision
        # Several streams with one thread each are faster than one stream that all threads share.
        options = {"INFERENCE_PRECISION_HINT": PRECISIONS[precision], "PERFORMANCE_HINT": "THROUGHPUT"}
        core = Core()
        try:
            self._compiled = core.compile_model(core.read_model(export.onnx, b""), "CPU", options)
            self._streams = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
            self._pool = ThreadPoolExecutor(self._streams, "openvino")
            self._make_tables()
        except RuntimeError as error:
            raise NoExport(f"OpenVINO refuses the export: {error}") from error

    def _make_tables(self) -> None:
        """Run one pass before the threads start.

        OpenVINO makes its tables of NumPy's types when it first needs them. It does so while it holds a C++
        lock, and releases the GIL in between. A second thread that needs the tables at that moment takes the
        GIL and waits for the lock, and both wait forever.
        """
        sides = [axis.get_length() for axis in list(self._compiled.input(0).partial_shape)[1:]]
        with TABLES_LOCK:
            self._infer_piece(np.zeros((1, *sides), np.float32), [POOLED])

    @property
    def name(self) -> str:
        return f"openvino {self._precision}"

    def _float32_runtime(self) -> AbstractExportRuntime:
        return self if self._precision == "float32" else self._in_float32

    @cached_property
    def _in_float32(self) -> OpenVinoRuntime:
        return OpenVinoRuntime(self._export, "float32")

    def _compute_outputs(self, batch: Float32Array, outputs: list[str]) -> list[Float32Array]:
        size = min(PIECE_SIZE, -(-len(batch) // self._streams))
        pieces = [batch[start : start + size] for start in range(0, len(batch), size)]
        # OpenVINO's own queue calls back from other threads, and may wait for them while it holds the GIL.
        results = self._pool.map(lambda piece: self._infer_piece(piece, outputs), pieces)
        return [np.concatenate(parts) for parts in zip(*results, strict=True)]

    def _infer_piece(self, piece: Float32Array, outputs: list[str]) -> list[Float32Array]:
        request = self._compiled.create_infer_request()
        request.infer([np.ascontiguousarray(piece)])
        return [request.get_tensor(name).data.copy() for name in outputs]
