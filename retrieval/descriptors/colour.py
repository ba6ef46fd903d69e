"""The colour descriptor: which colours a picture has, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, final

import numpy as np

from ..ranking.arrays import RGB, Float32Matrix
from ..signals import COLOUR
from . import lab
from .base import AbstractDescriptor, check_version

VERSION = 1  # of retrieval.descriptors.lab; raise it when a picture's feature changes


@final
class Colour(AbstractDescriptor):
    """Soft CIELAB histograms and moments of the whole picture and of a 3 × 3 grid; see `lab`."""

    name = COLOUR
    dimension = lab.DIMENSION

    def __init__(self, configuration: Mapping[str, Any] = MappingProxyType({"version": VERSION})) -> None:
        """Raises UnknownDescriptor for a space that was described by another version of this code."""
        check_version(self.name, configuration, VERSION)

    @property
    def configuration(self) -> Mapping[str, Any]:
        return {"version": VERSION}

    def describe(self, pictures: Sequence[RGB]) -> Float32Matrix:
        return np.stack([lab.describe_colours(picture) for picture in pictures])
