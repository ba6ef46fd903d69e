"""The layout descriptor: what lies where, on a coarse grid, from the middle of the backbone.

Source: Lazebnik, Schmid & Ponce, "Beyond bags of features: spatial pyramid matching for recognizing natural
scene categories", CVPR 2006 (a coarse grid).
"""

from __future__ import annotations

from typing import final

import numpy as np

from ..ranking.arrays import Float32Array, Float32Matrix
from ..signals import LAYOUT
from .base import unit_rows
from .channel_projection import reduce_channels
from .network import AbstractNetworkDescriptor
from .runtimes.base import BackboneOutput

GRID = 4  # cells along each side
MAX_CHANNELS = 31
CONSTANT_TERM = 1e-3  # the last number of each feature, which is therefore never a vector of zeros


@final
class Layout(AbstractNetworkDescriptor):
    """One stage of a backbone on a coarse grid; see `describe_layouts`."""

    name = LAYOUT
    version = 1  # raise it when a picture's feature changes

    @property
    def dimension(self) -> int:
        [channels] = self.configuration["channels"]
        return int(min(channels, MAX_CHANNELS) * GRID * GRID + 1)

    def features_from(self, output: BackboneOutput) -> Float32Matrix:
        [number] = self.stages
        return describe_layouts(output.stages[number])


def describe_layouts(stage: Float32Array) -> Float32Matrix:
    """One unit row for each picture, from a stage (picture, channel, row, column).

    The mean activity of each channel in each of GRID × GRID cells, minus the channel's mean over all cells:
    what is the same everywhere says nothing about the layout. If there are more than MAX_CHANNELS channels,
    these differences are reduced to MAX_CHANNELS.
    """
    down, across = (_cell_shares(side) for side in stage.shape[2:])
    cells = (down @ stage @ across.T).reshape(*stage.shape[:2], -1)
    differences = reduce_channels(cells - cells.mean(axis=2, keepdims=True), MAX_CHANNELS)
    floor = np.full((len(stage), 1), CONSTANT_TERM)
    return unit_rows(np.concatenate([unit_rows(differences.reshape(len(stage), -1)), floor], axis=1))


def _cell_shares(side: int) -> Float32Matrix:
    """(cell, position): the weight of each of `side` positions in the mean of each cell; rows sum to 1."""
    edges = np.linspace(0, side, GRID + 1)
    position = np.arange(side)
    upper = np.minimum(edges[1:, None], position + 1)
    lower = np.maximum(edges[:-1, None], position)
    shares: Float32Matrix = (np.clip(upper - lower, 0, None) * GRID / side).astype(np.float32)
    return shares
