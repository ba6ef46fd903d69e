"""Cleans pictures before a backbone sees them: filters for noise and light, and crops to what is shown.

For noisy scans, X-rays and pictures with wide margins; docs/enhancement.md shows what helps when. Every step
is a short text, as in "median:3" or "crop:edge"; steps are part of a space's fingerprint.

Source of the filters and of the segmentations: Gonzalez and Woods, "Digital image processing", 4th edition,
chapters 3, 4 and 10; of the adaptive equalisation Zuiderveld, "Contrast limited adaptive histogram
equalization", Graphics Gems IV, 1994; of the threshold Otsu, "A threshold selection method from gray-level
histograms", 1979.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Final

import numpy as np
import numpy.typing as npt

from ..errors import InvalidSetting
from ..pictures.images import RGB
from ..query.values import Region

VERSION: Final = 1  # raise it when a picture comes out otherwise
MOST: Final = 8  # steps
MARGIN: Final = 0.03  # of the found box, kept around it on every side
SMALLEST, LARGEST = 0.02, 0.9  # shares of the picture that a foreground may take; others are not believed
GREY: Final = 128  # where a high-pass puts what does not change
NEAR: Final = 12  # levels by which neighbouring pixels of one background may differ
Mask = npt.NDArray[np.uint8]  # (row, column): 255 for what is kept


def checked(steps: Sequence[str]) -> tuple[str, ...]:
    """The steps as they are; raises InvalidSetting for one that is not known, or out of range."""
    if len(steps) > MOST:
        raise InvalidSetting(f"enhance: {len(steps)} steps; there may be {MOST}")
    for step in steps:
        _parsed(step)
    return tuple(steps)


def enhanced(picture: RGB, steps: Sequence[str]) -> tuple[RGB, Region]:
    """The picture after all steps, in order, and the part of the original that is left of it."""
    whole = Region(0, 0, 1, 1)
    for name, numbers in map(_parsed, steps):
        if name == "crop":
            region = foreground(picture, numbers[0])
            picture, whole = _cut(picture, region), within(whole, region)
        else:
            picture = FILTERS[name](picture, *map(float, numbers))
    return np.ascontiguousarray(picture), whole


# -- filters -----------------------------------------------------------------------------------------


def median(picture: RGB, size: float) -> RGB:
    """Each channel's median among size × size pixels: single wrong pixels go, edges stay."""
    return np.asarray(_cv2().medianBlur(np.ascontiguousarray(picture), int(size)), np.uint8)


def gaussian_low(picture: RGB, sigma: float) -> RGB:
    """Averages with Gaussian weights of standard deviation `sigma` in pixels: noise and detail go."""
    return np.asarray(_cv2().GaussianBlur(picture, (0, 0), sigma), np.uint8)


def gaussian_high(picture: RGB, sigma: float) -> RGB:
    """What `gaussian_low` takes away, around grey: uneven light goes, and large areas' colour with it."""
    light = picture.astype(np.float32)
    return _levels(GREY + light - _cv2().GaussianBlur(light, (0, 0), sigma))


def butterworth_low(picture: RGB, cutoff: float, order: float) -> RGB:
    """H = 1 / (1 + (f / cutoff)^(2 order)), f as a share of the highest frequency: smooth, and no ringing."""
    return _levels(_filtered(picture, cutoff, order))


def butterworth_high(picture: RGB, cutoff: float, order: float) -> RGB:
    """What `butterworth_low` takes away, around grey."""
    return _levels(GREY + picture.astype(np.float64) - _filtered(picture, cutoff, order))


def equalised(picture: RGB, clip: float, tiles: float) -> RGB:
    """Contrast-limited adaptive histogram equalisation of the lightness, on tiles × tiles places."""
    cv2 = _cv2()
    lab = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clip, (int(tiles), int(tiles))).apply(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def _filtered(picture: RGB, cutoff: float, order: float) -> npt.NDArray[np.float64]:
    """In the frequency domain; mirrored, since the left and the right edge are no neighbours."""
    height, width = picture.shape[:2]
    tall = np.concatenate([picture, picture[::-1]]).astype(np.float64)
    mirrored = np.concatenate([tall, tall[:, ::-1]], axis=1)
    down, across = np.fft.fftfreq(2 * height)[:, None], np.fft.rfftfreq(2 * width)[None, :]
    frequency = 2 * np.hypot(down, across)  # 1 is the highest that a row or a column can hold
    passed = 1 / (1 + (frequency / cutoff) ** (2 * order))
    spectrum = np.fft.rfft2(mirrored, axes=(0, 1)) * passed[..., None]
    smooth: npt.NDArray[np.float64] = np.fft.irfft2(spectrum, s=mirrored.shape[:2], axes=(0, 1))
    return smooth[:height, :width]


def _levels(values: npt.NDArray[np.floating]) -> RGB:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


FILTERS: Final[Mapping[str, Callable[..., RGB]]] = {
    "median": median,
    "gaussian-low": gaussian_low,
    "gaussian-high": gaussian_high,
    "butterworth-low": butterworth_low,
    "butterworth-high": butterworth_high,
    "clahe": equalised,
}
# What each step's numbers may be: from, to, and whether they must be odd.
NUMBERS: Final[Mapping[str, tuple[tuple[float, float, bool], ...]]] = {
    "median": ((3, 31, True),),
    "gaussian-low": ((0.3, 50, False),),
    "gaussian-high": ((0.3, 200, False),),
    "butterworth-low": ((0.01, 1, False), (1, 10, False)),
    "butterworth-high": ((0.001, 1, False), (1, 10, False)),
    "clahe": ((1, 40, False), (1, 32, False)),
}


# -- segmentation ------------------------------------------------------------------------------------


def foreground(picture: RGB, method: str) -> Region:
    """The box around what the picture shows, a little widened; the whole picture where none is believable.

    `method`: "edge" (where edges are), "threshold" (Otsu's, on the side that touches the border less) or
    "region" (what cannot be reached from the border through pixels that are nearly alike).
    """
    found = _box(METHODS[method](picture))
    if found is None:
        return Region(0, 0, 1, 1)
    left, top, right, bottom = found
    wide, high = MARGIN * (right - left), MARGIN * (bottom - top)
    left, top, right, bottom = max(0, left - wide), max(0, top - high), right + wide, bottom + high
    return Region(left, top, min(1, right) - left, min(1, bottom) - top)


def edges(picture: RGB) -> Mask:
    """Canny's edges, by thresholds from Otsu's, thickened."""
    cv2 = _cv2()
    smooth = cv2.GaussianBlur(_grey(picture), (0, 0), 2)
    high, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    found = cv2.Canny(smooth, high / 3, max(high, 30) * 0.8)
    return np.asarray(cv2.dilate(found, np.ones((5, 5), np.uint8)), np.uint8)


def threshold(picture: RGB) -> Mask:
    """Otsu's two classes of grey; the foreground is the one that takes less of the border."""
    cv2 = _cv2()
    _, light = cv2.threshold(
        cv2.GaussianBlur(_grey(picture), (0, 0), 2), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU
    )
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    return np.asarray(255 - light if border.mean() > 127 else light, np.uint8)


def regions(picture: RGB) -> Mask:
    """Grows a region from every place of the border; what it does not reach is the foreground."""
    cv2 = _cv2()
    smooth = cv2.GaussianBlur(np.ascontiguousarray(picture), (0, 0), 2)
    height, width = smooth.shape[:2]
    reached = np.zeros((height + 2, width + 2), np.uint8)
    across, down = np.linspace(0, width - 1, 8).astype(int), np.linspace(0, height - 1, 8).astype(int)
    seeds = [(x, y) for x in across.tolist() for y in (0, height - 1)]
    seeds += [(x, y) for y in down.tolist() for x in (0, width - 1)]
    how = 4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    for seed in seeds:
        if not reached[seed[1] + 1, seed[0] + 1]:
            cv2.floodFill(smooth, reached, seed, 0, (NEAR / 4,) * 3, (NEAR / 4,) * 3, how)
    kernel = np.ones((5, 5), np.uint8)
    return np.asarray(cv2.morphologyEx(255 - reached[1:-1, 1:-1], cv2.MORPH_OPEN, kernel), np.uint8)


METHODS: Final[Mapping[str, Callable[[RGB], Mask]]] = {
    "edge": edges,
    "threshold": threshold,
    "region": regions,
}


def _box(mask: Mask) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of what is kept, as shares, without its outermost hundredth a side."""
    rows, columns = (mask > 0).sum(axis=1), (mask > 0).sum(axis=0)
    if not rows.any():
        return None
    (top, bottom), (left, right) = _span(rows), _span(columns)
    return (left, top, right, bottom) if SMALLEST <= (right - left) * (bottom - top) <= LARGEST else None


def _span(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Between which shares of the length all but a hundredth at either end lies."""
    summed = np.cumsum(counts) / counts.sum()
    first, last = int(np.searchsorted(summed, 0.01)), int(np.searchsorted(summed, 0.99))
    return first / len(counts), (last + 1) / len(counts)


def _grey(picture: RGB) -> Mask:
    cv2 = _cv2()
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY), np.uint8)


def _cut(picture: RGB, region: Region) -> RGB:
    height, width = picture.shape[:2]
    left, top = round(region.left * width), round(region.top * height)
    wide, high = max(1, round(region.width * width)), max(1, round(region.height * height))
    return picture[top : top + high, left : left + wide]


def within(outer: Region, inner: Region) -> Region:
    """A part of a part, as a part of the whole."""
    return Region(
        outer.left + inner.left * outer.width,
        outer.top + inner.top * outer.height,
        inner.width * outer.width,
        inner.height * outer.height,
    )


# -- what steps are called ----------------------------------------------------------------------------


def _parsed(step: str) -> tuple[str, tuple[str, ...]]:
    """A step's name and its numbers, as they were written."""
    name, *numbers = step.split(":")
    if name == "crop" and len(numbers) == 1 and numbers[0] in METHODS:
        return name, tuple(numbers)
    if name not in NUMBERS:
        known = [f"{each}:{':'.join('N' * len(NUMBERS[each]))}" for each in NUMBERS]
        raise InvalidSetting(f"enhance {step}: there are {', '.join(known)}, crop:{'|'.join(METHODS)}")
    if len(numbers) != len(NUMBERS[name]):
        raise InvalidSetting(f"enhance {step}: {name} takes {len(NUMBERS[name])} numbers, parted by :")
    for text, (least, most, odd) in zip(numbers, NUMBERS[name], strict=True):
        _check(step, text, least, most, odd=odd)
    return name, tuple(numbers)


def _check(step: str, text: str, least: float, most: float, *, odd: bool) -> None:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most or (odd and number % 2 != 1):
        kind = "an odd number" if odd else "a number"
        raise InvalidSetting(f"enhance {step}: {text} is not {kind} from {least:g} to {most:g}")


@cache
def _cv2() -> ModuleType:
    import cv2

    return cv2
