"""Exports that a library keeps beside its weights, so that later runs need neither torch nor timm."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, final

from ...durable import write_file
from ...errors import StorageFailed
from .export import Export, NoExport
from .weights import Weights

VERSION = 1  # raise it when a backbone's export changes
EXPORT_LOCK = Lock()  # torch's exporter keeps its state in its module: one export at a time


@final
@dataclass(frozen=True, slots=True)
class ExportStore:
    """The exports in a library's folder of backbones: FINGERPRINT.onnx, and FINGERPRINT.json beside it.

    The fingerprint is made of the weights, of how they are used, and of VERSION. The JSON file holds a
    SHA-256 over the ONNX file and its own other values.
    """

    folder: Path

    def find_or_make(self, weights: Weights, make_export: Callable[[Weights], Export]) -> Export:
        """The stored export of a backbone if it is undamaged, or else a new one, which is stored.

        Raises NoExport for a backbone that cannot be exported or whose export disagrees with torch, and where
        an export is missing and the folder cannot be written to.
        """
        name = export_fingerprint(weights)
        if export := self.load_export(name):
            return export
        if not os.access(self.folder, os.W_OK):
            raise NoExport("the library holds no export and cannot be written to")
        with EXPORT_LOCK:
            # Another thread may have made it meanwhile.
            return self.load_export(name) or self.save_export(name, make_export(weights))

    def load_export(self, name: str) -> Export | None:
        """The stored export with this fingerprint; None if it is missing or damaged."""
        try:
            values = json.loads((self.folder / f"{name}.json").read_bytes())
            onnx = (self.folder / f"{name}.onnx").read_bytes()
            is_whole = values.pop("sha256") == _checksum(values, onnx)
            return Export.from_json(values, onnx) if is_whole else None
        except (OSError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
            return None

    def save_export(self, name: str, export: Export) -> Export:
        """Write both files. If they cannot be written, the export is made again next time."""
        values = export.as_json()
        text = json.dumps(values | {"sha256": _checksum(values, export.onnx)}, indent=1)
        with suppress(StorageFailed):
            write_file(self.folder, f"{name}.onnx", export.onnx)
            write_file(self.folder, f"{name}.json", text.encode())
        return export


def export_fingerprint(weights: Weights) -> str:
    """The name under which the export of these weights is stored."""
    values = {"version": VERSION, **weights.identity}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _checksum(values: Mapping[str, Any], onnx: bytes) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode() + b"\0" + onnx).hexdigest()
