"""The colours of a picture, whatever their positions: as swatches, and as query vectors for the colour space.

Of the three parts of a colour feature (see `lab`) only the fine histogram is independent of positions. A
query vector therefore fills that part and leaves the others at zero. It is scaled so that scores are cosines
of that part alone: from 0 to 1.

Source: Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 1982 (k-means).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..query.values import MAX_SWATCHES, Swatch
from ..ranking.arrays import RGB, Float32Matrix, Float32Vector
from . import lab
from .lab import FINE, FINE_BINS, POWER, WEIGHTS, unit_vector

TOLERANCE = 10.0  # L*a*b* units: standard deviation of the bell around a swatch
MERGE_DISTANCE = 15.0  # L*a*b* units: bins that are nearer to each other start as one swatch
MIN_SHARE = 0.02  # of the picture: a colour that covers less is an edge or noise
ROUNDS = 8  # of k-means; further rounds change a share by at most 0.02 in most pictures

CENTRES = np.stack(np.meshgrid(*FINE, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)
FINE_LENGTH = float(np.sqrt(WEIGHTS[0] / sum(WEIGHTS)))  # Euclidean length of the fine part of every feature


def palette_of(pixels: RGB) -> tuple[Swatch, ...]:
    """The colours of a picture: from 1 to 8 swatches, the largest share first.

    They are clusters of k-means in L*a*b* over the reduced picture. The first centre is the fullest bin of
    the fine histogram; each further one is the bin with the largest share × (squared distance to the nearest
    centre − MERGE_DISTANCE²). So the result depends on the picture alone. A swatch has the mean sRGB value of
    its pixels. Swatches below MIN_SHARE are left out, and the shares of the others add up to 1. Equal shares
    are ordered by colour.
    """
    rgb = lab.reduce_picture(pixels).reshape(-1, 3)
    colours = lab.to_lab(rgb)
    members = _cluster_pixels(colours, _initial_centres(colours))
    counts = np.bincount(members)
    clusters = np.flatnonzero(counts >= MIN_SHARE * len(rgb))
    total = counts[clusters].sum()
    swatches = [
        Swatch(_mean_colour(rgb[members == cluster]), float(counts[cluster] / total)) for cluster in clusters
    ]
    return tuple(sorted(swatches, key=lambda swatch: (-swatch.share, swatch.colour)))


def swatches_vector(swatches: Sequence[Swatch]) -> Float32Vector:
    """(DIMENSION,): searches the colour space for pictures with these colours at any position.

    The sum over the swatches of share^POWER × a bell of unit length around the colour, which is
    exp(−d² / (2 TOLERANCE²)) for a bin at distance d. A picture of exactly these colours scores from 0.7 to
    1; a picture with the colour on a tenth of its area scores about 0.35, and one without it nearly 0. Fused
    with the bandwidth of `signals.SWATCHES`, these scores count like those of whole pictures.
    """
    colours = lab.to_lab(np.array([swatch.rgb for swatch in swatches], np.float32))
    shares = np.array([swatch.share for swatch in swatches], np.float32)
    bells = np.stack([unit_vector(_colour_bell(colour)) for colour in _clip_to_bins(colours)])
    return _fine_query(np.power(shares, POWER, dtype=np.float32) @ bells)


def palette_vector(feature: Float32Vector) -> Float32Vector:
    """(DIMENSION,): searches for pictures with the same colours in the same shares as a feature's picture.

    The scores are cosines of the fine histograms: 1 for the picture itself and for its tiles in any order.
    Their bandwidth is that of `signals.PALETTE`.
    """
    return _fine_query(feature[:FINE_BINS])


def _fine_query(fine: Float32Vector) -> Float32Vector:
    query = np.zeros(lab.DIMENSION, np.float32)
    query[:FINE_BINS] = unit_vector(fine) / FINE_LENGTH
    return query


def _colour_bell(colour: Float32Vector) -> Float32Vector:
    squares = ((CENTRES - colour) ** 2).sum(axis=1)
    bell: Float32Vector = np.exp(-squares / (2 * TOLERANCE**2))
    return bell


def _clip_to_bins(colours: Float32Matrix) -> Float32Matrix:
    """Colours beyond the outermost bin centres are moved to these centres, as in the histogram."""
    clipped: Float32Matrix = np.clip(colours, CENTRES.min(axis=0), CENTRES.max(axis=0))
    return clipped


def _initial_centres(colours: Float32Matrix) -> Float32Matrix:
    """(at most MAX_SWATCHES, 3): the bins that k-means starts with."""
    [shares] = lab.soft_histograms(colours[None], axes=FINE)
    bins = [int(shares.argmax())]
    while len(bins) < MAX_SWATCHES:
        squares = _squared_distances(CENTRES, CENTRES[bins]).min(axis=1)
        gains = shares * np.maximum(squares - MERGE_DISTANCE**2, 0)
        if not gains.any():
            break
        bins.append(int(gains.argmax()))
    return CENTRES[bins]


def _cluster_pixels(colours: Float32Matrix, centres: Float32Matrix) -> npt.NDArray[np.intp]:
    """(pixel,): the number of the cluster that each pixel belongs to in the end."""
    members: npt.NDArray[np.intp] = _squared_distances(colours, centres).argmin(axis=1)
    for _ in range(ROUNDS):
        centres = np.stack([colours[members == cluster].mean(axis=0) for cluster in np.unique(members)])
        members = _squared_distances(colours, centres).argmin(axis=1)
    return members


def _squared_distances(points: Float32Matrix, centres: Float32Matrix) -> Float32Matrix:
    """(point, centre): squared Euclidean distances."""
    squares: Float32Matrix = ((points[:, None] - centres) ** 2).sum(axis=2)
    return squares


def _mean_colour(pixels: Float32Matrix) -> str:
    """The mean sRGB value as #rrggbb."""
    red, green, blue = pixels.mean(axis=0).round().astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"
