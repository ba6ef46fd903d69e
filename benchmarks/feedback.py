"""What relevance feedback gains: nDCG@20 after no, one, two and three rounds of simulated clicks.

A query is a picture of the set. In each round the user looks at the first 20 hits and marks the first two
that are right as good and the first one that is wrong as bad; from then on marked pictures are examples and
no longer listed. So every round is judged on the pictures that are not yet marked, and compared with the
query without examples on the same pictures. Subjects alone, plain and by neighbourhoods, with 95 % bootstrap
intervals of the gain over queries. --size N: N queries a set (default 60).
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import numpy as np

from indexer.measure.evaluate import read_labels
from indexer.upkeep.opening import LibrarySpec
from retrieval import Examples, Library, Options, Query, StoredPicture, evaluation
from retrieval.ranking.tuning import estimate_gain

from .indexed import open_indexed
from .sets import BUNDLED, LABELLED, TEACHER, LabelledSet, why_unavailable

ROUNDS = 3
GOOD, BAD = 2, 1  # marked in a round
SEEN = 20
FEWEST = 10  # right pictures that a query must have
WEIGHTS = {"colour": 0.0}
KINDS = {"plain": False, "neighbours": True}


def measure(size: int | None = None) -> dict[str, Any]:
    """nDCG@20 by set, kind and round, and its gain over the query without examples."""
    if reason := why_unavailable():
        sys.exit(reason)
    bundled, teacher = (measure_backbone(spec, size or 60) for spec in (BUNDLED, TEACHER))
    return {"figures": bundled, "beside": {"teacher": teacher}}


def measure_backbone(spec: LibrarySpec, count: int) -> dict[str, float]:
    """The figures with one backbone."""
    found: dict[str, float] = {}
    for labelled in LABELLED:
        with open_indexed(labelled.pictures, spec) as library:
            for name, neighbours in KINDS.items():
                found |= _measure_set(
                    library, labelled, f"{labelled.name} {name}", count, neighbours=neighbours
                )
    return found


def _measure_set(
    library: Library, labelled: LabelledSet, name: str, count: int, *, neighbours: bool
) -> dict[str, float]:
    labels = read_labels(library, labelled.labels)
    sizes = Counter(labels.values())
    able = [image_id for image_id in sorted(labels) if sizes[labels[image_id]] > FEWEST]
    queries = [able[place] for place in np.linspace(0, len(able) - 1, count).astype(int)]
    rounds = np.array([_judge_rounds(library, query, labels, neighbours=neighbours) for query in queries])
    found: dict[str, float] = {}
    for number, (with_examples, without) in enumerate(rounds.mean(axis=0)):
        key = f"{name} round {number}"
        change = estimate_gain(rounds[:, number, 0] - rounds[:, number, 1])
        found |= {f"{key} nDCG@20": with_examples, f"{key} without examples": without}
        found |= {f"{key} gain": change.mean, f"{key} gain low": change.low, f"{key} gain high": change.high}
    return found


def _judge_rounds(
    library: Library, query: int, labels: dict[int, str], *, neighbours: bool
) -> list[tuple[float, float]]:
    """nDCG@20 with and without the examples, after each number of rounds."""
    good: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()
    plain = _search_ids(library, query, Examples(), neighbours=neighbours)
    judged: list[tuple[float, float]] = []
    for _ in range(ROUNDS + 1):
        ids = _search_ids(library, query, Examples(good, bad), neighbours=neighbours)
        marked = {*good, *bad}
        others = [image_id for image_id in plain if image_id not in marked]
        right = sum(label == labels[query] for label in labels.values()) - 1 - len(good)
        with_examples, without = (_ndcg_of(ranked, labels, labels[query], right) for ranked in (ids, others))
        judged.append((with_examples, without))
        seen = ids[:SEEN]
        good += tuple(image_id for image_id in seen if labels.get(image_id) == labels[query])[:GOOD]
        bad += tuple(image_id for image_id in seen if labels.get(image_id) != labels[query])[:BAD]
    return judged


def _search_ids(library: Library, query: int, examples: Examples, *, neighbours: bool) -> list[int]:
    options = Options(neighbours=neighbours, weaker=True, verify=0)
    parts = (StoredPicture(query),)
    asked = Query(parts, weights=WEIGHTS, limit=200, options=options, examples=examples)
    return library.search(asked).ids


def _ndcg_of(ids: list[int], labels: dict[int, str], label: str, right: int) -> float:
    relevance = np.array([labels.get(image_id) == label for image_id in ids], bool)
    return evaluation.ndcg_at(relevance, SEEN, right)
