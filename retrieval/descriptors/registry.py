"""Descriptors by name: from what a space says to the object that describes for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UnknownDescriptor
from ..settings import Settings
from . import layout, texture
from .backbone import Backbone
from .base import AbstractDescriptor
from .colour import Colour
from .layout import Layout
from .subject import Subject
from .texture import Texture

NAMES = ("subject", "colour", "texture", "layout")


def create(
    name: str, configuration: Mapping[str, Any], *, backbones: Path, settings: Settings
) -> AbstractDescriptor:
    """The descriptor of a space; raises UnknownDescriptor for a name that is not in NAMES."""
    if name == "colour":
        return Colour(configuration)
    for drawing in (Subject, Texture, Layout):
        if name == drawing.name:
            return drawing(configuration, backbones, settings)
    raise UnknownDescriptor(name, list(NAMES))


def configurations(backbone: Backbone) -> dict[str, Mapping[str, Any]]:
    """What the spaces of a new library say, by descriptor, in the order of NAMES."""
    found: dict[str, Mapping[str, Any]] = {
        "subject": backbone.configuration(),
        "colour": Colour().configuration,
    }
    if backbone.stages:
        found["texture"] = backbone.inside(backbone.stages, texture.VERSION)
        found["layout"] = backbone.inside(backbone.stages[-1:], layout.VERSION)
    return found
