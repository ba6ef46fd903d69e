"""A fixed random projection from many channels to few, which changes inner products only a little.

Source: Ailon & Chazelle, "The fast Johnson-Lindenstrauss transform", SIAM Journal on Computing 2009.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..ranking.arrays import Float32Array, Float32Matrix

SEED = 2026


def reduce_channels(maps: Float32Array, count: int) -> Float32Array:
    """Maps (picture, channel, position) with at most `count` channels; unchanged if they have no more.

    Each channel is multiplied by +1 or −1, chosen at random once and for all. The new channels are the first
    `count` rows of a cosine transform of the old ones.
    """
    channels = maps.shape[1]
    return maps if channels <= count else orthonormal_rows(channels, count) @ maps


@lru_cache
def orthonormal_rows(channels: int, count: int) -> Float32Matrix:
    """(count, channel): orthonormal rows, at most as many as channels, the same on every machine."""
    # RandomState is the only generator of NumPy that promises the same numbers in every version.
    signs = np.random.RandomState(SEED).randint(0, 2, channels) * 2 - 1
    row, column = np.mgrid[0:count, 0:channels]
    waves = np.cos(np.pi / channels * row * (column + 0.5)) * signs
    rows: Float32Matrix = (waves / np.linalg.norm(waves, axis=1, keepdims=True)).astype(np.float32)
    return rows
