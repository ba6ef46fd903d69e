"""Weights to be run, and the classifier among them, which is read without any framework."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BackboneUnavailable
from ..base import Float32
from ..labels import CLASSES, Classifier, Head


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a backbone as a library keeps them, and what it uses them for.

    `data`: a safetensors file as it was read from `path`, which messages name. `size`: pixels along each side
    of the batches to come. `projection`: how many numbers the last layer gives where it is no classifier but
    is kept; 0 where it is left out. `labels`: the label set of the file's classifier, or "".
    """

    backbone: str
    data: bytes
    path: Path
    size: int
    projection: int = 0
    labels: str = ""

    @cached_property
    def facts(self) -> dict[str, Any]:
        """All that decides what runs and what its classes are called, as JSON values."""
        return {
            "backbone": self.backbone,
            "weights_sha256": hashlib.sha256(self.data).hexdigest(),
            "size": self.size,
            "projection": self.projection,
            "labels": self.labels,
        }


def read_classifier(
    backbone: str, path: Path, data: bytes, names: Sequence[str], head: Head, dimension: int
) -> Classifier:
    """The classifier of a safetensors file, of which `names` are the tensors.

    Raises BackboneUnavailable unless they are a matrix (class, dimension) and a bias for each class.
    """
    found = {name.rpartition(".")[2]: each for name, each in _tensors(data).items() if name in names}
    classes = CLASSES[head.labels]
    shapes = {name: tuple(each["shape"]) for name, each in found.items()}
    if len(names) != 2 or shapes != {"weight": (classes, dimension), "bias": (classes,)}:
        wanted = f"{classes} × {dimension} weights and {classes} biases"
        reason = f"{path}: says that it has {head.labels} labels, without {wanted}"
        raise BackboneUnavailable(backbone, reason)
    return Classifier(_array(found["weight"]), _array(found["bias"]), head.temperature)


def _tensors(data: bytes) -> dict[str, Mapping[str, Any]]:
    from safetensors import deserialize

    return dict(deserialize(data))  # type: ignore[no-untyped-call]


def _array(tensor: Mapping[str, Any]) -> Float32:
    """One tensor's numbers; numpy has no bfloat16, which is the upper half of a float32."""
    if tensor["dtype"] == "BF16":
        numbers = (np.frombuffer(tensor["data"], "<u2").astype("<u4") << 16).view("<f4")
    else:
        numbers = np.frombuffer(tensor["data"], {"F16": "<f2", "F32": "<f4", "F64": "<f8"}[tensor["dtype"]])
    array: Float32 = numbers.astype(np.float32).reshape(tensor["shape"])
    return array
