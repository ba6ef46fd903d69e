"""What the captioned images of a library tell about words: sums of features, before the covariance. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .arrays import Float16Matrix, Float32Matrix, Float64Matrix, Float64Vector, Int64Vector

MOST_WORDS = 20_000  # with a dimension of 1280 they take 51 MB
RIDGE = 3.0
CHUNK = 256  # images that are summed at a time

CaptionTokens: TypeAlias = frozenset[str]  # of all that is written about one image


@dataclass(frozen=True, slots=True, eq=False)
class WordFit:
    """What was learned from some images, before it is multiplied by the inverse covariance."""

    rows: Mapping[str, int]
    sums: Float64Matrix  # (word, dimension): shrunken, weighted means
    spread: Float64Matrix  # (dimension, dimension): covariance with its ridge
    mean: Float64Vector

    def solve_directions(self, sums: Float64Matrix) -> Float64Matrix:
        """The directions of some sums: (sum, dimension)."""
        return np.asarray(np.linalg.solve(self.spread, sums.T).T, np.float64)


def fit_words(captions: Sequence[CaptionTokens], features: Float16Matrix) -> WordFit:
    """The fit of captioned images; see the first paragraph of `caption_bridge`."""
    count, words = len(captions), count_images_by_word(captions)
    rows = {word: row for row, word in enumerate(words)}
    frequency = np.fromiter(words.values(), np.float64, len(words))
    mean, spread, sums = sum_moments(captions, features, rows)
    sums /= frequency[:, None]
    sums -= mean
    variance = float(np.trace(spread))
    # The mean of n unrelated images has a squared length of about variance / n.
    lengths = np.maximum(np.einsum("wd,wd->w", sums, sums), 1e-12)
    share = np.maximum(0.0, 1 - variance / (frequency * lengths))
    sums *= (share * np.log1p((count - frequency + 0.5) / (frequency + 0.5)))[:, None]
    kept = np.flatnonzero(share)
    names = list(words)
    return WordFit(
        {names[old]: new for new, old in enumerate(kept.tolist())},
        _keep_rows(sums, kept),
        spread + np.eye(len(mean)) * max(RIDGE * variance / count, 1e-12),
        mean,
    )


def _keep_rows(matrix: Float64Matrix, kept: Int64Vector) -> Float64Matrix:
    """These rows, which rise, moved to the beginning of the matrix: a copy would take as much memory."""
    for start in range(0, len(kept), CHUNK):
        rows = kept[start : start + CHUNK]
        matrix[start : start + len(rows)] = matrix[rows]
    return matrix[: len(kept)]


def count_images_by_word(captions: Sequence[CaptionTokens]) -> dict[str, int]:
    """How many images have each word: the most frequent words that two or more have, in their order."""
    counts = Counter(word for tokens in captions for word in tokens)
    shared = sorted((-count, word) for word, count in counts.items() if count > 1)
    return {word: -count for count, word in sorted(shared[:MOST_WORDS], key=lambda pair: pair[1])}


def sum_moments(
    captions: Sequence[CaptionTokens], features: Float16Matrix, rows: Mapping[str, int]
) -> tuple[Float64Vector, Float64Matrix, Float64Matrix]:
    """Mean and covariance of the features, and the sum of the features of each word's images."""
    dimension = features.shape[1]
    total, products = np.zeros(dimension), np.zeros((dimension, dimension))
    sums = np.zeros((len(rows), dimension))
    for start in range(0, len(captions), CHUNK):
        block = features[start : start + CHUNK].astype(np.float32)
        total += block.sum(axis=0, dtype=np.float64)
        products += block.T @ block
        chunk = captions[start : start + CHUNK]
        _add_to_word_sums(sums, [[rows[word] for word in tokens if word in rows] for tokens in chunk], block)
    mean = total / len(captions)
    return mean, products / len(captions) - np.outer(mean, mean), sums


def _add_to_word_sums(sums: Float64Matrix, rows: Sequence[Sequence[int]], features: Float32Matrix) -> None:
    """Add the feature of each image to the sums of its words; `rows`: the rows of its words, by image."""
    images = np.repeat(np.arange(len(rows)), [len(rows_of_image) for rows_of_image in rows])
    flat = np.fromiter((row for rows_of_image in rows for row in rows_of_image), np.int64, len(images))
    order = np.lexsort((images, flat))
    present, starts = np.unique(flat[order], return_index=True)
    if len(present):
        sums[present] += np.add.reduceat(features[images[order]], starts, axis=0)
