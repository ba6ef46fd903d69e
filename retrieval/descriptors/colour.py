"""The colour descriptor: which colours a picture has, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, final

import numpy as np

from ..pictures.images import RGB
from . import lab
from .base import AbstractDescriptor, Float32, check_version

VERSION = 1  # of retrieval.descriptors.lab; raise it when a picture's feature changes


@final
class Colour(AbstractDescriptor):
    """Soft CIELAB histograms and moments of the whole picture and a 3 × 3 grid; see `lab`."""

    name = "colour"
    dimension = lab.DIMENSION
    bandwidth = 0.1

    def __init__(self, configuration: Mapping[str, Any] = MappingProxyType({"version": VERSION})) -> None:
        """Raises UnknownDescriptor for a space that another version of this code described."""
        check_version(self.name, configuration, VERSION)

    @property
    def configuration(self) -> Mapping[str, Any]:
        return {"version": VERSION}

    def describe(self, pictures: Sequence[RGB]) -> Float32:
        return np.stack([lab.describe_colours(picture) for picture in pictures])
