"""A picture's colours and where they lie: CIELAB histograms and moments, of the whole and of a 3 x 3 grid.

The vector has three parts of unit length, each times the square root of its weight (see `describe_colours`):
a fine histogram of the whole picture, nine coarse histograms of the grid, and the moments of all ten regions.
The inner product of two such vectors is therefore the weighted mean of three similarities.

Sources: Swain & Ballard, "Color indexing", IJCV 1991 (histograms); Stricker & Orengo, "Similarity of color
images", SPIE 1995 (moments); Arandjelovic & Zisserman, "Three things everyone should know to improve object
retrieval", CVPR 2012 (Hellinger kernel: root, then inner product); Perronnin, Sanchez & Mensink, "Improving
the Fisher kernel", ECCV 2010 (other powers than one half); CIE 1976 L*a*b* with the D65 white point.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..pictures.images import resize_pixels
from ..ranking.arrays import RGB, Float32Array, Float32Matrix, Float32Vector

UInt8Matrix: TypeAlias = npt.NDArray[np.uint8]
Axes: TypeAlias = tuple[tuple[float, ...], ...]  # bin centres along L*, a* and b*, ascending

GRID = 3  # cells along each side
SIDE = 72  # pixels along each side of the reduced picture; a multiple of GRID
REGIONS = 1 + GRID * GRID

# Bin centres in L*a*b* units; closer near grey, where most colours lie and the eye is most sensitive.
FINE: Axes = ((0, 20, 40, 60, 80, 100),) + 2 * ((-65, -35, -15, -5, 5, 15, 35, 65),)
COARSE: Axes = ((0, 50, 100),) + 2 * ((-40, -10, 10, 40),)

POWER = 1 / 3  # 1/2 is the Hellinger kernel; a smaller power reduces the weight of large plain backgrounds
WEIGHTS = (4.0, 1.0, 1.0)  # of the fine histogram, the grid of coarse histograms, the moments
# L*a*b* units. Colours differ by at most about 200, which is half a turn, so no angle wraps around.
QUARTER_TURN = 100.0

FINE_BINS, COARSE_BINS = (int(np.prod([len(centres) for centres in axes])) for axes in (FINE, COARSE))
DIMENSION = FINE_BINS + GRID * GRID * COARSE_BINS + REGIONS * 3 * 3 * 2  # 384 + 432 + 180 = 996

# IEC 61966-2-1 linear sRGB to XYZ, each row divided by the D65 white point, so that white is (1, 1, 1).
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
SRGB_TO_WHITE = (SRGB_TO_XYZ / SRGB_TO_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)
WHITE_TO_SRGB = np.linalg.inv(SRGB_TO_WHITE).astype(np.float32)
F_TO_LAB = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]], dtype=np.float32)
LAB_OFFSET = np.array([-16, 0, 0], dtype=np.float32)


def describe_colours(pixels: RGB) -> Float32Vector:
    """One unit vector (DIMENSION,) for a picture of any size; compare two by their inner product.

    Three parts one after the other: sqrt(4) fine, sqrt(1) grid, sqrt(1) moments; then divided by its length.
    It depends on the picture alone, and is never zero, because every histogram sums to one.
    """
    cells = grid_cells(to_lab(reduce_picture(pixels)))
    picture = cells.reshape(1, -1, 3)
    parts = (
        root_histograms(soft_histograms(picture, axes=FINE)),
        root_histograms(soft_histograms(cells, axes=COARSE)),
        encode_angles(np.concatenate([colour_moments(picture), colour_moments(cells)])),
    )
    weighted = [
        np.sqrt(weight) * unit_vector(part.ravel()) for weight, part in zip(WEIGHTS, parts, strict=True)
    ]
    return unit_vector(np.concatenate(weighted))


def unit_vector(vector: Float32Vector) -> Float32Vector:
    """The vector divided by its Euclidean length, in single precision."""
    divided: Float32Vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return divided


def reduce_picture(pixels: RGB) -> Float32Array:
    """The picture resized to SIDE x SIDE x 3 by area averaging; values stay in 0..255.

    Each colour keeps its share of the area, which is all that histograms and cells need. The pixels of a
    picture smaller than SIDE are repeated in the same shares, so 1 x 1 and 1 x 500 need no special case.
    """
    return resize_pixels(pixels, SIDE, SIDE, "box").astype(np.float32)


def to_lab(rgb: Float32Array) -> Float32Array:
    """sRGB values in 0..255 as CIE 1976 L*a*b* under D65; L* in 0..100, a* and b* within about +-110.

    f(t) = cbrt(t) above (6/29)^3, else t / (3 (6/29)^2) + 4/29;
    L* = 116 f(Y) - 16, a* = 500 (f(X) - f(Y)), b* = 200 (f(Y) - f(Z)).
    """
    level = rgb / np.float32(255)
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    xyz = linear.astype(np.float32) @ SRGB_TO_WHITE.T
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    lab: Float32Array = f.astype(np.float32) @ F_TO_LAB.T + LAB_OFFSET
    return lab


def grid_cells(picture: Float32Array) -> Float32Array:
    """(cell, pixel, 3): a square picture cut into GRID x GRID cells, row by row."""
    step = len(picture) // GRID
    blocks = picture.reshape(GRID, step, GRID, step, 3)
    return blocks.transpose(0, 2, 1, 3, 4).reshape(GRID * GRID, step * step, 3)


def soft_histograms(regions: Float32Array, *, axes: Axes) -> Float32Matrix:
    """(region, bin), from colours (region, pixel, 3): the share of the region's pixels in each bin.

    Each pixel is divided among its 8 nearest bins. Its share in bin (i, j, k) is the product of its three
    memberships, so each row sums to 1, and a small change of a colour changes the shares only a little.
    """
    lightness, a, b = (bin_memberships(regions[..., i], centres=axes[i]) for i in range(3))
    planes = (lightness[..., :, None] * a[..., None, :]).reshape(*a.shape[:2], -1)
    counts = planes.transpose(0, 2, 1) @ b
    shares: Float32Matrix = (counts.reshape(len(regions), -1) / regions.shape[1]).astype(np.float32)
    return shares


def bin_memberships(values: Float32Array, *, centres: tuple[float, ...]) -> Float32Array:
    """(..., bin): linear interpolation between neighbouring centres; beyond the outermost, only its bin."""
    middle = np.asarray(centres, dtype=np.float32)
    clamped = np.clip(values, middle[0], middle[-1])[..., None]
    left = np.concatenate([[middle[0] - 1], middle[:-1]]).astype(np.float32)
    right = np.concatenate([middle[1:], [middle[-1] + 1]]).astype(np.float32)
    rising = (clamped - left) / (middle - left)
    falling = (right - clamped) / (right - middle)
    hats: Float32Array = np.clip(np.minimum(rising, falling), 0, 1)
    return hats


def root_histograms(histograms: Float32Matrix) -> Float32Matrix:
    """Each row h becomes h^POWER divided by its length, so that every region counts the same."""
    powered: Float32Matrix = np.power(histograms, POWER, dtype=np.float32)
    rows: Float32Matrix = powered / np.linalg.norm(powered, axis=1, keepdims=True)
    return rows


def colour_moments(regions: Float32Array) -> Float32Matrix:
    """(region, 9): mean, standard deviation and cube root of the third central moment of L*, a*, b*.

    All nine are in L*a*b* units (Stricker & Orengo 1995).
    """
    mean = regions.mean(axis=1)
    offsets = regions - mean[:, None]
    deviation = np.sqrt((offsets * offsets).mean(axis=1))
    skewness = np.cbrt((offsets * offsets * offsets).mean(axis=1))
    return np.concatenate([mean, deviation, skewness], axis=1)


def encode_angles(values: Float32Matrix) -> Float32Matrix:
    """Each value m becomes (cos t, sin t), t = (pi / 2) m / QUARTER_TURN.

    The inner product of two such pairs is cos(t1 - t2): 1 for equal values, 0 at a quarter turn.
    """
    angles = values * np.float32(np.pi / 2 / QUARTER_TURN)
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


def mean_colours(vectors: Float32Matrix) -> UInt8Matrix:
    """(picture, 3): the mean colour in L*a*b* of each picture, as sRGB, read back from its vector."""
    moments = vectors[:, FINE_BINS + GRID * GRID * COARSE_BINS :]  # those of the whole picture come first
    angles = np.arctan2(moments[:, 9:12], moments[:, :3])
    return from_lab((angles * QUARTER_TURN / (np.pi / 2)).astype(np.float32))


def from_lab(lab: Float32Array) -> UInt8Matrix:
    """The inverse of `to_lab`, rounded; what sRGB has not becomes the nearest value of each channel."""
    middle = (lab[..., 0] + 16) / 116
    f = np.stack([middle + lab[..., 1] / 500, middle, middle - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip(xyz @ WHITE_TO_SRGB.T, 0, 1)
    level = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb: UInt8Matrix = np.rint(255 * level).astype(np.uint8)
    return rgb
