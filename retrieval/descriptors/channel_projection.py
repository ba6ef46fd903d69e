"""Fewer channels from many: a fixed mixing that keeps inner products as well as chance allows.

Source: Ailon & Chazelle, "The fast Johnson-Lindenstrauss transform", SIAM Journal on Computing 2009.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .base import Float32

SEED = 2026


def mixed(maps: Float32, kept: int) -> Float32:
    """(picture, channel, position) to (picture, at most `kept`, position); as it is where it has no more.

    Channels are given fixed random signs, then the first `kept` rows of a cosine transform are taken.
    """
    channels = maps.shape[1]
    return maps if channels <= kept else _rows(channels, kept) @ maps


@lru_cache
def _rows(channels: int, kept: int) -> Float32:
    """(kept, channel): orthonormal rows, the same on every machine."""
    # Of numpy's generators, this one alone promises the same numbers in every version.
    signs = np.random.RandomState(SEED).randint(0, 2, channels) * 2 - 1
    row, column = np.mgrid[0:kept, 0:channels]
    waves = np.cos(np.pi / channels * row * (column + 0.5)) * signs
    rows: Float32 = (waves / np.linalg.norm(waves, axis=1, keepdims=True)).astype(np.float32)
    return rows
