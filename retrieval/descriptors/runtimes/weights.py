"""Weights that a runtime is made from, and the classifier in them, which is read without torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np

from ...errors import BackboneUnavailable
from ...ranking.arrays import Float32Array
from ..labels import CLASS_COUNTS, Classifier, ClassifierSettings


@final
@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a backbone as a library keeps them, and how it uses them.

    `data`: the bytes of a safetensors file; `path`: where they were read from, for messages. `size`: the side
    of the pictures in a batch, in pixels. `projection`: how many numbers the last layer gives where it is
    kept and is not a classifier; 0 where it is left out. `labels`: the label set of the classifier, or "".
    """

    backbone: str
    data: bytes
    path: Path
    size: int
    projection: int = 0
    labels: str = ""

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything that decides what is computed and what the classes are called, as JSON values."""
        return {
            "backbone": self.backbone,
            "weights_sha256": hashlib.sha256(self.data).hexdigest(),
            "size": self.size,
            "projection": self.projection,
            "labels": self.labels,
        }


def read_classifier(
    backbone: str, path: Path, data: bytes, names: Sequence[str], head: ClassifierSettings, dimension: int
) -> Classifier:
    """The classifier in a safetensors file, whose tensors are called `names`.

    Raises BackboneUnavailable unless these are a matrix (class, dimension) and one bias for each class.
    """
    tensors = {
        name.rpartition(".")[2]: tensor for name, tensor in _read_tensors(data).items() if name in names
    }
    count = CLASS_COUNTS[head.labels]
    shapes = {name: tuple(tensor["shape"]) for name, tensor in tensors.items()}
    if len(names) != 2 or shapes != {"weight": (count, dimension), "bias": (count,)}:
        needed = f"{count} × {dimension} weights and {count} biases"
        reason = f"{path}: states that it predicts {head.labels} labels, but does not hold {needed}"
        raise BackboneUnavailable(backbone, reason)
    weight, bias = _decode_tensor(tensors["weight"]), _decode_tensor(tensors["bias"])
    return Classifier(weight, bias, head.temperature, head.labels)


def _read_tensors(data: bytes) -> dict[str, Mapping[str, Any]]:
    from safetensors import deserialize

    return dict(deserialize(data))  # type: ignore[no-untyped-call]


def _decode_tensor(tensor: Mapping[str, Any]) -> Float32Array:
    """The numbers of a tensor. NumPy has no bfloat16, which is the upper half of a float32."""
    if tensor["dtype"] == "BF16":
        numbers = (np.frombuffer(tensor["data"], "<u2").astype("<u4") << 16).view("<f4")
    else:
        numbers = np.frombuffer(tensor["data"], {"F16": "<f2", "F32": "<f4", "F64": "<f8"}[tensor["dtype"]])
    array: Float32Array = numbers.astype(np.float32).reshape(tensor["shape"])
    return array
