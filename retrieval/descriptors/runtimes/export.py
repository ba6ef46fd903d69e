"""An export: a backbone as an ONNX file, with all that is needed to run it without torch and timm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from ..labels import ClassName
from .base import LAST_STAGE

INPUT, POOLED, LAST = "pictures", "pooled", "last"  # names of the input and of two outputs


def stage_name(number: int) -> str:
    """The name of the output for a stage."""
    return LAST if number == LAST_STAGE else f"stage{number}"


class NoExport(Exception):
    """The reason why a backbone cannot be used as an ONNX file. It is run by torch then."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """The bytes of an ONNX file, and what they hold.

    The input INPUT has the shape (picture, 3, size, size). The outputs are POOLED and, for a backbone whose
    stages can be read, one for each of the `stages` and LAST. LAST is a map (picture, channel, row, column)
    where `has_map` is true. `classifier_tensors` and `label_names` are those of a Runtime.
    """

    backbone: str
    onnx: bytes
    stages: tuple[int, ...]
    has_map: bool
    classifier_tensors: tuple[str, ...]
    label_names: tuple[ClassName, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything except the ONNX file, as JSON values."""
        return {
            "backbone": self.backbone,
            "stages": list(self.stages),
            "has_map": self.has_map,
            "classifier": list(self.classifier_tensors),
            "label_names": [[name.words, name.definition] for name in self.label_names],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], onnx: bytes) -> Export:
        """The inverse of as_json."""
        names = tuple(ClassName(*name) for name in values["label_names"])
        stages, classifier = tuple(values["stages"]), tuple(values["classifier"])
        return cls(values["backbone"], onnx, stages, values["has_map"], classifier, names)
