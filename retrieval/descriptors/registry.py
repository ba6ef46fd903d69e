"""Descriptors by name: from what a space says to the object that describes for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UnknownDescriptor
from ..settings import Settings
from .base import AbstractDescriptor
from .colour import Colour
from .subject import Subject

NAMES = ("subject", "colour")


def create(
    name: str, configuration: Mapping[str, Any], *, backbones: Path, settings: Settings
) -> AbstractDescriptor:
    """The descriptor of a space; raises UnknownDescriptor for a name that is not in NAMES."""
    if name == "subject":
        return Subject(configuration, backbones, settings)
    if name == "colour":
        return Colour(configuration)
    raise UnknownDescriptor(name, list(NAMES))
