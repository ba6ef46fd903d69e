"""What narrowing by predicted labels gains and costs: subjects of the bundled backbone, by mass.

For every set and every mass: mean average precision and P@10, and those without narrowing (plain), the
share of the right images that are lost, the share of the set that is scanned, and the share of the queries
that narrow at all (`queries`). `time`: what a search takes, narrowing included, as a share of what it takes
without, over the set repeated to 100,000 images. The default mass (`narrowing.MASS`) is the least
that costs no set more than 0.02 of its mean average precision. --size N: every N-th picture is a query
(default 5).
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.measure.evaluate import read_labels
from retrieval import Annotation, Library, evaluation
from retrieval.projections.vectors import VectorIndex
from retrieval.ranking.arrays import Float16Matrix, Float32Vector, Int64Ids
from retrieval.ranking.narrowing import LabelTable, select_likely_labels

from .indexed import open_indexed
from .sets import BUNDLED, LABELLED, why_unavailable

MASSES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
LARGE = 100_000  # images that are searched for the time
TIMED = 60  # queries of them
LIMIT = 2000  # candidates, as the setting of this name has them

Labels = Sequence[tuple[str, float]]  # predicted labels or categories, with their confidences


@dataclass(frozen=True, slots=True, eq=False)
class _Set:
    """A set to search; `truth` has the right label of each of the `ids`, or an empty string."""

    ids: Int64Ids
    features: Float16Matrix
    labelled: LabelTable
    predicted: Mapping[int, tuple[Labels, Labels]]
    truth: npt.NDArray[np.str_]

    def feature_of(self, image_id: int) -> Float32Vector:
        found: Float32Vector = self.features[np.searchsorted(self.ids, image_id)].astype(np.float32)
        return found

    def build_index(self) -> VectorIndex:
        return VectorIndex.build(self.ids, self.features, self.features.shape[1])

    def narrow_candidates(self, query: int, mass: float) -> Int64Ids | None:
        """The ids that the query is compared with; None means all."""
        return self.labelled.find_candidates(select_likely_labels(*self.predicted[query], mass))


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by set and mass."""
    if reason := why_unavailable():
        sys.exit(reason)
    figures: dict[str, float] = {}
    for labelled in LABELLED:
        with open_indexed(labelled.pictures, BUNDLED) as library:
            known = _load_set(library, read_labels(library, labelled.labels))
        figures |= {f"{labelled.name} {key}": value for key, value in _measure_set(known, size or 5).items()}
    return {"figures": figures, "beside": {}}


def _load_set(library: Library, truth: Mapping[int, str]) -> _Set:
    [subject] = [space for space in library.spaces if space.descriptor == "subject"]
    with library.catalog.reading() as reader:
        ids, features = reader.load_features(subject)
        images, labelled = reader.load_images(ids.tolist()), reader.load_labels()
    predicted = {
        image.id: (_pairs(image.predicted_labels), _pairs(image.predicted_categories))
        for image in images.values()
    }
    return _Set(
        ids, features, labelled, predicted, np.array([truth.get(image_id, "") for image_id in images])
    )


def _pairs(facts: Iterable[Annotation]) -> Labels:
    return [(fact.value, fact.confidence) for fact in facts]


def _measure_set(known: _Set, step: int) -> dict[str, float]:
    sizes = Counter(known.truth.tolist())
    is_query = [bool(label) and sizes[label] > 1 for label in known.truth.tolist()]
    queries = known.ids[is_query][::step].tolist()
    index = known.build_index()
    whole = {
        query: index.search(known.feature_of(query), limit=len(known.ids), allowed=None).ids
        for query in queries
    }
    figures = _mean_figures(
        [_judge_query(known, query, ranked[ranked != query]) for query, ranked in whole.items()], "plain"
    )
    for mass in MASSES:
        figures |= _measure_narrowed(known, whole, mass)
    return figures | _measure_times(known, queries[:: max(1, len(queries) // TIMED)])


def _judge_query(known: _Set, query: int, ranked: Int64Ids) -> evaluation.QueryFigures:
    label = known.truth[np.searchsorted(known.ids, query)]
    right = known.truth[np.searchsorted(known.ids, ranked)] == label
    return evaluation.evaluate_ranking(
        str(label), right, int((known.truth == label).sum()) - 1, (10, len(known.ids))
    )


def _mean_figures(judged: Sequence[evaluation.QueryFigures], name: str) -> dict[str, float]:
    """The recall of the whole ranking counts: what it misses is lost."""
    *_, everything = judged[0].recall
    found = evaluation.mean_figures(judged, (10, everything))
    lost = 1 - found[f"R@{everything}"]
    return {f"{name} mAP": found["mAP"], f"{name} P@10": found["P@10"], f"{name} recall lost": lost}


def _measure_narrowed(known: _Set, whole: Mapping[int, Int64Ids], mass: float) -> dict[str, float]:
    allowed = {query: known.narrow_candidates(query, mass) for query in whole}
    kept = {query: _are_allowed(ranked, allowed[query]) for query, ranked in whole.items()}
    judged = [
        _judge_query(known, query, ranked[kept[query] & (ranked != query)]) for query, ranked in whole.items()
    ]
    return {
        **_mean_figures(judged, f"{mass:g}"),
        f"{mass:g} scanned": float(np.mean([mask.mean() for mask in kept.values()])),
        f"{mass:g} queries": float(np.mean([ids is not None for ids in allowed.values()])),
    }


def _are_allowed(ranked: Int64Ids, allowed: Int64Ids | None) -> npt.NDArray[np.bool_]:
    return np.ones(len(ranked), bool) if allowed is None else np.isin(ranked, allowed)


def _measure_times(known: _Set, queries: Sequence[int]) -> dict[str, float]:
    """The time of the searches with every mass, as a share of that without narrowing."""
    large = _repeat_images(known, LARGE // len(known.ids))
    index = large.build_index()
    seconds = dict.fromkeys((None, *MASSES), 0.0)
    for query in queries:  # in turn, so that other work of the machine slows all of them
        for mass in seconds:
            seconds[mass] += _search_seconds(index, large, query, mass)
    return {f"{mass:g} time": seconds[mass] / seconds[None] for mass in MASSES}


def _search_seconds(index: VectorIndex, large: _Set, query: int, mass: float | None) -> float:
    started = time.perf_counter()
    allowed = None if mass is None else large.narrow_candidates(query, mass)
    index.search(large.feature_of(query), limit=LIMIT, allowed=allowed)
    return time.perf_counter() - started


def _repeat_images(known: _Set, times: int) -> _Set:
    """The same images again and again, under new ids."""
    one, numbers = known.labelled, np.arange(times)[:, None]
    labelled = LabelTable(
        (one.images + numbers * one.images[-1]).ravel(),
        one.labels,
        (one.rows + numbers * len(one.images)).ravel(),
        np.tile(one.codes, times),
        np.tile(one.predicted, times),
    )
    ids = (known.ids + numbers * one.images[-1]).ravel()
    return replace(known, ids=ids, features=np.tile(known.features, (times, 1)), labelled=labelled)
