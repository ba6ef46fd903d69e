"""The caption bridge: words to the subject space, learned from a library's own captioned images. Pure.

The direction of a word starts as the mean feature of the images with the word, minus the mean of all
captioned images. It is shrunk towards zero by the positive-part rule of James and Stein, 1961 (few or
contradicting images mean little), weighted by the inverse document frequency of BM25, and multiplied by
(S + 3 tr(S) / n)⁻¹, where S is the covariance of the n captioned images. This is ridge regression with the
words as targets; it discounts what all pictures share. The vector of a text is the sum over its known words.
A word that is shrunk to zero is unknown.

Guard: on held-out captioned images the bridge must find the image of a caption clearly better than chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .arrays import (
    Float16Matrix,
    Float32Vector,
    Float64Matrix,
    Float64Scores,
    Float64Vector,
    Int64Vector,
)
from .tokens import Terms
from .word_fit import CaptionTokens, WordFit, fit_words

LEAST_IMAGES = 40  # captioned ones: fewer cannot show whether the bridge helps
LEAST_CAPTIONS = 5  # different ones
LEAST_GAIN = 0.55  # that the lower end of the interval must reach; chance is 0.5
MOST_CHECKED = 4000  # images that the guard looks at, evenly chosen
FOLDS = 5
LARGEST = 1000.0  # number in the stored directions: the short ones then stay exact enough in float16


@dataclass(frozen=True, slots=True)
class Gain:
    """How often a held-out image of a caption comes before one with another caption; chance is 0.5.

    This is the mean over captions of the area under the ROC curve, and the ends of its 95 % interval
    (mean ± 1.96 standard errors; the captions are the sample).
    """

    mean: float
    low: float
    high: float
    captions: int

    def __str__(self) -> str:
        return f"{self.mean:.2f} (95 %: {self.low:.2f} to {self.high:.2f}, {self.captions} captions)"


@dataclass(frozen=True, slots=True, eq=False)
class Bridge:
    """A direction of the subject space for each known word; no words and a `reason` where it is off.

    `seen`: the gain with single images held out, whose captions other images share. `unseen`: the gain with
    whole captions held out, so that their words have to be known from others; None where they share no word.
    """

    rows: Mapping[str, int]  # word to its row of `directions`
    directions: Float16Matrix  # (word, dimension), of different lengths
    reason: str = ""
    seen: Gain | None = None
    unseen: Gain | None = None

    @classmethod
    def without_words(
        cls, reason: str, dimension: int, seen: Gain | None = None, unseen: Gain | None = None
    ) -> Bridge:
        """A bridge without any word, and the reason."""
        return cls({}, np.empty((0, dimension), np.float16), reason, seen, unseen)

    def known_words(self, terms: Terms) -> tuple[str, ...]:
        """The words of a text, its phrases and its compounds that have a direction; each once.

        A compound is known by its whole, or else by its parts.
        """
        words = [*terms.words, *(word for phrase in terms.phrases for word in phrase)]
        for compound in terms.compounds:
            words += [compound.whole] if compound.whole in self.rows else compound.parts
        return tuple(word for word in dict.fromkeys(words) if word in self.rows)

    def text_vector(self, terms: Terms) -> Float32Vector | None:
        """The text as a unit vector of the subject space, or None when it holds no known word.

        Its inner product with the mean feature of the captioned images is 0, so that images that fit the text
        better than the average score above 0.
        """
        rows = [self.rows[word] for word in self.known_words(terms)]
        total = self.directions[rows].astype(np.float32).sum(axis=0)
        length = float(np.linalg.norm(total))
        return (total / np.float32(length)).astype(np.float32) if length > 0 else None


def learn_bridge(captions: Sequence[CaptionTokens], features: Float16Matrix) -> Bridge:
    """The bridge of captioned images; `captions` and `features` (image, dimension) match row by row.

    It is off, with the reason, where images or captions are too few, or where the gain on images that it
    did not learn from is not clearly above chance. The same input gives the same bridge.
    """
    dimension = features.shape[1]
    if reason := _shortage_reason(captions):
        return Bridge.without_words(reason, dimension)
    step = math.ceil(len(captions) / MOST_CHECKED)
    seen, unseen = _measure_gains(captions[::step], features[::step])
    if seen is None or seen.low < LEAST_GAIN:
        gain = f"{seen}, of which the lower end must reach {LEAST_GAIN}" if seen else "no word in common"
        reason = f"captions do not tell these pictures apart: {gain}"
        return Bridge.without_words(reason, dimension, seen, unseen)
    fit = fit_words(captions, features)
    directions = _quantize_directions(fit.solve_directions(fit.sums), fit.mean)
    return Bridge(fit.rows, directions, "", seen, unseen)


def bridge_closeness(scores: npt.ArrayLike) -> Float64Scores:
    """The closeness of scores with a text's vector, from 0 to 1: score / best score; 0 below average."""
    above: Float64Vector = np.maximum(np.asarray(scores, np.float64), 0.0)
    return np.asarray(above / above.max(initial=1e-12), np.float64)


def remove_mean_direction(vectors: Float64Matrix, mean: Float64Vector) -> Float64Matrix:
    """Rows without their component along the mean feature, which then scores 0 with all of them."""
    along = mean / np.linalg.norm(mean)
    return vectors - np.outer(vectors @ along, along)


def _shortage_reason(captions: Sequence[CaptionTokens]) -> str:
    if len(captions) < LEAST_IMAGES:
        return f"{len(captions)} captioned images; {LEAST_IMAGES} are needed"
    count = len(set(captions))
    return f"{count} different captions; {LEAST_CAPTIONS} are needed" if count < LEAST_CAPTIONS else ""


def _quantize_directions(directions: Float64Matrix, mean: Float64Vector) -> Float16Matrix:
    """The directions without that of the mean, scaled together to what float16 holds well."""
    centred = remove_mean_direction(directions, mean)
    stored: Float16Matrix = (centred * (LARGEST / np.abs(centred).max(initial=1e-12))).astype(np.float16)
    return stored


def _measure_gains(
    captions: Sequence[CaptionTokens], features: Float16Matrix
) -> tuple[Gain | None, Gain | None]:
    """The gain with images held out, and with whole captions held out; both are the same if all differ."""
    numbers = {tokens: number for number, tokens in enumerate(dict.fromkeys(captions))}
    caption_numbers = np.fromiter((numbers[tokens] for tokens in captions), np.int64, len(captions))
    seen = _measure_gain(captions, features, caption_numbers, np.arange(len(captions)) % FOLDS)
    if len(numbers) == len(captions):
        return seen, seen
    return seen, _measure_gain(captions, features, caption_numbers, caption_numbers % FOLDS)


def _measure_gain(
    captions: Sequence[CaptionTokens],
    features: Float16Matrix,
    caption_numbers: Int64Vector,
    folds: Int64Vector,
) -> Gain | None:
    areas: dict[int, list[float]] = {}
    for fold in range(FOLDS):
        kept, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        fit = fit_words([captions[row] for row in kept.tolist()], features[kept])
        for number, area in _caption_areas(fit, captions, features, caption_numbers, held_out):
            areas.setdefault(number, []).append(area)
    means = np.array([np.mean(caption_areas) for caption_areas in areas.values()])
    if len(means) < LEAST_CAPTIONS:
        return None
    mean, error = float(means.mean()), float(means.std(ddof=1) / math.sqrt(len(means)))
    return Gain(mean, mean - 1.96 * error, mean + 1.96 * error, len(means))


def _caption_areas(
    fit: WordFit,
    captions: Sequence[CaptionTokens],
    features: Float16Matrix,
    caption_numbers: Int64Vector,
    held_out: Int64Vector,
) -> Iterator[tuple[int, float]]:
    """The area under the ROC curve among the held-out images, for each caption with a known word."""
    numbers, first = np.unique(caption_numbers[held_out], return_index=True)
    tokens_by_caption = [captions[held_out[index]] for index in first.tolist()]
    rows = [[fit.rows[word] for word in tokens if word in fit.rows] for tokens in tokens_by_caption]
    # Sorted, so that the same words are summed in the same order.
    totals = [fit.sums[sorted(rows_of_caption)].sum(axis=0) for rows_of_caption in rows]
    sums = np.array(totals).reshape(len(rows), len(fit.mean))
    scores = fit.solve_directions(sums) @ features[held_out].astype(np.float64).T
    for number, rows_of_caption, row in zip(numbers.tolist(), rows, scores, strict=True):
        is_own = caption_numbers[held_out] == number
        if rows_of_caption and not is_own.all():
            yield number, _roc_area(row[is_own], np.sort(row[~is_own]))


def _roc_area(own: Float64Vector, others: Float64Vector) -> float:
    """The share of pairs in which the own image comes before the other; ties count half. `others` rises."""
    ranks: Any = np.searchsorted(others, own, "left") + np.searchsorted(others, own, "right")
    return float(ranks.mean() / (2 * len(others)))
