"""The texture descriptor: what surfaces look like, wherever they lie, from the middle of the backbone.

Sources: Gatys, Ecker & Bethge, "Texture synthesis using convolutional neural networks", NeurIPS 2015 (which
channels are active together says texture); Perronnin, Sanchez & Mensink, "Improving the Fisher kernel",
ECCV 2010 (the signed root).
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
PAIRED = 25  # channels at an eighth of the size, whose pairs are looked at
AVERAGED = 160  # channels at a sixteenth of the size
FLOOR = 1e-3  # a last number that keeps the feature of a network that sees nothing from being zero


@final
class Texture(AbstractNetworkDescriptor):
    """Two stages of a backbone without their places; see `describe_textures`."""

    name = "texture"
    bandwidth = 0.3

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
        paired, averaged = self._configuration["channels"]
        pairs = min(paired, PAIRED)
        return int(pairs * (pairs + 1) // 2 + min(averaged, AVERAGED) + 1)

    def features(self, seen: Pass) -> Float32:
        eighth, sixteenth = (seen.stages[each] for each in self.stages)
        return describe_textures(eighth, sixteenth)


def describe_textures(eighth: Float32, sixteenth: Float32) -> Float32:
    """One unit row for each picture from two stages (picture, channel, row, column), the finer first.

    Two parts of unit length: how strongly each pair of the finer stage's channels is active at the same
    places, g(i, j) = mean of x(i) x(j), as sign(g) √|g|, each pair once but weighed twice; and the mean
    activity of the coarser stage's channels. Stages of more channels than PAIRED and AVERAGED are mixed.
    """
    paired = mixed(_flat(eighth), PAIRED)
    grams = paired @ paired.transpose(0, 2, 1) / paired.shape[2]
    row, column = np.triu_indices(paired.shape[1])
    pairs = grams[:, row, column] * np.where(row == column, 1, np.sqrt(2))
    means = mixed(_flat(sixteenth).mean(axis=2, keepdims=True), AVERAGED)[..., 0]
    floor = np.full((len(pairs), 1), FLOOR)
    parts = (unit_rows(np.sign(pairs) * np.sqrt(np.abs(pairs))), unit_rows(means), floor)
    return unit_rows(np.concatenate(parts, axis=1))


def _flat(stage: Float32) -> Float32:
    return stage.reshape(*stage.shape[:2], -1)
