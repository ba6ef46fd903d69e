"""How good rankings are by judgements: precision, recall and average precision. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import BoolVector

CUTS = (1, 5, 10, 20)

DEFINITION = (
    "Every image with a label is a query once and is left out of its own ranking. "
    "A result is relevant when it has the query's label; an image without a label never is. "
    "AP: the mean, over a query's relevant images, of the precision at the rank of each, over the full "
    "ranking (0 for one that is not ranked). mAP: the mean of AP over all queries that have at least one "
    "relevant image. P@k: relevant ones among the first k, divided by k. R@k: relevant ones among the "
    "first k, divided by all relevant ones."
)


@dataclass(frozen=True, slots=True)
class QueryFigures:
    """The figures of one query."""

    label: str
    average_precision: float
    precision: Mapping[int, float]
    recall: Mapping[int, float]


def average_precision(relevance: BoolVector, relevant: int) -> float:
    """Mean of the precision at each relevant rank; `relevant` counts unranked ones, too. 0 if none."""
    positions = np.flatnonzero(relevance)
    if not relevant:
        return 0.0
    return float(((np.arange(len(positions)) + 1) / (positions + 1)).sum() / relevant)


def precision_at(relevance: BoolVector, k: int) -> float:
    """Relevant results among the first k, divided by k even where there are fewer results."""
    return float(relevance[:k].sum() / k)


def recall_at(relevance: BoolVector, k: int, relevant: int) -> float:
    """Relevant results among the first k, divided by all relevant ones; 0 if there are none."""
    return float(relevance[:k].sum() / relevant) if relevant else 0.0


def ndcg_at(relevance: BoolVector, k: int, relevant: int) -> float:
    """Normalised discounted cumulative gain: Σ 1 / log2(rank + 1) over the relevant among the first k.

    The sum is divided by that of the best possible order; 0 if there are no relevant ones. Source: Järvelin &
    Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
    """
    discounts = 1 / np.log2(np.arange(k) + 2)
    ideal = discounts[:relevant].sum()
    return float(discounts[: len(relevance)][relevance[:k]].sum() / ideal) if relevant else 0.0


def evaluate_ranking(
    label: str, relevance: BoolVector, relevant: int, cuts: Sequence[int] = CUTS
) -> QueryFigures:
    """All figures of one query."""
    return QueryFigures(
        label,
        average_precision(relevance, relevant),
        {k: precision_at(relevance, k) for k in cuts},
        {k: recall_at(relevance, k, relevant) for k in cuts},
    )


def mean_figures(judged: Iterable[QueryFigures], cuts: Sequence[int] = CUTS) -> dict[str, float]:
    """Means over queries: mAP, P@k and R@k; empty when there is no query."""
    queries = list(judged)
    if not queries:
        return {}
    figures = {"mAP": float(np.mean([query.average_precision for query in queries]))}
    figures |= {f"P@{k}": float(np.mean([query.precision[k] for query in queries])) for k in cuts}
    return figures | {f"R@{k}": float(np.mean([query.recall[k] for query in queries])) for k in cuts}


def figures_by_label(judged: Iterable[QueryFigures]) -> dict[str, dict[str, float]]:
    """The same means for the queries of each label, by label."""
    groups: dict[str, list[QueryFigures]] = {}
    for query in judged:
        groups.setdefault(query.label, []).append(query)
    return {label: mean_figures(groups[label]) for label in sorted(groups)}
