"""How far a score stands out of what unrelated pictures score: bands, and the relevance line. Pure.

A space has a background: the scores of pairs of pictures that have nothing to do with each other. From it a
score's tail probability p follows, the share of unrelated pictures that score as high, and the number of
them to expect among N images, E = N · p, as the E-value of sequence search (Karlin and Altschul, "Methods
for assessing the statistical significance of molecular sequence features", PNAS 1990).

The decisions and their measurements: docs/decisions/0007-relevance-line.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from .arrays import Float64Scores
from .ranking import round_scores

STRONG: Final = "strong"
LIKELY: Final = "likely"
WEAK: Final = "weak"
CHANCE: Final = "chance"
BANDS = (CHANCE, WEAK, LIKELY, STRONG)  # rising

# The most unrelated images that may be expected to score as high as a hit of the band.
MOST_EXPECTED = {STRONG: 0.001, LIKELY: 0.02}
# The relevance line: one in fifty unrelated pictures scores above it, whatever the library's size.
LINE = 0.02
SHARES = {STRONG: 0.999, LIKELY: 0.5, WEAK: 0.1}  # least share of a text's words, weighed by rarity

SAMPLE = 1000  # features that a background is made from: half a million pairs, in a tenth of a second
FEWEST = 50  # features from which on a library's own pairs say what unrelated pictures score
FLANK = 1.645  # standard deviations from the median of a normal distribution to its 5 % quantile
ALIKE = 0.5  # of a library above the line: then the query asks for what all of it is about, and nothing folds
WIDER = 1.15  # unrelated pictures' upper tail beside their lower flank, measured
LEAST_SPREAD = 0.001  # of a library whose pictures are all the same
LEAST_TAIL = 1e-300  # near the least number above zero: 37 standard deviations out
CLOSEST = 0.996  # curved scores above it count as it: the curve has no end

Features = npt.NDArray[np.floating]
Levels = npt.NDArray[np.int8]  # indexes into BANDS, which rise


@dataclass(frozen=True, slots=True)
class Unrelated:
    """The scores of unrelated pictures: normal around `location`, with a standard deviation of `spread`.

    `curved`: it is not the cosine that is normal but its inverse hyperbolic tangent, Fisher's transform of
    correlations; so with histograms, whose cosines crowd below 1.
    """

    location: float
    spread: float
    curved: bool = False

    @classmethod
    def fit_scores(cls, cosines: npt.ArrayLike, *, wider: float = 1.0, curved: bool = False) -> Unrelated:
        """Fit the median and the lower flank, down to the 5 % quantile.

        Related pairs lie above the median, and so take no part: the empirical null of Efron,
        "Large-scale simultaneous hypothesis testing", JASA 2004. `wider` is a factor on the spread.
        """
        low, middle = np.quantile(
            _straighten_scores(np.asarray(cosines, np.float64), curved), [0.05, 0.5]
        ).tolist()
        spread = wider * (middle - low) / FLANK
        return cls(middle, max(spread, LEAST_SPREAD), curved)

    def deviations_from_location(self, scores: npt.ArrayLike) -> Float64Scores:
        """How many standard deviations above the location each score lies."""
        deviations: Float64Scores = (
            _straighten_scores(round_scores(scores), self.curved) - self.location
        ) / self.spread
        return deviations

    def tail_share(self, scores: npt.ArrayLike) -> Float64Scores:
        """The share of unrelated pictures that score at least as high, from 1 down to LEAST_TAIL."""
        deviations = self.deviations_from_location(scores)
        halves = [math.erfc(each / math.sqrt(2)) / 2 for each in deviations.ravel().tolist()]
        tail: Float64Scores = np.maximum(np.array(halves), LEAST_TAIL).reshape(deviations.shape)
        return tail

    def tail_position(self, scores: npt.ArrayLike) -> Float64Scores:
        """log p(score) / log p(1): rising with the score from 0 to 1, the latter for identical pictures."""
        position: Float64Scores = np.log(self.tail_share(scores)) / np.log(self.tail_share(1.0))
        return position


@dataclass(frozen=True, slots=True)
class Calibration:
    """Judges the scores of one probe among `size` images; without `folds` none of them is below the line."""

    unrelated: Unrelated
    size: int
    folds: bool = True

    def tail_share(self, scores: npt.ArrayLike) -> Float64Scores:
        """The share of unrelated pictures that score at least as high."""
        return self.unrelated.tail_share(scores)

    def expected_count(self, scores: npt.ArrayLike) -> Float64Scores:
        """How many unrelated images of the library are to be expected that score at least as high."""
        return self.size * self.tail_share(scores)

    def tail_position(self, scores: npt.ArrayLike) -> Float64Scores:
        """Where the scores lie in the background, from 0 to 1 (see Unrelated)."""
        return self.unrelated.tail_position(scores)

    def band_levels(self, scores: npt.ArrayLike) -> Levels:
        """The band of each score, as an index into BANDS.

        CHANCE lies below the line; above it the number that is `expected` decides.
        """
        size = max(self.size, 1)
        tails = [LINE if self.folds else 1.0, MOST_EXPECTED[LIKELY] / size, MOST_EXPECTED[STRONG] / size]
        # Each band begins so many deviations out: many scores are compared with three numbers.
        steps = [-math.inf if tail == 1 else -NormalDist().inv_cdf(tail) for tail in tails]
        return np.searchsorted(steps, self.unrelated.deviations_from_location(scores), side="right").astype(
            np.int8
        )


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """What unrelated pictures score in one space of a library, kept with a generation of it."""

    unrelated: Unrelated
    size: int
    sample: Features  # (at most SAMPLE, dimension), unit vectors

    @classmethod
    def from_features(
        cls,
        features: Features,
        size: int,
        *,
        known: Unrelated | None = None,
        reference: Features | None = None,
        curved: bool = False,
    ) -> Background | None:
        """The background of a library of `size` images, from features of at most SAMPLE of them (`places`).

        In this order: what is `known` of the space; the cosines with `reference`, features of pictures
        that have nothing to do with any collection; the library's own pairs, whose related ones are left
        out by fitting the lower flank alone. Only the first two know that a library of one subject is all
        alike. None where there is no feature, or nothing is known and the features are fewer than FEWEST.
        """
        sample = np.asarray(features, np.float32)
        if known is None and reference is not None and len(sample):
            cosines = sample @ np.asarray(reference, np.float32).T
            known = Unrelated.fit_scores(cosines, wider=WIDER, curved=curved)
        if known is None and len(sample) >= FEWEST:
            pairs = (sample @ sample.T)[np.triu_indices(len(sample), 1)]
            known = Unrelated.fit_scores(pairs, curved=curved)
        return cls(known, size, sample) if known is not None and len(sample) else None

    def calibrate_picture(self, vector: Features) -> Calibration:
        """For a picture's feature: what unrelated pictures score is the same for every picture.

        Where more than ALIKE of the sample scores above the line, there is none.
        """
        alike = float(np.mean(self.unrelated.tail_share(self._sample_cosines(vector)) <= LINE))
        return Calibration(self.unrelated, self.size, folds=alike <= ALIKE)

    def calibrate_other(self, vector: Features) -> Calibration | None:
        """For a feature that is no picture's (words, swatches): its own cosines with the sample decide.

        None where the sample holds fewer than FEWEST.
        """
        if len(self.sample) < FEWEST:
            return None
        unrelated = Unrelated.fit_scores(self._sample_cosines(vector), curved=self.unrelated.curved)
        return Calibration(unrelated, self.size)

    def _sample_cosines(self, vector: Features) -> Features:
        return self.sample @ np.asarray(vector, np.float32)


def sample_positions(count: int) -> npt.NDArray[np.int64]:
    """Which of `count` features, in the order of their image ids, make a background: evenly spread ones."""
    return np.unique(np.linspace(0, count - 1, min(count, SAMPLE)).astype(np.int64))


def word_share(found: Collection[str], frequencies: Mapping[str, int], size: int) -> float:
    """The share of a text's words that an image holds, from 0 to 1, each weighed by its rarity.

    `frequencies` maps every word (or phrase) of the text to the number of images that hold it, 0 for
    gibberish, among `size`. The weight is BM25's ln(1 + (size − n + ½) / (n + ½)).
    """
    weights = {word: math.log1p((max(size - n, 0) + 0.5) / (n + 0.5)) for word, n in frequencies.items()}
    total = math.fsum(weights.values())
    return math.fsum(weights[word] for word in weights if word in found) / total if total else 0.0


def word_levels(shares: npt.ArrayLike) -> Levels:
    """The bands of images that hold these shares of a text's words, as indexes into BANDS.

    All words make an image STRONG, half of them LIKELY.
    """
    least = [SHARES[band] for band in BANDS[1:]]
    return np.searchsorted(least, np.asarray(shares, np.float64), side="right").astype(np.int8)


def _straighten_scores(cosines: Float64Scores, curved: bool) -> Float64Scores:
    """Scores on the scale on which those of unrelated pictures are normal."""
    return np.arctanh(np.clip(cosines, -CLOSEST, CLOSEST)) if curved else cosines
