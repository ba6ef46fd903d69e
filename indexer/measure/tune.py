"""Learns how much each signal of a library should count, from labels: every sampled image is a query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval import FusionRecipe, Library, Part, Query, StoredPicture, Text, tuning

from .evaluate import Labels

FUSIONS = (("relative", 0.0), ("calibrated", 0.0), *(("reciprocal-rank", k) for k in (10.0, 60.0, 200.0)))
LONGEST = 500  # characters of a caption that are asked
Ids = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was learned for one way of fusing."""

    fusion: str
    k: float
    learned: tuning.Learned

    def recipe(self, name: str) -> FusionRecipe:
        """The weights as they are kept; all of them, so that no default joins in."""
        gain = self.learned.gain
        measured = {
            "single": self.learned.single,
            "single mAP": self.learned.single_map,
            "fused mAP": self.learned.fused_map,
            "gain": [gain.low, gain.mean, gain.high],
        }
        return FusionRecipe(name, self.fusion, self.k, dict(self.learned.weights), measured)


def tune(
    library: Library, labels: Labels, *, sample: int, with_words: bool, on_progress: OnProgress
) -> list[Tuned]:
    """What each way of fusing learns from the same queries, the best first by mAP on held-out queries.

    Queries are at most `sample` of the images that share a label, evenly spread by id. With words, the title
    or caption of an image is asked together with its picture. Raises ValueError for too few queries.
    """
    queries = _queries(labels, sample)
    everything = np.array(sorted(labels), np.int64)
    found: list[Tuned] = []
    for place, (fusion, k) in enumerate(FUSIONS):
        cases: list[tuning.Case] = []
        for done, image_id in enumerate(queries, 1):
            parts = _parts(library, image_id, with_words=with_words)
            given = library.amounts(Query(parts), everything, fusion=fusion, k=k)
            cases.append(_case(given, everything, labels, image_id))
            on_progress(place * len(queries) + done, len(FUSIONS) * len(queries))
        found.append(Tuned(fusion, k, tuning.learn(tuple(given), cases)))
    return sorted(found, key=lambda each: -each.learned.fused_map)


def _queries(labels: Labels, sample: int) -> list[int]:
    sizes = Counter(labels.values())
    shared = sorted(image_id for image_id in labels if sizes[labels[image_id]] > 1)
    if len(shared) < tuning.FOLDS:
        raise ValueError(f"{len(shared)} images share a label with another; at least {tuning.FOLDS} must")
    places = np.unique(np.linspace(0, len(shared) - 1, min(sample, len(shared))).astype(int))
    return [shared[place] for place in places]


def _parts(library: Library, image_id: int, *, with_words: bool) -> tuple[Part, ...]:
    image = library.image(image_id)
    words = (image.title or image.caption).strip() if with_words else ""
    return (StoredPicture(image_id), *([Text(words[:LONGEST])] if words else []))


def _case(given: Mapping[str, Amounts], everything: Ids, labels: Labels, query: int) -> tuning.Case:
    """The query judged: of what each signal gives, all but the query's own."""
    others = everything != query
    amounts = np.stack([each[others] for each in given.values()]).astype(np.float32)
    relevant = np.array([labels[each] == labels[query] for each in everything[others].tolist()], bool)
    return tuning.Case(amounts, relevant)
