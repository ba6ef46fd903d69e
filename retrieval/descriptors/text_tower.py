"""The text tower of a space: turns texts into vectors that are compared with the space's features."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from ..errors import BackboneUnavailable
from ..ranking.arrays import Float32Vector, Float64Scores
from .backbone import TOWER_KEY
from .network import read_stored_file, weights_path
from .runtimes.clip import INSTALL, ClipRuntime

TEMPERATURE = 0.03  # three times the one that CLIP is trained with, so that not only the best picture counts
CACHED_TEXTS = 256  # paging and refining encode the same texts again


@final
class TextTower:
    """The tower that belongs to a space's backbone; it is loaded when it is first needed."""

    def __init__(self, configuration: Mapping[str, Any], backbones: Path) -> None:
        """`configuration` as the space stores it; `backbones`: the folder of weights, named by SHA-256."""
        self._backbone: str = configuration["backbone"]
        self._configuration: Mapping[str, Any] = configuration[TOWER_KEY]
        self._path = weights_path(backbones, self._configuration["weights_sha256"])
        self._encode_cached = lru_cache(CACHED_TEXTS)(self._encode)

    @staticmethod
    def from_space(configuration: Mapping[str, Any], backbones: Path) -> TextTower | None:
        """The tower of a space, or None for a space without one."""
        return TextTower(configuration, backbones) if TOWER_KEY in configuration else None

    @property
    def unavailable_reason(self) -> str:
        """Why texts cannot be compared with pictures here; empty where they can."""
        return "" if find_spec("open_clip") else f"The text tower needs open_clip; {INSTALL}."

    def encode_text(self, text: str) -> Float32Vector | None:
        """The text as a unit vector of the space, read-only; None for a text without a letter or digit.

        Quotation marks make no difference. Raises BackboneUnavailable.
        """
        plain = " ".join(text.replace('"', " ").split())
        return self._encode_cached(plain) if any(character.isalnum() for character in plain) else None

    def _encode(self, text: str) -> Float32Vector:
        rows = self._runtime.encode_texts([text])
        rows.setflags(write=False)
        vector: Float32Vector = rows[0]
        return vector

    @cached_property
    def _runtime(self) -> ClipRuntime:
        if self.unavailable_reason:
            raise BackboneUnavailable(self._backbone, "its text tower needs open_clip", INSTALL)
        weights = read_stored_file(self._backbone, self._path, self._configuration["weights_sha256"])
        return ClipRuntime(self._backbone, self._configuration["architecture"], weights, self._path)


def text_closeness(cosines: npt.ArrayLike) -> Float64Scores:
    """The closeness of pictures to a text, from 0 to 1: exp((cosine − the best cosine) / TEMPERATURE).

    Texts and pictures lie in different regions of such a space, so that only differences between cosines are
    meaningful.
    """
    values = np.asarray(cosines, np.float64)
    return np.asarray(np.exp((values - values.max(initial=-1.0)) / TEMPERATURE), np.float64)
