"""The caption bridge: words to the subject space, learned from a library's own captioned images. Pure.

The direction of a word starts as the mean feature of the images with the word, minus the mean of all
captioned images. It is shrunk towards zero by the positive-part rule of James and Stein, 1961 (few or
contradicting images mean little), weighted by the inverse document frequency of BM25, and multiplied by
(S + 3 tr(S) / n)⁻¹, where S is the covariance of the n captioned images. This is ridge regression with the
words as targets; it discounts what all pictures share. The vector of a text is the sum over its known words.
A word that is shrunk to zero is unknown.

Guard: on held-out captioned images the bridge must find the image of a caption clearly better than chance.

Where the backbone has a word tower, the scores of both are brought to the same spread and added up. Their
shares are those that find most of the held-out images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .arrays import (
    Float16Matrix,
    Float32Matrix,
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
SHARES = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)  # that the bridge may have beside a word tower
SAMPLE = 256  # features by which the spread of scores is known
WORD_BLOCK = 2048  # words whose directions are made at a time
LARGEST = 1000.0  # number in the stored directions: the short ones then stay exact enough in float16

WordEncoder: TypeAlias = Callable[[Sequence[str]], Float32Vector | None]  # of a word tower


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

    `share`: what the bridge counts beside a word tower, from 0 to 1; 1 without a tower. `sample`: captioned
    images, by whose scores both are brought to the same spread.
    """

    rows: Mapping[str, int]  # word to its row of `directions`
    directions: Float16Matrix  # (word, dimension), of different lengths
    reason: str = ""
    seen: Gain | None = None
    unseen: Gain | None = None
    share: float = 1.0
    sample: Float16Matrix | None = None

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

    def blend_vectors(self, own: Float32Vector | None, other: Float32Vector | None) -> Float32Vector | None:
        """The unit vector whose scores are the weighted sum of those of the bridge and of a word tower.

        Each counts its share, divided by the standard deviation of its scores over the sample. Where one
        of them has no vector, the other stands alone.
        """
        if own is None or other is None or self.sample is None:
            return other if own is None else own
        shares = ((own, self.share), (other, 1 - self.share))
        spreads = [float(np.std(self.sample.astype(np.float32) @ vector)) for vector, _ in shares]
        if not all(spreads):
            return own
        total = sum(
            vector * np.float32(share / spread)
            for (vector, share), spread in zip(shares, spreads, strict=True)
        )
        return np.asarray(total / np.linalg.norm(total), np.float32)


def learn_bridge(
    captions: Sequence[CaptionTokens], features: Float16Matrix, encode_words: WordEncoder | None = None
) -> Bridge:
    """The bridge of captioned images; `captions` and `features` (image, dimension) match row by row.

    `encode_words`: of the word tower that stands beside it, if there is one.

    It is off, with the reason, where images or captions are too few, or where the gain on images that it
    did not learn from is not clearly above chance. The same input gives the same bridge.
    """
    dimension = features.shape[1]
    if reason := _shortage_reason(captions):
        return Bridge.without_words(reason, dimension)
    step = math.ceil(len(captions) / MOST_CHECKED)
    (seen, share), (unseen, _) = _measure_gains(captions[::step], features[::step], encode_words)
    if seen is None or seen.low < LEAST_GAIN:
        gain = f"{seen}, of which the lower end must reach {LEAST_GAIN}" if seen else "no word in common"
        reason = f"captions do not tell these pictures apart: {gain}"
        return Bridge.without_words(reason, dimension, seen, unseen)
    fit = fit_words(captions, features)
    directions = _quantize_directions(fit)
    sample = features[:: math.ceil(len(features) / SAMPLE)] if encode_words else None
    return Bridge(fit.rows, directions, "", seen, unseen, share, sample)


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


def _quantize_directions(fit: WordFit) -> Float16Matrix:
    """The directions without that of the mean, scaled together to what float16 holds well.

    They are made for a block of words at a time, to limit memory.
    """
    centred = np.empty(fit.sums.shape, np.float32)
    for start in range(0, len(centred), WORD_BLOCK):
        block = fit.solve_directions(fit.sums[start : start + WORD_BLOCK])
        centred[start : start + WORD_BLOCK] = remove_mean_direction(block, fit.mean)
    largest = max(centred.max(initial=1e-12), -centred.min(initial=0))
    centred *= np.float32(LARGEST / largest)
    return centred.astype(np.float16)


def _measure_gains(
    captions: Sequence[CaptionTokens], features: Float16Matrix, encode_words: WordEncoder | None
) -> tuple[tuple[Gain | None, float], tuple[Gain | None, float]]:
    """The gain with images held out, and with whole captions held out; both are the same if all differ.

    With each the share that finds most.
    """
    numbers = {tokens: number for number, tokens in enumerate(dict.fromkeys(captions))}
    caption_numbers = np.fromiter((numbers[tokens] for tokens in captions), np.int64, len(captions))
    towers = _encode_captions(list(numbers), features.shape[1], encode_words)
    measure = partial(_measure_gain, captions, features, caption_numbers, towers)
    seen = measure(np.arange(len(captions)) % FOLDS)
    return seen, seen if len(numbers) == len(captions) else measure(caption_numbers % FOLDS)


def _encode_captions(
    captions: Sequence[CaptionTokens], dimension: int, encode_words: WordEncoder | None
) -> Float32Matrix | None:
    """The vector of the word tower for each caption, zeros where it knows no word; None without a tower."""
    if encode_words is None:
        return None
    vectors = [encode_words(sorted(tokens)) for tokens in captions]
    nothing = np.zeros(dimension, np.float32)
    return np.array([nothing if vector is None else vector for vector in vectors])


def _measure_gain(
    captions: Sequence[CaptionTokens],
    features: Float16Matrix,
    caption_numbers: Int64Vector,
    towers: Float32Matrix | None,
    folds: Int64Vector,
) -> tuple[Gain | None, float]:
    """The gain of the bridge alone, and the share with the largest mean area; the larger one on a tie."""
    areas: dict[int, list[list[float]]] = {}
    for fold in range(FOLDS):
        kept, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        fit = fit_words([captions[row] for row in kept.tolist()], features[kept])
        for number, found in _caption_areas(fit, captions, features, caption_numbers, towers, held_out):
            areas.setdefault(number, []).append(found)
    if len(areas) < LEAST_CAPTIONS:
        return None, 1.0
    by_share = np.array([np.mean(found, axis=0) for found in areas.values()])
    best = by_share.mean(axis=0).round(6)
    share = SHARES[len(SHARES) - 1 - int(best[::-1].argmax())] if towers is not None else 1.0
    means = by_share[:, -1]
    mean, error = float(means.mean()), float(means.std(ddof=1) / math.sqrt(len(means)))
    return Gain(mean, mean - 1.96 * error, mean + 1.96 * error, len(means)), share


def _caption_areas(
    fit: WordFit,
    captions: Sequence[CaptionTokens],
    features: Float16Matrix,
    caption_numbers: Int64Vector,
    towers: Float32Matrix | None,
    held_out: Int64Vector,
) -> Iterator[tuple[int, list[float]]]:
    """The areas under the ROC curve among the held-out images, for each caption with a known word.

    With `towers` there is one for each of SHARES; the last one is that of the bridge alone.
    """
    numbers, first = np.unique(caption_numbers[held_out], return_index=True)
    tokens_by_caption = [captions[held_out[index]] for index in first.tolist()]
    rows = [[fit.rows[word] for word in tokens if word in fit.rows] for tokens in tokens_by_caption]
    # Sorted, so that the same words are summed in the same order.
    totals = [fit.sums[sorted(rows_of_caption)].sum(axis=0) for rows_of_caption in rows]
    sums = np.array(totals).reshape(len(rows), len(fit.mean))
    seen = features[held_out].astype(np.float64).T
    scores = fit.solve_directions(sums) @ seen
    others = None if towers is None else towers[numbers].astype(np.float64) @ seen
    for place, number in enumerate(numbers.tolist()):
        is_own = caption_numbers[held_out] == number
        if rows[place] and not is_own.all():
            blends = [scores[place]] if others is None else _blend_scores(scores[place], others[place])
            yield number, [_roc_area(row[is_own], np.sort(row[~is_own])) for row in blends]


def _blend_scores(own: Float64Vector, other: Float64Vector) -> list[Float64Vector]:
    """The scores of bridge and tower at the same spread, added up by each of SHARES."""
    own, other = (row / max(float(row.std()), 1e-12) for row in (own, other))
    return [share * own + (1 - share) * other for share in SHARES]


def _roc_area(own: Float64Vector, others: Float64Vector) -> float:
    """The share of pairs in which the own image comes before the other; ties count half. `others` rises."""
    ranks: Any = np.searchsorted(others, own, "left") + np.searchsorted(others, own, "right")
    return float(ranks.mean() / (2 * len(others)))
