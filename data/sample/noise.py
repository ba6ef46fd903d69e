"""Smooth random fields: value noise, fractal noise, ridged profiles."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]  # (height, width)


@lru_cache(maxsize=512)
def _knots_and_shares(length: int, cells: int) -> tuple[NDArray[np.intp], Field]:
    """For `length` places among `cells + 1` knots: the knot before each, and the eased way to the next."""
    at = np.linspace(0, cells, length, endpoint=False)
    share = at - np.floor(at)
    return at.astype(np.intp), (share * share * share * (share * (share * 6 - 15) + 10)).astype(np.float32)


def value_noise(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int]) -> Field:
    """Value noise in [0, 1] with (down, across) cells."""
    knots = rng.random((cells[0] + 1, cells[1] + 1), np.float32)
    row, down = _knots_and_shares(shape[0], cells[0])
    column, across = _knots_and_shares(shape[1], cells[1])
    rows = knots[row] + (knots[row + 1] - knots[row]) * down[:, None]
    return rows[:, column] + (rows[:, column + 1] - rows[:, column]) * across


def fractal_noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cells: tuple[int, int],
    octaves: int = 4,
    gain: float = 0.5,
) -> Field:
    """Octaves of value noise, stretched to [0, 1] exactly."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        finer = (min(cells[0] << octave, shape[0]), min(cells[1] << octave, shape[1]))
        total += value_noise(rng, shape, finer) * np.float32(gain**octave)
    stretched: Field = (total - total.min()) / np.float32(max(float(np.ptp(total)), 1e-6))
    return stretched


def fractal_line(
    rng: np.random.Generator, length: int, cells: int, octaves: int = 5, gain: float = 0.5
) -> Field:
    """A fractal line in [0, 1], (length,)."""
    line: Field = fractal_noise(rng, (2, length), (1, cells), octaves, gain)[0]
    return line


def ridged_noise(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int], octaves: int = 4
) -> Field:
    """Fractal noise folded into sharp crests, in [0, 1]."""
    return 1 - np.abs(2 * fractal_noise(rng, shape, cells, octaves, 0.55) - 1)


def smoothstep(low: float, high: float, field: Field) -> Field:
    """0 below `low`, 1 above `high`, eased between."""
    share = np.clip((field - low) / (high - low), 0, 1).astype(np.float32)
    eased: Field = share * share * (3 - 2 * share)
    return eased
