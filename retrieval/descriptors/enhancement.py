"""Enhances pictures before a backbone sees them: filters for noise and light, and crops to the foreground.

For noisy scans, X-rays and pictures with wide margins; docs/enhancement.md shows what helps when. Every step
is a short text, such as "median:3" or "crop:edge". The steps are part of a space's fingerprint.

Sources: Gonzalez and Woods, "Digital image processing", 4th edition, chapters 3, 4 and 10 (filters and
segmentations); Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994;
Otsu, "A threshold selection method from gray-level histograms", 1979.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Final

import numpy as np
import numpy.typing as npt

from ..errors import InvalidSetting
from ..query.values import Region
from ..ranking.arrays import RGB

VERSION: Final = 1  # raise it when a picture comes out differently
MAX_STEPS: Final = 8
MARGIN: Final = 0.03  # around the foreground, as a share of its width and height
MIN_FOREGROUND, MAX_FOREGROUND = 0.02, 0.9  # shares of the picture; a smaller or larger one is ignored
MIDDLE_GREY: Final = 128  # a high-pass filter turns a plain area into this grey
BACKGROUND_TOLERANCE: Final = (
    12  # grey levels; neighbouring background pixels differ by at most a quarter of this
)
Mask = npt.NDArray[np.uint8]  # (row, column): 255 in the foreground


def check_steps(steps: Sequence[str]) -> tuple[str, ...]:
    """The steps, unchanged. Raises InvalidSetting for an unknown step or a number out of range."""
    if len(steps) > MAX_STEPS:
        raise InvalidSetting(f"enhance: {len(steps)} steps; at most {MAX_STEPS} are allowed")
    for step in steps:
        _parse_step(step)
    return tuple(steps)


def enhance_picture(picture: RGB, steps: Sequence[str]) -> tuple[RGB, Region]:
    """The picture after all steps, in order, and which part of the original it shows."""
    part = Region(0, 0, 1, 1)
    for name, numbers in map(_parse_step, steps):
        if name == "crop":
            region = find_foreground(picture, numbers[0])
            picture, part = _crop_picture(picture, region), part.place_box(region)
        else:
            picture = FILTERS[name](picture, *map(float, numbers))
    return np.ascontiguousarray(picture), part


# -- filters -----------------------------------------------------------------------------------------


def filter_median(picture: RGB, size: float) -> RGB:
    """The median of size × size pixels, for each channel: removes single wrong pixels, keeps edges."""
    return np.asarray(_import_cv2().medianBlur(np.ascontiguousarray(picture), int(size)), np.uint8)


def filter_gaussian_low(picture: RGB, sigma: float) -> RGB:
    """Gaussian blur with a standard deviation of `sigma` pixels: removes noise and detail."""
    return np.asarray(_import_cv2().GaussianBlur(picture, (0, 0), sigma), np.uint8)


def filter_gaussian_high(picture: RGB, sigma: float) -> RGB:
    """What `filter_gaussian_low` removes, plus MIDDLE_GREY: evens out the light and large areas of colour."""
    light = picture.astype(np.float32)
    return _round_to_bytes(MIDDLE_GREY + light - _import_cv2().GaussianBlur(light, (0, 0), sigma))


def filter_butterworth_low(picture: RGB, cutoff: float, order: float) -> RGB:
    """H = 1 / (1 + (f / cutoff)^(2 order)), where f is a share of the highest frequency.

    Unlike a sharp cut-off, it causes hardly any ringing.
    """
    return _round_to_bytes(_smooth_butterworth(picture, cutoff, order))


def filter_butterworth_high(picture: RGB, cutoff: float, order: float) -> RGB:
    """What `filter_butterworth_low` removes, plus MIDDLE_GREY."""
    return _round_to_bytes(
        MIDDLE_GREY + picture.astype(np.float64) - _smooth_butterworth(picture, cutoff, order)
    )


def equalise_lightness(picture: RGB, clip: float, tiles: float) -> RGB:
    """Contrast-limited adaptive histogram equalisation of the lightness, in tiles × tiles cells."""
    cv2 = _import_cv2()
    lab = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clip, (int(tiles), int(tiles))).apply(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def _smooth_butterworth(picture: RGB, cutoff: float, order: float) -> npt.NDArray[np.float64]:
    """The low-pass filter, in the frequency domain.

    The picture is mirrored first, because the transform treats the left and the right edge as neighbours.
    """
    height, width = picture.shape[:2]
    tall = np.concatenate([picture, picture[::-1]]).astype(np.float64)
    mirrored = np.concatenate([tall, tall[:, ::-1]], axis=1)
    down, across = np.fft.fftfreq(2 * height)[:, None], np.fft.rfftfreq(2 * width)[None, :]
    frequency = 2 * np.hypot(down, across)  # 1 is the highest frequency that a row or a column can contain
    response = 1 / (1 + (frequency / cutoff) ** (2 * order))
    spectrum = np.fft.rfft2(mirrored, axes=(0, 1)) * response[..., None]
    smooth: npt.NDArray[np.float64] = np.fft.irfft2(spectrum, s=mirrored.shape[:2], axes=(0, 1))
    return smooth[:height, :width]


def _round_to_bytes(values: npt.NDArray[np.floating]) -> RGB:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


FILTERS: Final[Mapping[str, Callable[..., RGB]]] = {
    "median": filter_median,
    "gaussian-low": filter_gaussian_low,
    "gaussian-high": filter_gaussian_high,
    "butterworth-low": filter_butterworth_low,
    "butterworth-high": filter_butterworth_high,
    "clahe": equalise_lightness,
}
# For each number of a step: its minimum, its maximum, and whether it must be odd.
STEP_NUMBERS: Final[Mapping[str, tuple[tuple[float, float, bool], ...]]] = {
    "median": ((3, 31, True),),
    "gaussian-low": ((0.3, 50, False),),
    "gaussian-high": ((0.3, 200, False),),
    "butterworth-low": ((0.01, 1, False), (1, 10, False)),
    "butterworth-high": ((0.001, 1, False), (1, 10, False)),
    "clahe": ((1, 40, False), (1, 32, False)),
}


# -- segmentation ------------------------------------------------------------------------------------


def find_foreground(picture: RGB, method: str) -> Region:
    """The box around the foreground, with a margin; the whole picture if no plausible foreground is found.

    `method` says what counts as foreground: "edge" (pixels near edges), "threshold" (of Otsu's two classes,
    the one that covers less of the border) or "region" (pixels that cannot be reached from the border through
    nearly equal pixels).
    """
    box = _bounding_box(SEGMENTATIONS[method](picture))
    if box is None:
        return Region(0, 0, 1, 1)
    left, top, right, bottom = box
    wide, high = MARGIN * (right - left), MARGIN * (bottom - top)
    left, top, right, bottom = max(0, left - wide), max(0, top - high), right + wide, bottom + high
    return Region(left, top, min(1, right) - left, min(1, bottom) - top)


def mask_edges(picture: RGB) -> Mask:
    """Canny's edges, widened; their thresholds are derived from Otsu's threshold."""
    cv2 = _import_cv2()
    smooth = cv2.GaussianBlur(_to_grey(picture), (0, 0), 2)
    high, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    outlines = cv2.Canny(smooth, high / 3, max(high, 30) * 0.8)
    return np.asarray(cv2.dilate(outlines, np.ones((5, 5), np.uint8)), np.uint8)


def mask_by_threshold(picture: RGB) -> Mask:
    """Otsu's two classes of grey; the foreground is the one that covers less of the border."""
    cv2 = _import_cv2()
    _, light = cv2.threshold(
        cv2.GaussianBlur(_to_grey(picture), (0, 0), 2), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU
    )
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    return np.asarray(255 - light if border.mean() > 127 else light, np.uint8)


def mask_by_region(picture: RGB) -> Mask:
    """Region growing from points along the border; the foreground is what it does not reach."""
    cv2 = _import_cv2()
    smooth = cv2.GaussianBlur(np.ascontiguousarray(picture), (0, 0), 2)
    height, width = smooth.shape[:2]
    reached = np.zeros((height + 2, width + 2), np.uint8)
    across, down = np.linspace(0, width - 1, 8).astype(int), np.linspace(0, height - 1, 8).astype(int)
    seeds = [(x, y) for x in across.tolist() for y in (0, height - 1)]
    seeds += [(x, y) for y in down.tolist() for x in (0, width - 1)]
    difference = (BACKGROUND_TOLERANCE / 4,) * 3
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    for seed in seeds:
        if not reached[seed[1] + 1, seed[0] + 1]:
            cv2.floodFill(smooth, reached, seed, 0, difference, difference, flags)
    kernel = np.ones((5, 5), np.uint8)
    return np.asarray(cv2.morphologyEx(255 - reached[1:-1, 1:-1], cv2.MORPH_OPEN, kernel), np.uint8)


SEGMENTATIONS: Final[Mapping[str, Callable[[RGB], Mask]]] = {
    "edge": mask_edges,
    "threshold": mask_by_threshold,
    "region": mask_by_region,
}


def _bounding_box(mask: Mask) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of the foreground, as shares of the picture's width and height.

    The outermost 1 % of its pixels on each side are ignored. None for an empty or implausible foreground.
    """
    rows, columns = (mask > 0).sum(axis=1), (mask > 0).sum(axis=0)
    if not rows.any():
        return None
    (top, bottom), (left, right) = _central_span(rows), _central_span(columns)
    return (
        (left, top, right, bottom)
        if MIN_FOREGROUND <= (right - left) * (bottom - top) <= MAX_FOREGROUND
        else None
    )


def _central_span(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Where the counts begin and end, as shares of the length; 1 % of them at each end are ignored."""
    cumulative = np.cumsum(counts) / counts.sum()
    first, last = int(np.searchsorted(cumulative, 0.01)), int(np.searchsorted(cumulative, 0.99))
    return first / len(counts), (last + 1) / len(counts)


def _to_grey(picture: RGB) -> Mask:
    cv2 = _import_cv2()
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY), np.uint8)


def _crop_picture(picture: RGB, region: Region) -> RGB:
    height, width = picture.shape[:2]
    left, top = round(region.left * width), round(region.top * height)
    wide, high = max(1, round(region.width * width)), max(1, round(region.height * height))
    return picture[top : top + high, left : left + wide]


# -- parsing of steps -----------------------------------------------------------------------------------


def _parse_step(step: str) -> tuple[str, tuple[str, ...]]:
    """The name of a step, and its numbers as text."""
    name, *numbers = step.split(":")
    if name == "crop" and len(numbers) == 1 and numbers[0] in SEGMENTATIONS:
        return name, tuple(numbers)
    if name not in STEP_NUMBERS:
        known = [f"{known_name}:{':'.join('N' * len(rules))}" for known_name, rules in STEP_NUMBERS.items()]
        raise InvalidSetting(
            f"enhance {step}: choose from {', '.join(known)}, "
            f"{', '.join(f'crop:{name}' for name in SEGMENTATIONS)}"
        )
    if len(numbers) != len(STEP_NUMBERS[name]):
        raise InvalidSetting(
            f"enhance {step}: {name} takes {len(STEP_NUMBERS[name])} numbers, separated by colons"
        )
    for text, (least, most, odd) in zip(numbers, STEP_NUMBERS[name], strict=True):
        _check_number(step, text, least, most, odd=odd)
    return name, tuple(numbers)


def _check_number(step: str, text: str, least: float, most: float, *, odd: bool) -> None:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most or (odd and number % 2 != 1):
        kind = "an odd number" if odd else "a number"
        raise InvalidSetting(f"enhance {step}: {text} is not {kind} from {least:g} to {most:g}")


@cache
def _import_cv2() -> ModuleType:
    import cv2

    return cv2
