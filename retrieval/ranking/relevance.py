"""How far a score stands out from what unrelated pictures score: bands, and the relevance line. Pure.

A space has a background: the scores of pairs of pictures that have nothing to do with each other. It gives a
score its tail probability p, the share of unrelated pictures that score as high. Among N images, E = N · p
unrelated ones are expected to score as high. This is the E-value of sequence search (Karlin and Altschul,
"Methods for assessing the statistical significance of molecular sequence features", PNAS 1990).

The decisions and their measurements: docs/decisions/0007-relevance-line.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from .arrays import FeatureMatrix, Float32Matrix, Float32Vector, Float64Scores, Int64Vector
from .ranking import round_scores

STRONG: Final = "strong"
LIKELY: Final = "likely"
WEAK: Final = "weak"
CHANCE: Final = "chance"
LOOKS_LIKE: Final = "looks like"  # what WEAK is called for images that hold none of the words of a query
BANDS = (CHANCE, WEAK, LIKELY, STRONG)  # rising

# The most unrelated images that may be expected to score as high as a hit of the band.
MOST_EXPECTED = {STRONG: 0.001, LIKELY: 0.02}
# The relevance line: one in fifty unrelated pictures scores above it, whatever the size of the library.
LINE = 0.02
# The least score by neighbourhoods of a band. These scores need no background of a library: rows are centred
# and scaled, so that unrelated pictures score about 0 in every library.
NEIGHBOUR_SCORES = {STRONG: 0.85, LIKELY: 0.65, WEAK: 0.2}
# One image may resemble a query by coincidence. It makes its neighbourhood LIKELY only if this many images,
# itself included, score so high that at most so many unrelated ones are expected to.
SUPPORT, SUPPORT_EXPECTED = 3, 0.1
# The least score of the best window of a band. Windows are centred and whitened, so that unrelated ones score
# about 0 in every library.
PART_SCORES = {STRONG: 0.7, LIKELY: 0.5, WEAK: 0.3}
# The least score by neighbourhoods of the meaning of a text, and by how much other texts must score less.
MEANING_SCORES = {STRONG: 0.3, LIKELY: 0.3, WEAK: 0.15}
MEANING_MARGINS = {STRONG: 0.12, LIKELY: 0.0}
RIVAL_COSINE = 0.6  # texts that are as near to a text mean nearly the same, and are no rivals of it
SHARES = {STRONG: 0.999, LIKELY: 0.5, WEAK: 0.1}  # least share of the words of a text, weighted by rarity

SAMPLE = 1000  # features that a background is made from: half a million pairs, in a tenth of a second
FEWEST = 50  # features: with fewer, a library's own pairs do not tell what unrelated pictures score
FLANK = 1.645  # standard deviations from the median of a normal distribution to its 5 % quantile
# Where more of a library is above the line, the query asks for what all of it shows: nothing is folded.
ALIKE_SHARE = 0.5
REFERENCE_WIDENING = 1.15  # the upper tail of unrelated pictures relative to their lower flank, as measured
LEAST_SPREAD = 0.001  # of a library whose pictures are all the same
LEAST_TAIL = 1e-300  # close to the least number above zero: 37 standard deviations out
CLOSEST = 0.996  # higher curved scores count as this one: the curve has no end

Levels: TypeAlias = npt.NDArray[np.int8]  # indexes into BANDS, which rise


@dataclass(frozen=True, slots=True)
class Unrelated:
    """The scores of unrelated pictures: normal around `location`, with a standard deviation of `spread`.

    `curved`: not the cosine is normal but its inverse hyperbolic tangent, Fisher's transform of correlations.
    This holds for histograms, whose cosines are crowded just below 1.
    """

    location: float
    spread: float
    curved: bool = False

    @classmethod
    def fit_scores(cls, cosines: npt.ArrayLike, *, wider: float = 1.0, curved: bool = False) -> Unrelated:
        """Fit the median and the lower flank, down to the 5 % quantile.

        Related pairs lie above the median and so have no influence: this is the empirical null of Efron,
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
        halves = [math.erfc(deviation / math.sqrt(2)) / 2 for deviation in deviations.ravel().tolist()]
        tail: Float64Scores = np.maximum(np.array(halves), LEAST_TAIL).reshape(deviations.shape)
        return tail

    def tail_position(self, scores: npt.ArrayLike) -> Float64Scores:
        """log p(score) / log p(1): rises with the score from 0 to 1, which stands for identical pictures."""
        position: Float64Scores = np.log(self.tail_share(scores)) / np.log(self.tail_share(1.0))
        return position


@dataclass(frozen=True, slots=True)
class Calibration:
    """Judges the scores of one probe among `size` images; without `folds` no score is below the line."""

    unrelated: Unrelated
    size: int
    folds: bool = True

    def tail_share(self, scores: npt.ArrayLike) -> Float64Scores:
        """The share of unrelated pictures that score at least as high."""
        return self.unrelated.tail_share(scores)

    def expected_count(self, scores: npt.ArrayLike) -> Float64Scores:
        """How many unrelated images of the library are expected to score at least as high."""
        return self.size * self.tail_share(scores)

    def tail_position(self, scores: npt.ArrayLike) -> Float64Scores:
        """Where the scores lie in the background, from 0 to 1 (see Unrelated)."""
        return self.unrelated.tail_position(scores)

    def band_levels(self, scores: npt.ArrayLike) -> Levels:
        """The band of each score, as an index into BANDS.

        CHANCE is below the line; above it the expected count decides.
        """
        size = max(self.size, 1)
        tails = [LINE if self.folds else 1.0, MOST_EXPECTED[LIKELY] / size, MOST_EXPECTED[STRONG] / size]
        # Each band begins at a number of deviations, so that many scores are compared with three numbers.
        steps = [-math.inf if tail == 1 else -NormalDist().inv_cdf(tail) for tail in tails]
        return np.searchsorted(steps, self.unrelated.deviations_from_location(scores), side="right").astype(
            np.int8
        )

    def highest_level(self, scores: Float64Scores) -> int:
        """The highest band that neighbourhoods may have for a query with these plain scores.

        It is that of the best score, but WEAK in place of LIKELY where the best SUPPORT scores include one
        that more than SUPPORT_EXPECTED unrelated images are expected to reach.
        """
        best = np.sort(scores)[-SUPPORT:]
        level = int(self.band_levels(best[-1:]).max(initial=0))
        is_supported = len(best) == SUPPORT and self.expected_count(best[0]) <= SUPPORT_EXPECTED
        return BANDS.index(WEAK) if level == BANDS.index(LIKELY) and not is_supported else level


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """What unrelated pictures score in one space of a library, for one generation of it."""

    unrelated: Unrelated
    size: int
    sample: Float32Matrix  # (at most SAMPLE, dimension), unit vectors

    @classmethod
    def from_features(
        cls,
        features: FeatureMatrix,
        size: int,
        *,
        known: Unrelated | None = None,
        reference: FeatureMatrix | None = None,
        curved: bool = False,
    ) -> Background | None:
        """The background of a library of `size` images, from at most SAMPLE features (`sample_positions`).

        The first of these that exists is used: what is `known` of the space; the cosines with `reference`,
        features of pictures that have nothing to do with any collection; the pairs of the library itself,
        where fitting the lower flank alone leaves the related ones out. Only the first two recognise a
        library in which all pictures are alike. None where there is no feature, or nothing is known and there
        are fewer than FEWEST features.
        """
        sample = np.asarray(features, np.float32)
        if known is None and reference is not None and len(sample):
            cosines = sample @ np.asarray(reference, np.float32).T
            known = Unrelated.fit_scores(cosines, wider=REFERENCE_WIDENING, curved=curved)
        if known is None and len(sample) >= FEWEST:
            pairs = (sample @ sample.T)[np.triu_indices(len(sample), 1)]
            known = Unrelated.fit_scores(pairs, curved=curved)
        return cls(known, size, sample) if known is not None and len(sample) else None

    def calibrate_picture(self, vector: Float32Vector) -> Calibration:
        """The calibration for the feature of a picture: unrelated pictures score the same for every picture.

        Where more than ALIKE of the sample scores above the line, there is no line.
        """
        alike = float(np.mean(self.unrelated.tail_share(self._sample_cosines(vector)) <= LINE))
        return Calibration(self.unrelated, self.size, folds=alike <= ALIKE_SHARE)

    def calibrate_other(self, vector: Float32Vector) -> Calibration | None:
        """The calibration for other vectors (words, swatches), from their cosines with the sample.

        None where the sample has fewer than FEWEST rows.
        """
        if len(self.sample) < FEWEST:
            return None
        unrelated = Unrelated.fit_scores(self._sample_cosines(vector), curved=self.unrelated.curved)
        return Calibration(unrelated, self.size)

    def _sample_cosines(self, vector: Float32Vector) -> Float32Vector:
        return self.sample @ np.asarray(vector, np.float32)


def sample_positions(count: int) -> Int64Vector:
    """Which of `count` features, in the order of their image ids, make a background: evenly spread ones."""
    return np.unique(np.linspace(0, count - 1, min(count, SAMPLE)).astype(np.int64))


def word_share(held_words: Collection[str], frequencies: Mapping[str, int], size: int) -> float:
    """The share of the words of a text that an image holds, from 0 to 1, each word weighted by its rarity.

    `frequencies` maps every word or phrase of the text to the number of images that hold it, among `size`; a
    word that no image holds has 0. The weight is BM25's ln(1 + (size − n + ½) / (n + ½)).
    """
    weights = {word: math.log1p((max(size - n, 0) + 0.5) / (n + 0.5)) for word, n in frequencies.items()}
    total = math.fsum(weights.values())
    return math.fsum(weights[word] for word in weights if word in held_words) / total if total else 0.0


def word_levels(shares: npt.ArrayLike) -> Levels:
    """The bands of images that hold these shares of the words of a text, as indexes into BANDS.

    All words make an image STRONG, half of them LIKELY.
    """
    least = [SHARES[band] for band in BANDS[1:]]
    return np.searchsorted(least, np.asarray(shares, np.float64), side="right").astype(np.int8)


def neighbour_levels(scores: npt.ArrayLike, highest: int) -> Levels:
    """The bands of images by their scores by neighbourhoods, as indexes into BANDS, and none above `highest`.

    Averaged with its neighbours, any picture is similar to some group; that the query resembles something at
    all, its plain scores must say (`Calibration.highest_level`).
    """
    least = [NEIGHBOUR_SCORES[band] for band in BANDS[1:]]
    levels = np.searchsorted(least, round_scores(scores), side="right")
    return np.minimum(levels, highest).astype(np.int8)


def part_levels(scores: npt.ArrayLike) -> Levels:
    """The bands of images by the scores of their best windows, as indexes into BANDS."""
    least = [PART_SCORES[band] for band in BANDS[1:]]
    return np.searchsorted(least, round_scores(scores), side="right").astype(np.int8)


def meaning_levels(scores: npt.ArrayLike, margins: npt.ArrayLike) -> Levels:
    """The bands of images for the meaning of a text, as indexes into BANDS.

    A text resembles some picture in every collection, so its score alone says little. `margins`: by how much
    it is above the best score of the texts that mean something else, for the same image.
    """
    rounded, apart = round_scores(scores), round_scores(margins)
    levels = np.zeros(len(rounded), np.int8)
    levels[rounded >= MEANING_SCORES[WEAK]] = BANDS.index(WEAK)
    for band, margin in reversed(MEANING_MARGINS.items()):
        levels[(rounded >= MEANING_SCORES[band]) & (apart >= margin)] = BANDS.index(band)
    return levels


def _straighten_scores(cosines: Float64Scores, curved: bool) -> Float64Scores:
    """Scores on the scale on which the scores of unrelated pictures are normal."""
    return np.arctanh(np.clip(cosines, -CLOSEST, CLOSEST)) if curved else cosines
