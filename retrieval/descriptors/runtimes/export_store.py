"""Exports: backbones as ONNX files that torch wrote once, kept in a library and verified before use."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import StorageFailed
from ...projections.generations import write_file
from ..labels import Name
from .weights import Weights

VERSION = 1  # raise it when a backbone's export changes
INPUT, POOLED, LAST = "pictures", "pooled", "last"


def stage_name(number: int) -> str:
    """What the output of a stage is called."""
    return f"stage{number}"


class NoExport(Exception):
    """A backbone cannot be used as an ONNX file; why not. Torch runs it then."""


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """A backbone as the bytes of an ONNX file, and what else is needed to do without torch and timm.

    Its input INPUT is (picture, 3, size, size), its outputs are POOLED, and for a backbone that shows its
    inside the `stages` and LAST, which is a map where it `has_map`. `classifier` and `label_names` are those
    of a Runtime.
    """

    backbone: str
    onnx: bytes
    stages: tuple[int, ...]
    has_map: bool
    classifier: tuple[str, ...]
    label_names: tuple[Name, ...]

    def as_json(self) -> dict[str, Any]:
        """All but the ONNX file, as JSON values."""
        return {
            "backbone": self.backbone,
            "stages": list(self.stages),
            "has_map": self.has_map,
            "classifier": list(self.classifier),
            "label_names": [[each.words, each.definition] for each in self.label_names],
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any], onnx: bytes) -> Export:
        """The inverse of as_json."""
        names = tuple(Name(*each) for each in said["label_names"])
        stages, classifier = tuple(said["stages"]), tuple(said["classifier"])
        return cls(said["backbone"], onnx, stages, said["has_map"], classifier, names)


@dataclass(frozen=True, slots=True)
class Exports:
    """The exports in a library's folder of backbones: FINGERPRINT.onnx, and FINGERPRINT.json beside it.

    The fingerprint is made of the weights, what they are used for, and VERSION; the JSON holds the SHA-256 of
    both files together, itself left out.
    """

    folder: Path

    def of(self, weights: Weights) -> Export:
        """The export of a backbone: a kept one that is whole, or else a new one, which is kept.

        Raises NoExport for a backbone that cannot be exported or whose export disagrees with torch, and for
        one without a whole export in a folder that cannot be written to.
        """
        name = fingerprint_of(weights)
        if found := self._kept(name):
            return found
        if not os.access(self.folder, os.W_OK):
            raise NoExport("the library has no export, and cannot be written to")
        from .exporter import EXPORTING, exported

        with EXPORTING:
            found = self._kept(name)  # what another thread may have made meanwhile
            return found or self._keep(name, exported(weights))

    def _kept(self, name: str) -> Export | None:
        """What lies there, if it is whole."""
        try:
            said = json.loads((self.folder / f"{name}.json").read_bytes())
            onnx = (self.folder / f"{name}.onnx").read_bytes()
            return Export.from_json(said, onnx) if said.pop("sha256") == _seal(said, onnx) else None
        except (OSError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
            return None

    def _keep(self, name: str, export: Export) -> Export:
        """Write both files; a disk that refuses them costs nothing but making them again."""
        said = export.as_json()
        text = json.dumps(said | {"sha256": _seal(said, export.onnx)}, indent=1)
        with suppress(StorageFailed):
            write_file(self.folder, f"{name}.onnx", export.onnx)
            write_file(self.folder, f"{name}.json", text.encode())
        return export


def fingerprint_of(weights: Weights) -> str:
    """What the export of these weights is called."""
    facts = {"version": VERSION, **weights.facts}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _seal(said: Mapping[str, Any], onnx: bytes) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode() + b"\0" + onnx).hexdigest()
