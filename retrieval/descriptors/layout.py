"""The layout descriptor: what lies where, coarsely, from the middle of the backbone.

Source: Lazebnik, Schmid & Ponce, "Beyond bags of features: spatial pyramid matching for recognizing natural
scene categories", CVPR 2006 (a coarse grid).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from ..settings import Settings
from .base import Float32, check_version, unit_rows
from .channel_projection import mixed
from .network import AbstractNetworkDescriptor, Network, Pass

VERSION = 1  # raise it when a picture's feature changes
GRID = 4  # cells along each side
KEPT = 31  # channels
FLOOR = 1e-3  # a last number that keeps the feature of a network that sees nothing from being zero


@final
class Layout(AbstractNetworkDescriptor):
    """One stage of a backbone on a coarse grid; see `describe_layouts`."""

    name = "layout"
    bandwidth = 0.5

    def __init__(self, configuration: Mapping[str, Any], backbones: Path, settings: Settings) -> None:
        """`configuration`: see Backbone.inside. Raises UnknownDescriptor for another version of this code."""
        check_version(self.name, configuration, VERSION)
        self._configuration = dict(configuration)
        self.stages = tuple(configuration["stages"])
        self.network = Network(configuration, backbones, settings)

    @property
    def configuration(self) -> Mapping[str, Any]:
        return self._configuration

    @property
    def dimension(self) -> int:  # type: ignore[override]
        [channels] = self._configuration["channels"]
        return int(min(channels, KEPT) * GRID * GRID + 1)

    def features(self, seen: Pass) -> Float32:
        [stage] = (seen.stages[each] for each in self.stages)
        return describe_layouts(stage)


def describe_layouts(stage: Float32) -> Float32:
    """One unit row for each picture from a stage (picture, channel, row, column).

    The mean activity of each channel in each of GRID × GRID cells, less the channel's mean over all cells:
    what is the same everywhere says nothing about places. A stage of more channels than KEPT is mixed.
    """
    down, across = (_shares(side) for side in stage.shape[2:])
    cells = (down @ stage @ across.T).reshape(*stage.shape[:2], -1)
    places = mixed(cells - cells.mean(axis=2, keepdims=True), KEPT)
    floor = np.full((len(stage), 1), FLOOR)
    return unit_rows(np.concatenate([unit_rows(places.reshape(len(stage), -1)), floor], axis=1))


def _shares(side: int) -> Float32:
    """(cell, position): how much of a cell along one side each of `side` positions makes up."""
    edges = np.linspace(0, side, GRID + 1)
    position = np.arange(side)
    upper = np.minimum(edges[1:, None], position + 1)
    lower = np.maximum(edges[:-1, None], position)
    shares: Float32 = (np.clip(upper - lower, 0, None) * GRID / side).astype(np.float32)
    return shares
