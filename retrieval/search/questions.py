"""Questions: what probes ask of the views of a snapshot, answered one by one or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..projections.base import AbstractView
from ..ranking.arrays import Int64Ids
from ..ranking.ranking import Ranking
from ..signals import CONDITION, WORDS
from ..watch import until_deadline
from .probes import Probe

EVERYTHING = 2**31  # more images than any library has
EXACT = (WORDS, CONDITION)  # what tells exactly which images fit
MOST_WORDS = 100_000  # images that words bring: all that hold one, so that their number is true


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a probe asks of a view: its best `limit` images of `among`, rising ids, without `excluded`.

    `view` is None for a condition, which all images of `among` satisfy alike; elsewhere `among` may be None,
    for all images. `asked` is the query of the probe as the view compares it.
    """

    probe: Probe
    view: AbstractView[Any] | None
    asked: Any
    limit: int
    among: Int64Ids | None
    excluded: Set[int]

    @property
    def searched(self) -> int:
        """How many images have to be found, so that enough are left without those that are excluded."""
        return self.limit + len(self.excluded)

    def find_answer(self) -> Ranking:
        """What the view finds."""
        if self.view is None:
            return self.shorten(self._rank(self.among))
        return self.shorten(self.view.search(self.asked, limit=self.searched, allowed=self.among))

    def shorten(self, found: Ranking) -> Ranking:
        """The answer, of at least as many images as `searched` says."""
        return found.without(self.excluded).top(self.limit)

    def complete(self, answer: Ranking, together: Int64Ids) -> Ranking:
        """How all images of `together` are ranked, rising ids and none excluded; an answer that holds all
        that can be found stays as it is.

        What the answer holds is used again; the others are ranked by their rows, without another scan.
        """
        if len(answer) < self.limit:
            return answer
        known = answer.only(together)
        return known.join(self._rank(intersect_ids(np.setdiff1d(together, known.ids), self.among)))

    def _rank(self, ids: Int64Ids | None) -> Ranking:
        assert ids is not None, "a condition is asked among some images"
        if self.view is None:
            return Ranking.from_scores(ids, np.ones(len(ids)))
        return self.view.rank_ids(self.asked, ids)


def list_questions(
    probes: Sequence[Probe],
    views: Mapping[str, AbstractView[Any]],
    *,
    limit: int,
    allowed: Int64Ids | None,
    left_out: Iterable[int],
) -> list[Question]:
    """One question for each probe that wants something: for `limit` images, or for all that hold words."""
    excluded = {*left_out, *_excluded_ids(probes, views, allowed)}
    return [
        _make_question(probe, views, limit, intersect_ids(probe.allowed, allowed), excluded)
        for probe in probes
        if not probe.is_exclusion
    ]


def _make_question(
    probe: Probe,
    views: Mapping[str, AbstractView[Any]],
    limit: int,
    among: Int64Ids | None,
    excluded: Set[int],
) -> Question:
    view = None if probe.signal == CONDITION else views[probe.view_name]
    asked = view.prepare_query(probe.query) if view else None
    return Question(
        probe, view, asked, max(limit, MOST_WORDS) if probe.signal in EXACT else limit, among, excluded
    )


def _excluded_ids(
    probes: Iterable[Probe], views: Mapping[str, AbstractView[Any]], allowed: Int64Ids | None
) -> set[int]:
    return {
        image_id
        for probe in probes
        if probe.is_exclusion
        for image_id in views[WORDS].search(probe.query, limit=EVERYTHING, allowed=allowed).ids.tolist()
    }


def answer_questions(questions: Sequence[Question]) -> list[Ranking]:
    """The answer to each question, side by side: FAISS computes while Python reads postings of words."""
    with ThreadPoolExecutor(max(len(questions), 1), "probe") as threads:
        return list(until_deadline(threads.map(Question.find_answer, questions)))


def answer_together(questions: Sequence[Question]) -> list[Ranking]:
    """The same answers; what is asked of one view is asked at once."""
    answers: dict[int, Ranking] = {}
    for view in {id(question.view): question.view for question in questions}.values():
        numbers = [number for number, question in enumerate(questions) if question.view is view]
        answers |= zip(numbers, _ask_view(view, [questions[number] for number in numbers]), strict=True)
    return [answers[number] for number in range(len(questions))]


def _ask_view(view: AbstractView[Any] | None, questions: Sequence[Question]) -> list[Ranking]:
    if view is None:
        return [question.find_answer() for question in questions]
    found = view.search_many(
        [question.asked for question in questions],
        limit=max(question.searched for question in questions),
        allowed=[question.among for question in questions],
    )
    return [question.shorten(ranking) for question, ranking in zip(questions, found, strict=True)]


def intersect_ids(first: Int64Ids | None, second: Int64Ids | None) -> Int64Ids | None:
    """The ids in both, rising; None stands for all."""
    if first is None or second is None:
        return second if first is None else first
    return np.intersect1d(first, second)
