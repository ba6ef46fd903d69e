"""The text tower of a space: texts as vectors to search its features with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from ..errors import BackboneUnavailable
from .backbone import TOWER
from .base import Float32
from .network import verified_weights, weights_path
from .runtimes.clip import INSTALL, ClipRuntime

TEMPERATURE = 0.03  # three times what such pairs are trained with, so that more than the very first count
REMEMBERED = 256  # texts; paging and refining ask for the same ones again


@final
class TextTower:
    """The tower that belongs to a space's backbone; it is loaded when it is first needed."""

    def __init__(self, configuration: Mapping[str, Any], backbones: Path) -> None:
        """`configuration` as the space keeps it; `backbones`: the folder with weights by SHA-256."""
        self._backbone: str = configuration["backbone"]
        self._said: Mapping[str, Any] = configuration[TOWER]
        self._path = weights_path(backbones, self._said["weights_sha256"])
        self._known = lru_cache(REMEMBERED)(self._encoded)

    @staticmethod
    def of(configuration: Mapping[str, Any], backbones: Path) -> TextTower | None:
        """The tower of a space, or None for a space without one."""
        return TextTower(configuration, backbones) if TOWER in configuration else None

    @property
    def reason(self) -> str:
        """Why texts cannot be compared with pictures here; empty where they can."""
        return "" if find_spec("open_clip") else f"The text tower needs open_clip; {INSTALL}."

    def vector(self, text: str) -> Float32 | None:
        """The text as a unit vector of the space, read-only; None for a text without a letter or digit.

        Quotation marks do not matter. Raises BackboneUnavailable.
        """
        plain = " ".join(text.replace('"', " ").split())
        return self._known(plain) if any(sign.isalnum() for sign in plain) else None

    def _encoded(self, text: str) -> Float32:
        rows = self._runtime.forward([text])
        rows.setflags(write=False)
        vector: Float32 = rows[0]
        return vector

    @cached_property
    def _runtime(self) -> ClipRuntime:
        if self.reason:
            raise BackboneUnavailable(self._backbone, "its text tower needs open_clip", INSTALL)
        weights = verified_weights(self._backbone, self._path, self._said["weights_sha256"])
        return ClipRuntime(self._backbone, self._said["architecture"], weights, self._path)


def closeness(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """What a text's cosines count, from 0 to 1: exp((cosine − the best) / TEMPERATURE).

    Texts and pictures lie apart in such a space, so that only differences between cosines mean anything.
    """
    given = np.asarray(scores, np.float64)
    return np.asarray(np.exp((given - given.max(initial=-1.0)) / TEMPERATURE), np.float64)
