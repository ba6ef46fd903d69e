"""Descriptors by name: from the configuration of a space to the object that describes pictures for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import UnknownDescriptor
from ..settings import Settings
from .backbone import Backbone
from .base import AbstractDescriptor
from .colour import Colour
from .layout import Layout
from .subject import Subject
from .texture import Texture

Configuration = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the descriptors of one signal.

    `create` takes the configuration of a space, the folder of backbones, and the settings. `configure` gives
    the configuration for a new library with this backbone, or None where the backbone cannot be used for it.
    """

    create: Callable[[Configuration, Path, Settings], AbstractDescriptor]
    configure: Callable[[Backbone], Configuration | None]


def _create_colour(configuration: Configuration, _: Path, __: Settings) -> AbstractDescriptor:
    return Colour(configuration)


def _configure_colour(_: Backbone) -> Configuration:
    return Colour().configuration


def _configure_texture(backbone: Backbone) -> Configuration | None:
    stages = backbone.stages
    return backbone.stage_configuration(stages, Texture.version) if stages else None


def _configure_layout(backbone: Backbone) -> Configuration | None:
    stages = backbone.stages
    return backbone.stage_configuration(stages[-1:], Layout.version) if stages else None


# By signal, in the order in which a new library gets its spaces.
MAKERS: Final[dict[str, Maker]] = {
    Subject.name: Maker(Subject, Backbone.subject_configuration),
    Colour.name: Maker(_create_colour, _configure_colour),
    Texture.name: Maker(Texture, _configure_texture),
    Layout.name: Maker(Layout, _configure_layout),
}


def create_descriptor(
    name: str, configuration: Configuration, *, backbones: Path, settings: Settings
) -> AbstractDescriptor:
    """The descriptor of a space; raises UnknownDescriptor for a name that is not in MAKERS."""
    if name not in MAKERS:
        raise UnknownDescriptor(name, list(MAKERS))
    return MAKERS[name].create(configuration, backbones, settings)


def space_configurations(backbone: Backbone) -> dict[str, Configuration]:
    """The configurations of the spaces of a new library, by signal, in the order of MAKERS."""
    configurations = {name: maker.configure(backbone) for name, maker in MAKERS.items()}
    return {name: known for name, known in configurations.items() if known is not None}
