"""A ranking has one order, whatever the input order, and leaves its inputs unchanged."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import Ranking
from retrieval.ranking.ranking import SCORE_DECIMALS, round_scores

# Few different scores, so that ties are common; 0.0 and -0.0 are equal.
SCORED = st.dictionaries(
    st.integers(1, 2**63 - 1), st.sampled_from([-1.5, -0.0, 0.0, 0.25, 1.0, 1e9]), max_size=30
)
IDS = st.lists(st.integers(1, 2**63 - 1), max_size=20)


def ranking_of(scored: dict[int, float]) -> Ranking:
    return Ranking.from_scores(list(scored), list(scored.values()))


def test_scores_fall_and_ties_go_to_the_smaller_id() -> None:
    ranking = Ranking.from_scores([9, 4, 7, 2], [0.5, 0.9, 0.5, 0.1])
    assert ranking.ids.tolist() == [4, 7, 9, 2]
    assert ranking.scores.tolist() == [0.9, 0.5, 0.5, 0.1]


@settings(deadline=None)
@given(SCORED)
def test_the_order_is_that_of_a_plain_sort(scored: dict[int, float]) -> None:
    ranking = ranking_of(scored)
    expected = sorted(scored.items(), key=lambda pair: (-pair[1], pair[0]))
    assert list(zip(ranking.ids.tolist(), ranking.scores.tolist(), strict=True)) == expected


@settings(deadline=None)
@given(SCORED, st.randoms(use_true_random=False))
def test_the_order_of_the_inputs_does_not_matter(scored: dict[int, float], random: object) -> None:
    pairs = list(scored.items())
    random.shuffle(pairs)  # type: ignore[attr-defined]
    assert ranking_of(dict(pairs)).ids.tolist() == ranking_of(scored).ids.tolist()


def test_inputs_stay_unchanged() -> None:
    ids, scores = np.array([3, 1, 2]), np.array([0.1, 0.3, 0.2])
    ranking = Ranking.from_scores(ids, scores)
    ranking.ids[0] = 77
    ranking.scores[0] = 77.0
    assert ids.tolist() == [3, 1, 2]
    assert scores.tolist() == [0.1, 0.3, 0.2]


def test_a_ranking_cannot_be_given_other_arrays() -> None:
    ranking = Ranking.from_scores([1], [1.0])
    with pytest.raises(FrozenInstanceError):
        ranking.ids = np.array([2])  # type: ignore[misc]


def test_an_empty_ranking_has_no_first_and_no_ranks() -> None:
    empty = Ranking.from_scores([], [])
    assert (len(empty), len(empty.top(5)), len(empty.without([1]))) == (0, 0, 0)
    assert empty.ids.dtype == np.int64
    assert empty.rank_of(np.array([4, 5])).tolist() == [0, 0]


@settings(deadline=None)
@given(SCORED, st.integers(0, 40))
def test_top_is_the_beginning(scored: dict[int, float], count: int) -> None:
    ranking = ranking_of(scored)
    assert ranking.top(count).ids.tolist() == ranking.ids.tolist()[:count]
    assert ranking.top(count).scores.tolist() == ranking.scores.tolist()[:count]


@settings(deadline=None)
@given(SCORED, IDS)
def test_without_keeps_the_order_of_the_others(scored: dict[int, float], others: list[int]) -> None:
    ranking, gone = ranking_of(scored), {*list(scored)[::2], *others}
    kept = [image_id for image_id in ranking.ids.tolist() if image_id not in gone]
    assert ranking.without(iter(gone)).ids.tolist() == kept
    assert ranking.without(gone).scores.tolist() == [scored[image_id] for image_id in kept]
    assert len(ranking) == len(scored)


@settings(deadline=None)
@given(SCORED, IDS)
def test_ranks_count_from_one_and_unranked_ids_have_none(scored: dict[int, float], others: list[int]) -> None:
    ranking = ranking_of(scored)
    order, asked = ranking.ids.tolist(), [*scored, *others]
    expected = [order.index(image_id) + 1 if image_id in order else 0 for image_id in asked]
    assert ranking.rank_of(np.array(asked, np.int64)).tolist() == expected


def test_scores_are_compared_without_their_last_decimals_and_without_a_negative_zero() -> None:
    step = 10.0**-SCORE_DECIMALS
    scores = np.array([0.5 + 0.4 * step, 0.5 + 0.6 * step, -0.1 * step, 1.0])
    assert round_scores(scores).tolist() == pytest.approx([0.5, 0.5 + step, 0.0, 1.0], abs=step / 1000)
    assert not np.signbit(round_scores(scores)).any()
    assert scores[0] == 0.5 + 0.4 * step
