"""What the runtimes of exports share: which outputs answer which question."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...errors import BackboneUnavailable
from ..base import Float32
from ..labels import Name
from .base import Batch, Seen
from .export_store import LAST, POOLED, Export, stage_name


class AbstractExportRuntime(ABC):
    """A Runtime that has nothing but an export."""

    def __init__(self, export: Export) -> None:
        self._export = export

    @property
    def classifier(self) -> Sequence[str]:
        return self._export.classifier

    @property
    def label_names(self) -> Sequence[Name]:
        return self._export.label_names

    def look(self, batch: Batch, stages: Sequence[int] = ()) -> Seen:
        pooled, *inside = self._run(batch, [POOLED, *map(stage_name, stages)])
        return pooled, dict(zip(stages, inside, strict=True))

    def last_map(self, batch: Batch) -> tuple[Float32, Float32]:
        if not self._export.has_map:
            reason = "its last features are not those of a map"
            raise BackboneUnavailable(self._export.backbone, reason, BackboneUnavailable.UNKNOWN)
        pooled, last = self._exact()._run(batch, [POOLED, LAST])
        return pooled, last

    @abstractmethod
    def _run(self, batch: Batch, outputs: list[str]) -> list[Float32]:
        """These outputs of the export, each with a row for each picture."""

    def _exact(self) -> AbstractExportRuntime:
        """The same export in float32."""
        return self
