"""What the runtimes of exports share: which outputs of an export each of their methods returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...errors import BackboneUnavailable
from ...ranking.arrays import Float32Array, Float32Matrix
from ..labels import ClassName
from .base import BackboneOutput
from .export import LAST, POOLED, Export, stage_name


class AbstractExportRuntime(ABC):
    """A Runtime that needs nothing but an export."""

    def __init__(self, export: Export) -> None:
        self._export = export

    @property
    def classifier_tensors(self) -> Sequence[str]:
        return self._export.classifier_tensors

    @property
    def label_names(self) -> Sequence[ClassName]:
        return self._export.label_names

    def run_batch(self, batch: Float32Array, stages: Sequence[int] = ()) -> BackboneOutput:
        pooled, *arrays = self._compute_outputs(batch, [POOLED, *map(stage_name, stages)])
        return BackboneOutput(pooled, dict(zip(stages, arrays, strict=True)))

    def last_map(self, batch: Float32Array) -> tuple[Float32Matrix, Float32Array]:
        if not self._export.has_map:
            reason = "its last features are not a map"
            raise BackboneUnavailable(self._export.backbone, reason, BackboneUnavailable.UNKNOWN)
        pooled, last = self._float32_runtime()._compute_outputs(batch, [POOLED, LAST])
        return pooled, last

    @abstractmethod
    def _compute_outputs(self, batch: Float32Array, outputs: list[str]) -> list[Float32Array]:
        """The outputs of the export with these names, each with one row for each picture."""

    def _float32_runtime(self) -> AbstractExportRuntime:
        """The same export in float32."""
        return self
