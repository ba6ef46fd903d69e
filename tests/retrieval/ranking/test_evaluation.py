"""Evaluation: textbook numbers, worked by hand, and compared with a plain-Python version."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import evaluation
from retrieval.ranking.arrays import BoolVector
from retrieval.ranking.evaluation import (
    CUTS,
    QueryFigures,
    average_precision,
    evaluate_ranking,
    figures_by_label,
    mean_figures,
    precision_at,
    recall_at,
)

RANKS = st.lists(st.booleans(), max_size=40)


def relevance(signs: str) -> BoolVector:
    """The relevance of results: a plus for a relevant one, a minus for another."""
    return np.array([sign == "+" for sign in signs], np.bool_)


def plain_average_precision(ranks: list[bool], relevant: int) -> float:
    total, seen = 0.0, 0
    for rank, hit in enumerate(ranks, 1):
        if hit:
            seen += 1
            total += seen / rank
    return total / relevant if relevant else 0.0


# Manning, Raghavan and Schütze, "Introduction to Information Retrieval", section 8.4: the mean of the
# precisions at the ranks of the relevant documents.
@pytest.mark.parametrize(
    ("signs", "relevant", "expected"),
    [
        ("+", 1, 1),
        ("-+", 1, 1 / 2),
        ("+-+--+", 3, (1 / 1 + 2 / 3 + 3 / 6) / 3),
        ("+-+--+", 4, (1 / 1 + 2 / 3 + 3 / 6) / 4),
        ("-++", 2, (1 / 2 + 2 / 3) / 2),
        ("+++++", 5, 1),
        ("---", 2, 0),
        ("", 3, 0),
        ("---", 0, 0),
    ],
)
def test_average_precision_worked_by_hand(signs: str, relevant: int, expected: float) -> None:
    assert average_precision(relevance(signs), relevant) == pytest.approx(expected, abs=1e-15)


def test_precision_divides_by_the_cut_also_where_there_are_fewer_results() -> None:
    ranks = relevance("+-++")
    assert [precision_at(ranks, k) for k in (1, 2, 4, 10)] == [1, 0.5, 0.75, 0.3]


def test_recall_divides_by_all_that_are_relevant() -> None:
    ranks = relevance("+-++")
    assert [recall_at(ranks, k, 6) for k in (1, 2, 4, 10)] == [1 / 6, 1 / 6, 0.5, 0.5]
    assert recall_at(ranks, 4, 0) == 0


def test_a_judged_query_has_every_figure_at_every_cut() -> None:
    judged = evaluate_ranking("boat", relevance("-+--++"), 4)
    assert judged.label == "boat"
    assert judged.average_precision == pytest.approx((1 / 2 + 2 / 5 + 3 / 6) / 4)
    assert judged.precision == {1: 0, 5: 2 / 5, 10: 3 / 10, 20: 3 / 20}
    assert judged.recall == {1: 0, 5: 2 / 4, 10: 3 / 4, 20: 3 / 4}
    assert CUTS == (1, 5, 10, 20)


def test_other_cuts_can_be_asked_for() -> None:
    judged = [
        evaluate_ranking("boat", relevance("++-"), 2, cuts=(2,)),
        evaluate_ranking("boat", relevance("-+"), 1, cuts=(2,)),
    ]
    assert mean_figures(judged, cuts=(2,)) == {"mAP": 0.75, "P@2": 0.75, "R@2": 1.0}


def test_means_are_over_queries_and_empty_without_one() -> None:
    judged = [
        QueryFigures("a", 1.0, dict.fromkeys(CUTS, 1.0), dict.fromkeys(CUTS, 0.5)),
        evaluate_ranking("b", relevance("-"), 3),
    ]
    figures = mean_figures(iter(judged))
    assert list(figures) == ["mAP", "P@1", "P@5", "P@10", "P@20", "R@1", "R@5", "R@10", "R@20"]
    assert (figures["mAP"], figures["P@5"], figures["R@20"]) == (0.5, 0.5, 0.25)
    assert mean_figures([]) == {}


def test_classes_come_by_label_and_hold_their_own_queries_only() -> None:
    judged = [
        evaluate_ranking("sea", relevance("+"), 1),
        evaluate_ranking("boat", relevance("-+"), 1),
        evaluate_ranking("sea", relevance("-"), 1),
    ]
    classes = figures_by_label(judged)
    assert list(classes) == ["boat", "sea"]
    assert {label: figures["mAP"] for label, figures in classes.items()} == {"boat": 0.5, "sea": 0.5}
    assert classes["sea"] == mean_figures([judged[0], judged[2]])


@settings(deadline=None)
@given(RANKS, st.integers(0, 10))
def test_average_precision_agrees_with_plain_python(ranks: list[bool], unranked: int) -> None:
    relevant = sum(ranks) + unranked
    found = average_precision(np.array(ranks, np.bool_), relevant)
    assert found == pytest.approx(plain_average_precision(ranks, relevant), abs=1e-12)


@settings(deadline=None)
@given(RANKS, st.integers(1, 50))
def test_precision_and_recall_agree_with_plain_python(ranks: list[bool], k: int) -> None:
    found = sum(ranks[:k])
    assert precision_at(np.array(ranks, np.bool_), k) == found / k
    assert recall_at(np.array(ranks, np.bool_), k, 50) == found / 50


@settings(deadline=None)
@given(RANKS)
def test_figures_lie_between_0_and_1_and_inputs_stay_unchanged(ranks: list[bool]) -> None:
    given_ranks = np.array(ranks, np.bool_)
    given_ranks.flags.writeable = False
    figures = mean_figures([evaluate_ranking("x", given_ranks, sum(ranks))])
    assert all(0 <= figure <= 1 for figure in figures.values())
    assert given_ranks.tolist() == ranks


@pytest.mark.parametrize(
    ("relevance", "k", "relevant", "expected"),
    [
        ([True, True, False], 3, 2, 1.0),
        ([False, True], 2, 1, 1 / np.log2(3)),
        ([True, False, True], 3, 2, 1.5 / (1 + 1 / np.log2(3))),
        ([True], 20, 5, 1 / (1 / np.log2(np.arange(5) + 2)).sum()),
        ([False, False], 2, 3, 0.0),
        ([], 2, 3, 0.0),
        ([], 2, 0, 0.0),
    ],
)
def test_ndcg_by_hand(relevance: list[bool], k: int, relevant: int, expected: float) -> None:
    assert evaluation.ndcg_at(np.array(relevance, bool), k, relevant) == pytest.approx(expected)
