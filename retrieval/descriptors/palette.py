"""Which colours a picture has, wherever in it they lie: as swatches, and as questions to the colour space.

Of the three parts of a colour feature (see `lab`) the fine histogram alone says nothing about places. A
question therefore fills that part and leaves the others at zero, and is scaled so that scores are cosines of
that part alone: from 0 to 1.

Source: Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 1982 (k-means).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..pictures.images import RGB
from ..query.values import MAX_SWATCHES, Swatch
from . import lab
from .lab import FINE, FINE_BINS, POWER, WEIGHTS, Float32, unit_vector

TOLERANCE = 10.0  # L*a*b* units: the standard deviation by which a bin may miss a swatch
MERGE_DISTANCE = 15.0  # L*a*b* units: bins that are nearer to each other begin as one swatch
MIN_SHARE = 0.02  # of the picture: what covers less is an edge, or noise
ROUNDS = 8  # of k-means; the largest move of a share after that is 0.02 in most pictures

CENTRES = np.stack(np.meshgrid(*FINE, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)
FINE_LENGTH = float(np.sqrt(WEIGHTS[0] / sum(WEIGHTS)))  # of the fine histogram in every feature


def palette_of(pixels: RGB) -> tuple[Swatch, ...]:
    """The colours that a picture is made of: from 1 to 8 swatches, the largest share first.

    k-means in L*a*b* over the reduced picture. It starts with the fullest bin of the fine histogram, then
    each time with the one that has the most of share × (squared distance to those taken − NEAR²), so that it
    depends on the picture alone. A swatch has its pixels' mean sRGB value; those below LEAST are left out,
    and the shares of the others add up to 1. Equal shares are ordered by their colour.
    """
    rgb = lab.reduce_picture(pixels).reshape(-1, 3)
    colours = lab.to_lab(rgb)
    members = _cluster_pixels(colours, _initial_centres(colours))
    counts = np.bincount(members)
    kept = np.flatnonzero(counts >= MIN_SHARE * len(rgb))
    whole = counts[kept].sum()
    found = [Swatch(_mean_colour(rgb[members == each]), float(counts[each] / whole)) for each in kept]
    return tuple(sorted(found, key=lambda swatch: (-swatch.share, swatch.colour)))


def colours_vector(swatches: Sequence[Swatch]) -> Float32:
    """(DIMENSION,): asks the colour space how much of these colours a picture holds, wherever they lie.

    Sum over the swatches of share^POWER × a bell of unit length around the colour, exp(−d² / (2 TOLERANCE²))
    over the bins at distance d. A picture of just these colours scores from 0.7 to 1, one that is a tenth of
    the colour about 0.35, one without it next to 0; fused with the bandwidth of SWATCHES these count as
    the scores of whole pictures do.
    """
    colours = lab.to_lab(np.array([each.rgb for each in swatches], np.float32))
    shares = np.array([each.share for each in swatches], np.float32)
    bells = np.stack([unit_vector(_colour_bell(each)) for each in _clip_to_bins(colours)])
    return _fine_query(np.power(shares, POWER, dtype=np.float32) @ bells)


def palette_vector(feature: Float32) -> Float32:
    """(DIMENSION,): asks which pictures have the same colours in the same shares as a feature's picture.

    The scores are cosines of the fine histograms: 1 for the picture itself and for its tiles in any order.
    Their bandwidth is that of PALETTE.
    """
    return _fine_query(feature[:FINE_BINS])


def _fine_query(fine: Float32) -> Float32:
    whole = np.zeros(lab.DIMENSION, np.float32)
    whole[:FINE_BINS] = unit_vector(fine) / FINE_LENGTH
    return whole


def _colour_bell(colour: Float32) -> Float32:
    away = ((CENTRES - colour) ** 2).sum(axis=1)
    bell: Float32 = np.exp(-away / (2 * TOLERANCE**2))
    return bell


def _clip_to_bins(colours: Float32) -> Float32:
    """As the histogram counts them: colours beyond the last bin's centre lie at it."""
    clipped: Float32 = np.clip(colours, CENTRES.min(axis=0), CENTRES.max(axis=0))
    return clipped


def _initial_centres(colours: Float32) -> Float32:
    """(at most MAX_SWATCHES, 3): the bins that k-means begins with."""
    [shares] = lab.soft_histograms(colours[None], axes=FINE)
    taken = [int(shares.argmax())]
    while len(taken) < MAX_SWATCHES:
        away = _squared_distances(CENTRES, CENTRES[taken]).min(axis=1)
        gains = shares * np.maximum(away - MERGE_DISTANCE**2, 0)
        if not gains.any():
            break
        taken.append(int(gains.argmax()))
    return CENTRES[taken]


def _cluster_pixels(colours: Float32, centres: Float32) -> npt.NDArray[np.intp]:
    """(pixel,): the number of the cluster that each pixel ends in."""
    members: npt.NDArray[np.intp] = _squared_distances(colours, centres).argmin(axis=1)
    for _ in range(ROUNDS):
        centres = np.stack([colours[members == each].mean(axis=0) for each in np.unique(members)])
        members = _squared_distances(colours, centres).argmin(axis=1)
    return members


def _squared_distances(points: Float32, centres: Float32) -> Float32:
    """(point, centre): squared Euclidean distances."""
    squares: Float32 = ((points[:, None] - centres) ** 2).sum(axis=2)
    return squares


def _mean_colour(pixels: Float32) -> str:
    red, green, blue = pixels.mean(axis=0).round().astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"
