"""Each view is scanned once for a search: what is ranked besides is what exhaustive scans would rank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import Ranking
from retrieval.projections.base import AbstractView
from retrieval.projections.vectors import VectorView
from retrieval.query.slots import Place
from retrieval.ranking.arrays import Int64Ids
from retrieval.ranking.fusion import relative_score
from retrieval.search.gather import rank_images
from retrieval.search.probes import Probe
from retrieval.search.questions import answer_questions, answer_together, list_questions
from retrieval.signals import CONDITION
from tests.reference import nearest_images, pairs_of
from tests.retrieval.projections.test_vectors import build, eighths

SIGNALS = ("subject", "colour")
IDS = st.sets(st.integers(1, 40), max_size=30)
AMOUNTS = relative_score({"subject": 1.0, "colour": 0.1})


class CountedView(AbstractView[Any]):
    """A view that counts how often all of its images are compared."""

    def __init__(self, view: VectorView) -> None:
        self.view, self.scans = view, 0

    def search(self, query: Any, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        self.scans += 1
        return self.view.search(query, limit=limit, allowed=allowed)

    def search_many(self, queries: Any, *, limit: int, allowed: Any) -> list[Ranking]:
        self.scans += 1
        return self.view.search_many(queries, limit=limit, allowed=allowed)

    def rank_ids(self, query: Any, ids: Int64Ids) -> Ranking:
        return self.view.rank_ids(query, ids)


def as_array(ids: Any) -> Int64Ids | None:
    return None if ids is None else np.array(sorted(ids), np.int64)


def exhaustive(
    probes: list[Probe], held: dict[str, Any], *, limit: int, allowed: Any, left_out: set[int]
) -> list[list[tuple[int, float]]]:
    """What each probe ranks: the best of it, and what others have among their best, all by brute force."""
    everything = []
    for probe in probes:
        ids, features = held.get(probe.signal, (None, None))
        among = set(range(1, 41)) if allowed is None else set(allowed)
        among -= left_out
        if probe.allowed is not None:
            among &= set(probe.allowed.tolist())
        if probe.signal == CONDITION:
            everything.append([(image_id, 1.0) for image_id in sorted(among)])
        else:
            everything.append(nearest_images(probe.query, ids, features, limit=99, allowed=among))
    together = {image_id for pairs in everything for image_id, _ in pairs[:limit]}
    return [
        pairs if probe.signal == CONDITION else [pair for pair in pairs if pair[0] in together]
        for probe, pairs in zip(probes, everything, strict=True)
    ]


@pytest.mark.parametrize("answer", [answer_questions, answer_together])
@given(st.data())
@settings(deadline=None, max_examples=40)
def test_rankings_are_those_of_exhaustive_scans(answer: Any, data: st.DataObject) -> None:
    """With ties, a tail, hidden images, a filter, alternatives with filters, and images that are left out."""
    views, held = {}, {}
    for signal in SIGNALS:
        old_ids, put = (as_array(data.draw(IDS)) for _ in range(2))
        hidden = as_array({*put, *data.draw(IDS)})
        old, new = data.draw(eighths(len(old_ids))), data.draw(eighths(len(put)))
        views[signal] = CountedView(VectorView(build(old_ids, old), build(put, new), hidden))
        kept = ~np.isin(old_ids, hidden)
        held[signal] = np.concatenate([old_ids[kept], put]), np.concatenate([old[kept], new])
    allowed, left_out = data.draw(st.none() | IDS), data.draw(IDS)
    probes = []
    for number, signal in enumerate(
        (*SIGNALS, *data.draw(st.lists(st.sampled_from((*SIGNALS, CONDITION)), max_size=3)))
    ):
        limited = data.draw(IDS if signal == CONDITION else st.none() | IDS)
        query = None if signal == CONDITION else data.draw(eighths()).astype(np.float32)
        place = Place(number, 0 if limited is not None else None)
        probes.append(Probe(number, signal, 1.0, query, place=place, allowed=as_array(limited)))

    limit = data.draw(st.integers(1, 45))
    questions = list_questions(probes, views, limit=limit, allowed=as_array(allowed), left_out=left_out)
    found = rank_images(questions, answer(questions), probes, AMOUNTS, limit=limit)
    expected = exhaustive(probes, held, limit=limit, allowed=allowed, left_out=left_out)
    assert [pairs_of(ranking.ranking) for ranking in found.rankings] == expected
    for signal in SIGNALS:
        asked = sum(probe.signal == signal for probe in probes)
        assert views[signal].scans == (1 if answer is answer_together else asked)
