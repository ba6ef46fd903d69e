"""Scales pixel values of more than eight bits to eight, by a policy that is one line of text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import InvalidSetting

Values: TypeAlias = npt.NDArray[Any]  # of any shape; integers or floats
Range: TypeAlias = tuple[float, float]  # the value that becomes black, and the value that becomes white

POLICIES: Final = ("auto", "minmax", "percentile", "window:LEVEL:WIDTH")
PERCENTILES: Final = (1.0, 99.0)  # for the policy percentile
SAMPLE_SIZE: Final = 1_000_000  # values for the percentiles, evenly spaced
# Divisor and factor of ranges for which 255 / (high - low) would round exact results down.
_EXACT: Final = {(0.0, 255.0): (1.0, 1.0), (0.0, 65535.0): (257.0, 1.0)}
_BLOCK: Final = 1 << 20  # values scaled at a time, so that a whole picture is never held as floats


def check_policy(policy: str) -> None:
    """Raise InvalidSetting for an unknown policy."""
    if policy not in POLICIES[:3]:
        _parse_window(policy)


def scale_to_eight_bits(values: Values, policy: str = "auto") -> npt.NDArray[np.uint8]:
    """Scale to 0 … 255; the shape stays. Values that are not finite count as 0, values outside are clipped.

    - auto: integers from 0 to 255 stay, other integers from 0 to 65535 are divided by 257; all other integers
      and all floats are scaled as with minmax;
    - minmax: the minimum becomes 0, the maximum 255;
    - percentile: the same for the 1st and the 99th percentile (of at most a million values, evenly spaced);
    - window:LEVEL:WIDTH: LEVEL - WIDTH / 2 becomes 0 and LEVEL + WIDTH / 2 becomes 255.

    All bands of a colour share one range, so that its hue stays.
    (value - low) / (high - low) * 255 is rounded down. When low equals high, everything becomes 0.
    Raises InvalidSetting for any other policy.
    """
    low, high = _policy_range(values, policy)
    scaled = np.empty(values.size, np.uint8)
    flat = values.reshape(-1)
    divisor, factor = _EXACT.get((low, high), (max(high - low, 1e-9), 255.0))
    for start in range(0, flat.size, _BLOCK):
        block = _replace_nonfinite(flat[start : start + _BLOCK])
        scaled[start : start + _BLOCK] = np.clip((block - low) / divisor * factor, 0, 255)
    return scaled.reshape(values.shape)


def _policy_range(values: Values, policy: str) -> Range:
    if policy == "auto":
        low, high = _value_range(values)
        is_integer = values.dtype.kind != "f"
        if low >= 0 and high <= 255 and (is_integer or low == high):
            return 0.0, 255.0
        return (0.0, 65535.0) if is_integer and low >= 0 and high <= 65535 else (low, high)
    if policy == "minmax":
        return _value_range(values)
    if policy == "percentile":
        step = -(-values.size // SAMPLE_SIZE)
        step += step % 3 == 0  # a multiple of 3 would take the values of one band out of three
        sample = _replace_nonfinite(values.reshape(-1)[::step])
        low, high = np.percentile(sample, PERCENTILES)
        return float(low), float(high)
    return _parse_window(policy)


def _value_range(values: Values) -> Range:
    ranges = [(block.min(), block.max()) for block in _iterate_blocks(values)]
    return float(min(low for low, _ in ranges)), float(max(high for _, high in ranges))


def _iterate_blocks(values: Values) -> Iterator[npt.NDArray[np.float64]]:
    flat = values.reshape(-1)
    return (_replace_nonfinite(flat[start : start + _BLOCK]) for start in range(0, flat.size, _BLOCK))


def _replace_nonfinite(values: Values) -> npt.NDArray[np.float64]:
    return np.nan_to_num(values.astype(np.float64), nan=0, posinf=0, neginf=0)


def _parse_window(policy: str) -> Range:
    kind, _, numbers = policy.partition(":")
    level, _, width = numbers.partition(":")
    try:
        low, high = float(level) - float(width) / 2, float(level) + float(width) / 2
    except ValueError:
        low, high = math.nan, math.nan
    if kind != "window" or not math.isfinite(low + high) or low >= high:
        raise InvalidSetting(
            f"scaling = {policy!r}: choose from {', '.join(POLICIES)} (with numbers, as window:40:400)"
        )
    return low, high
