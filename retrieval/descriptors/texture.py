"""The texture descriptor: what surfaces look like, whatever their positions, from the middle of the backbone.

Sources: Gatys, Ecker & Bethge, "Texture synthesis using convolutional neural networks", NeurIPS 2015 (a
texture is characterised by the channels that are active together); Perronnin, Sanchez & Mensink, "Improving
the Fisher kernel", ECCV 2010 (the signed root).
"""

from __future__ import annotations

from typing import final

import numpy as np

from ..ranking.arrays import Float32Array, Float32Matrix
from ..signals import TEXTURE
from .base import unit_rows
from .channel_projection import reduce_channels
from .network import AbstractNetworkDescriptor
from .runtimes.base import BackboneOutput

PAIRED_CHANNELS = 25  # of the stage at an eighth of the size, which are compared in pairs
AVERAGED_CHANNELS = 160  # of the stage at a sixteenth of the size
CONSTANT_TERM = 1e-3  # the last number of each feature, which is therefore never a vector of zeros


@final
class Texture(AbstractNetworkDescriptor):
    """Two stages of a backbone, regardless of positions; see `describe_textures`."""

    name = TEXTURE
    version = 1  # raise it when a picture's feature changes

    @property
    def dimension(self) -> int:
        paired, averaged = self.configuration["channels"]
        pairs = min(paired, PAIRED_CHANNELS)
        return int(pairs * (pairs + 1) // 2 + min(averaged, AVERAGED_CHANNELS) + 1)

    def features_from(self, output: BackboneOutput) -> Float32Matrix:
        eighth, sixteenth = (output.stages[number] for number in self.stages)
        return describe_textures(eighth, sixteenth)


def describe_textures(eighth: Float32Array, sixteenth: Float32Array) -> Float32Matrix:
    """One unit row for each picture, from two stages (picture, channel, row, column), the finer one first.

    A row has two parts of unit length. The first part tells how strongly each pair of channels of the finer
    stage is active at the same positions: g(i, j) = mean of x(i) x(j), as sign(g) √|g|. Each pair occurs
    once; g of two different channels is multiplied by √2. The second part is the mean activity of each
    channel of the coarser stage. Stages with more than PAIRED_CHANNELS or AVERAGED_CHANNELS channels are
    reduced to that many first.
    """
    paired = reduce_channels(_flatten_positions(eighth), PAIRED_CHANNELS)
    grams = paired @ paired.transpose(0, 2, 1) / paired.shape[2]
    row, column = np.triu_indices(paired.shape[1])
    pairs = grams[:, row, column] * np.where(row == column, 1, np.sqrt(2))
    activity = _flatten_positions(sixteenth).mean(axis=2, keepdims=True)
    means = reduce_channels(activity, AVERAGED_CHANNELS)[..., 0]
    floor = np.full((len(pairs), 1), CONSTANT_TERM)
    parts = (unit_rows(np.sign(pairs) * np.sqrt(np.abs(pairs))), unit_rows(means), floor)
    return unit_rows(np.concatenate(parts, axis=1))


def _flatten_positions(stage: Float32Array) -> Float32Array:
    """(picture, channel, row, column) to (picture, channel, position)."""
    return stage.reshape(*stage.shape[:2], -1)
