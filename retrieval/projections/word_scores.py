"""How well documents fit words: BM25F, computed for all documents with a token at once.

The scores are those of Whoosh's own BM25F over the same segments; only the statistics differ, as
`WordScores` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, TypeAlias, final

import numpy as np
import numpy.typing as npt

from ..ranking.arrays import BoolVector, Float64Vector, Int64Vector
from ..ranking.ranking import union_ids
from ..ranking.tokens import Compound, Prefix, Translation, Unit
from .memory_postings import MemoryPostings
from .word_postings import Postings, SegmentPostings

K1: Final = 1.2  # how soon further occurrences of a token in one document stop to count
B: Final = 0.75  # how much a long field counts less

Segment: TypeAlias = SegmentPostings | MemoryPostings
Fields: TypeAlias = Mapping[str, float]  # the weight of a match, by field
Scored: TypeAlias = tuple[Int64Vector, Float64Vector]  # documents, rising, and their scores
NOTHING: Final[Scored] = (np.empty(0, np.int64), np.empty(0))


@final
class WordScores:
    """Scores of the documents of several segments, which are counted through. Not safe between threads.

    The statistics leave the `hidden` documents out. The mean length of a field is that over the documents
    which have words in it, as in Lucene: with a mean over all of them, the label of the only image labelled
    by hand would seem long, and count less than predicted ones. Predicted labels have no length at all: how
    many labels and categories a picture has says nothing about how well one of them fits.
    """

    def __init__(self, segments: Sequence[Segment], hidden: BoolVector, *, held: str, predicted: str) -> None:
        """`held` is the field that lists the fields of a document; `predicted` that of predicted labels."""
        self._segments, self._hidden = segments, hidden
        self._held, self._predicted = held, predicted
        self._starts = np.cumsum([0, *(segment.size for segment in segments)]).tolist()
        self._mean_lengths: dict[str, float] = {}

    def score_unit(self, unit: Unit, fields: Fields, tokens: Sequence[str] = ()) -> Scored:
        """The documents with a word, a phrase, a compound or a translation; hidden ones may be among them.

        `tokens` are those that a prefix stands for: the best of them counts, as the best name of a
        translation does.
        """
        if isinstance(unit, Prefix):
            return _take_best([self.score_unit(token, fields) for token in tokens])
        if isinstance(unit, Translation):
            labels = {field: boost for field, boost in fields.items() if field == self._predicted}
            return _take_best([self.score_unit(_as_unit(name), labels) for name in unit.names])
        return _add_up([self._score_in_field(unit, field, boost) for field, boost in fields.items()])

    def _score_in_field(self, unit: str | tuple[str, ...] | Compound, field: str, boost: float) -> Scored:
        if isinstance(unit, Compound):
            alternatives = (unit.whole, unit.parts)
            return _take_best([self._score_in_field(one, field, boost) for one in alternatives])
        postings = [
            self._find_postings(field, token) for token in ((unit,) if isinstance(unit, str) else unit)
        ]
        scored = [self._score_postings(field, one) for one in postings]
        documents, scores = scored[0] if isinstance(unit, str) else _add_within(scored, _follow(postings))
        return documents, scores * boost

    def _find_postings(self, field: str, token: str) -> Postings:
        found = [
            (start, postings)
            for start, segment in zip(self._starts, self._segments, strict=False)
            if (postings := segment.find_postings(field, token)) is not None
        ]
        return Postings.join(found)

    def _score_postings(self, field: str, postings: Postings) -> Scored:
        """BM25 of one token in one field."""
        documents, weights = postings.documents, postings.weights
        if not len(documents):
            return NOTHING
        matching = len(documents) - int(self._hidden[documents].sum())
        rarity = float(np.log((len(self._hidden) - self._hidden_count) / (matching + 1)) + 1)
        slope = 0.0 if field == self._predicted else B
        lengths = slope * self._find_lengths(field, documents) / self._mean_length(field)
        return documents, rarity * ((weights * (K1 + 1)) / (weights + K1 * ((1 - slope) + lengths)))

    @cached_property
    def _hidden_count(self) -> int:
        return int(self._hidden.sum())

    def _find_lengths(self, field: str, documents: Int64Vector) -> Int64Vector:
        ends = np.searchsorted(documents, self._starts)
        parts = [
            segment.find_lengths(field)[documents[first:last] - start]
            for segment, start, first, last in zip(self._segments, self._starts, ends, ends[1:], strict=False)
        ]
        return np.concatenate(parts)

    def _mean_length(self, field: str) -> float:
        if field not in self._mean_lengths:
            self._mean_lengths[field] = self._compute_mean_length(field)
        return self._mean_lengths[field]

    def _compute_mean_length(self, field: str) -> float:
        total = sum(segment.total_length(field) for segment in self._segments)
        holding = sum(segment.count_documents(self._held, field) for segment in self._segments)
        if self._hidden_count and holding:
            total -= self._count_hidden_tokens(field)
            holding -= int(self._hidden[self._find_postings(self._held, field).documents].sum())
        return float(total / max(1, holding)) or 1.0

    def _count_hidden_tokens(self, field: str) -> int:
        parts = zip(self._segments, self._starts, self._starts[1:], strict=False)
        return sum(
            segment.count_tokens(field, np.flatnonzero(self._hidden[start:end]))
            for segment, start, end in parts
        )


def _as_unit(name: tuple[str, ...]) -> Unit:
    return name[0] if len(name) == 1 else name


def _follow(postings: Sequence[Postings]) -> Int64Vector:
    """The documents in which the tokens stand side by side, in this order."""
    places = postings[0].find_places()
    for distance, following in enumerate(postings[1:], 1):
        places = places[_is_among(places + distance, following.find_places())]
    return union_ids(places >> 32)


def _is_among(values: Int64Vector, rising: Int64Vector) -> BoolVector:
    """Which values are among others. np.isin sorts both anew, though both are sorted."""
    if not len(rising):
        return np.zeros(len(values), bool)
    found: npt.NDArray[np.bool_] = (
        rising[np.minimum(np.searchsorted(rising, values), len(rising) - 1)] == values
    )
    return found


def _add_within(scored: Sequence[Scored], documents: Int64Vector) -> Scored:
    """The sums of the scores of these documents, which all of them hold."""
    scores = np.zeros(len(documents))
    for own, amounts in scored:
        scores += amounts[np.searchsorted(own, documents)] if len(documents) else 0.0
    return documents, scores


def _add_up(found: Sequence[Scored]) -> Scored:
    """All documents, with the sums of their scores."""
    return _combine(found, np.add, 0.0)


def _take_best(found: Sequence[Scored]) -> Scored:
    """All documents, with the best of their scores."""
    return _combine(found, np.maximum, -np.inf)


def _combine(found: Sequence[Scored], combine: np.ufunc, neutral: float) -> Scored:
    filled = [scored for scored in found if len(scored[0])]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING
    documents = union_ids(*(own for own, _ in filled))
    scores = np.full(len(documents), neutral)
    for own, amounts in filled:
        positions = np.searchsorted(documents, own)
        scores[positions] = combine(scores[positions], amounts)
    return documents, scores
