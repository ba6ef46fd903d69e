"""The caption bridge: words to the subject space, learned from a library's own captioned images. Pure.

A word's direction is the mean feature of the images with the word, seen from the mean of all captioned
images: shrunken towards none by the positive-part rule of James and Stein, 1961 (few or contradicting images
say little), weighted by BM25's inverse document frequency, and multiplied by (S + 3 tr(S) / n)⁻¹, where S is
the covariance of the n captioned images: ridge regression with the words as targets, which discounts what all
pictures share. A text's vector is the sum over its known words. Words of which nothing is left are unknown.

Guard: on held-out captioned images the bridge must find what a caption says, clearly more often than chance.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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

LEAST_IMAGES = 40  # captioned ones: fewer cannot show whether the bridge helps
LEAST_CAPTIONS = 5  # different ones
LEAST_GAIN = 0.55  # that the interval's lower end must reach; chance is 0.5
MOST_WORDS = 20_000  # with a dimension of 1280 they take 51 MB
MOST_CHECKED = 4000  # images that the guard looks at, evenly chosen
FOLDS = 5
RIDGE = 3.0
LARGEST = 1000.0  # number in the stored directions: float16 then keeps the short ones exactly enough
CHUNK = 256  # images summed up at a time

CaptionTokens: TypeAlias = frozenset[str]  # the tokens of all that is said about one image


@dataclass(frozen=True, slots=True)
class Gain:
    """How surely a caption's own held-out image comes before one with another caption; chance is 0.5.

    The mean over captions of the area under the ROC curve, and the ends of its 95 % interval
    (mean ± 1.96 standard errors, captions being the sample).
    """

    mean: float
    low: float
    high: float
    captions: int

    def __str__(self) -> str:
        return f"{self.mean:.2f} (95 %: {self.low:.2f} to {self.high:.2f}, {self.captions} captions)"


@dataclass(frozen=True, slots=True, eq=False)
class Bridge:
    """A direction of the subject space for each known word; none, and a `reason`, where it is off.

    `seen`: the gain on images whose captions other images share with them. `unseen`: the gain for captions
    that were held out whole, so that single words must carry it; None where those share no word.
    """

    rows: Mapping[str, int]  # word to its row of `directions`
    directions: Float16Matrix  # (word, dimension); they are of different lengths
    reason: str = ""
    seen: Gain | None = None
    unseen: Gain | None = None

    @classmethod
    def without_words(
        cls, reason: str, dimension: int, seen: Gain | None = None, unseen: Gain | None = None
    ) -> Bridge:
        """A bridge that knows no word, and why."""
        return cls({}, np.empty((0, dimension), np.float16), reason, seen, unseen)

    def known_words(self, terms: Terms) -> tuple[str, ...]:
        """The words of a text, those in its phrases included, that have a direction; each once."""
        asked = dict.fromkeys(terms.words + tuple(word for phrase in terms.phrases for word in phrase))
        return tuple(word for word in asked if word in self.rows)

    def text_vector(self, terms: Terms) -> Float32Vector | None:
        """The text as a unit vector of the subject space, or None when it holds no known word.

        Its inner product with the mean feature of the captioned images is 0: images that the text
        speaks for score above 0.
        """
        rows = [self.rows[word] for word in self.known_words(terms)]
        total = self.directions[rows].astype(np.float32).sum(axis=0)
        length = float(np.linalg.norm(total))
        return (total / np.float32(length)).astype(np.float32) if length > 0 else None


def learn_bridge(said: Sequence[CaptionTokens], features: Float16Matrix) -> Bridge:
    """The bridge of captioned images: `said` and `features` (image, dimension) go together, row by row.

    It is off, with the reason, where images or captions are too few, or where the gain on images that it
    did not learn from is not clearly above chance. The same input gives the same bridge.
    """
    dimension = features.shape[1]
    if reason := _shortage_reason(said):
        return Bridge.without_words(reason, dimension)
    step = math.ceil(len(said) / MOST_CHECKED)
    seen, unseen = _measure_gains(said[::step], features[::step])
    if seen is None or seen.low < LEAST_GAIN:
        found = f"{seen}, of which the lower end must reach {LEAST_GAIN}" if seen else "no word in common"
        return Bridge.without_words(
            f"captions do not tell these pictures apart: {found}", dimension, seen, unseen
        )
    fit = _fit_words(said, features)
    return Bridge(fit.rows, _quantize_directions(fit.solve_directions(fit.sums), fit.mean), "", seen, unseen)


def bridge_closeness(scores: npt.ArrayLike) -> Float64Scores:
    """What the scores of a bridge's vector count, from 0 to 1: their share of the best; 0 below average."""
    above: Float64Vector = np.maximum(np.asarray(scores, np.float64), 0.0)
    return np.asarray(above / above.max(initial=1e-12), np.float64)


def remove_mean_direction(vectors: Float64Matrix, mean: Float64Vector) -> Float64Matrix:
    """Rows without their share along the mean feature, which then scores 0 with all of them."""
    along = mean / np.linalg.norm(mean)
    return vectors - np.outer(vectors @ along, along)


def _shortage_reason(said: Sequence[CaptionTokens]) -> str:
    if len(said) < LEAST_IMAGES:
        return f"{len(said)} captioned images; {LEAST_IMAGES} are needed"
    captions = len(set(said))
    return f"{captions} different captions; {LEAST_CAPTIONS} are needed" if captions < LEAST_CAPTIONS else ""


def _quantize_directions(directions: Float64Matrix, mean: Float64Vector) -> Float16Matrix:
    """The centred directions, scaled together to what float16 holds well."""
    turned = remove_mean_direction(directions, mean)
    stored: Float16Matrix = (turned * (LARGEST / np.abs(turned).max(initial=1e-12))).astype(np.float16)
    return stored


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """What was learned from some images, before the covariance is taken out."""

    rows: Mapping[str, int]
    sums: Float64Matrix  # (word, dimension): shrunken, weighted means
    spread: Float64Matrix  # (dimension, dimension): covariance with its ridge
    mean: Float64Vector

    def solve_directions(self, sums: Float64Matrix) -> Float64Matrix:
        """The directions of some sums: (sum, dimension)."""
        return np.asarray(np.linalg.solve(self.spread, sums.T).T, np.float64)


def _fit_words(said: Sequence[CaptionTokens], features: Float16Matrix) -> _Fit:
    count, words = len(said), _count_images_by_word(said)
    rows = {word: row for row, word in enumerate(words)}
    frequency = np.fromiter(words.values(), np.float64, len(words))
    mean, spread, sums = _sum_moments(said, features, rows)
    means = sums / frequency[:, None] - mean
    variance = float(np.trace(spread))
    # Of n images without anything in common, the mean has a squared length of about variance / n.
    lengths = np.maximum((means**2).sum(axis=1), 1e-12)
    share = np.maximum(0.0, 1 - variance / (frequency * lengths))
    rarity = np.log1p((count - frequency + 0.5) / (frequency + 0.5))
    kept = np.flatnonzero(share)
    names = list(words)
    return _Fit(
        {names[old]: new for new, old in enumerate(kept.tolist())},
        (means * (share * rarity)[:, None])[kept],
        spread + np.eye(len(mean)) * max(RIDGE * variance / count, 1e-12),
        mean,
    )


def _count_images_by_word(said: Sequence[CaptionTokens]) -> dict[str, int]:
    """How many images each word is said of: of two at least, the most frequent ones, in their own order."""
    counts = Counter(word for tokens in said for word in tokens)
    shared = sorted((-count, word) for word, count in counts.items() if count > 1)
    return {word: -count for count, word in sorted(shared[:MOST_WORDS], key=lambda pair: pair[1])}


def _sum_moments(
    said: Sequence[CaptionTokens], features: Float16Matrix, rows: Mapping[str, int]
) -> tuple[Float64Vector, Float64Matrix, Float64Matrix]:
    """Mean and covariance of the features, and the sum of those of each word's images."""
    dimension = features.shape[1]
    total, products = np.zeros(dimension), np.zeros((dimension, dimension))
    sums = np.zeros((len(rows), dimension))
    for start in range(0, len(said), CHUNK):
        part = features[start : start + CHUNK].astype(np.float32)
        total += part.sum(axis=0, dtype=np.float64)
        products += part.T @ part
        _add_to_word_sums(
            sums,
            [[rows[word] for word in tokens if word in rows] for tokens in said[start : start + CHUNK]],
            part,
        )
    mean = total / len(said)
    return mean, products / len(said) - np.outer(mean, mean), sums


def _add_to_word_sums(sums: Float64Matrix, words: Sequence[Sequence[int]], features: Float32Matrix) -> None:
    """Add each image's feature to the sums of its words."""
    images = np.repeat(np.arange(len(words)), [len(words_of_image) for words_of_image in words])
    flat = np.fromiter((row for words_of_image in words for row in words_of_image), np.int64, len(images))
    order = np.lexsort((images, flat))
    present, starts = np.unique(flat[order], return_index=True)
    if len(present):
        sums[present] += np.add.reduceat(features[images[order]], starts, axis=0)


def _measure_gains(said: Sequence[CaptionTokens], features: Float16Matrix) -> tuple[Gain | None, Gain | None]:
    """The gain with images held out, and with whole captions held out; one and the same where all differ."""
    numbers = {caption: number for number, caption in enumerate(dict.fromkeys(said))}
    captions = np.fromiter((numbers[tokens] for tokens in said), np.int64, len(said))
    seen = _measure_gain(said, features, captions, np.arange(len(said)) % FOLDS)
    return seen, seen if len(numbers) == len(said) else _measure_gain(
        said, features, captions, captions % FOLDS
    )


def _measure_gain(
    said: Sequence[CaptionTokens], features: Float16Matrix, captions: Int64Vector, folds: Int64Vector
) -> Gain | None:
    areas: dict[int, list[float]] = {}
    for fold in range(FOLDS):
        kept = np.flatnonzero(folds != fold)
        fit = _fit_words([said[row] for row in kept.tolist()], features[kept])
        for caption, area in _caption_areas(fit, said, features, captions, np.flatnonzero(folds == fold)):
            areas.setdefault(caption, []).append(area)
    means = np.array([np.mean(caption_areas) for caption_areas in areas.values()])
    if len(means) < LEAST_CAPTIONS:
        return None
    mean, error = float(means.mean()), float(means.std(ddof=1) / math.sqrt(len(means)))
    return Gain(mean, mean - 1.96 * error, mean + 1.96 * error, len(means))


def _caption_areas(
    fit: _Fit,
    said: Sequence[CaptionTokens],
    features: Float16Matrix,
    captions: Int64Vector,
    held: Int64Vector,
) -> Iterator[tuple[int, float]]:
    """For each held-out caption with a known word, its area under the ROC curve among the held-out images."""
    asked, first = np.unique(captions[held], return_index=True)
    rows = [[fit.rows[word] for word in said[held[image]] if word in fit.rows] for image in first.tolist()]
    # Sorted, so that the same words are summed in the same order.
    sums = np.array([fit.sums[sorted(rows_of_caption)].sum(axis=0) for rows_of_caption in rows]).reshape(
        len(rows), len(fit.mean)
    )
    scores = fit.solve_directions(sums) @ features[held].astype(np.float64).T
    for caption, words, row in zip(asked.tolist(), rows, scores, strict=True):
        own = captions[held] == caption
        if words and not own.all():
            yield caption, _roc_area(row[own], np.sort(row[~own]))


def _roc_area(own: Float64Vector, others: Float64Vector) -> float:
    """The share of pairs in which the own image comes before the other; ties count half. `others` rises."""
    places: Any = np.searchsorted(others, own, "left") + np.searchsorted(others, own, "right")
    return float(places.mean() / (2 * len(others)))
