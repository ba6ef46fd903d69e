"""Learns from labels how much each signal of a library should count: every sampled image is a query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval import FusionRecipe, Library, Part, Query, StoredPicture, Text, tuning

from .evaluate import Labels

FUSIONS = (("relative", 0.0), ("calibrated", 0.0), *(("reciprocal-rank", k) for k in (10.0, 60.0, 200.0)))
MAX_CAPTION_LENGTH = 500  # characters; the rest of a caption is not asked
Int64Ids = npt.NDArray[np.int64]  # (image,)
Float64Amounts = npt.NDArray[np.float64]  # (image,)
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TunedFusion:
    """What was learned for one kind of fusion."""

    fusion: str
    k: float
    learned: tuning.LearnedWeights

    def fusion_recipe(self, name: str) -> FusionRecipe:
        """The weights as they are saved; all of them, so that no default weight is added."""
        gain = self.learned.gain
        measured = {
            "single": self.learned.single,
            "single mAP": self.learned.single_map,
            "fused mAP": self.learned.fused_map,
            "gain": [gain.low, gain.mean, gain.high],
        }
        return FusionRecipe(name, self.fusion, self.k, dict(self.learned.weights), measured)


def tune_fusion(
    library: Library, labels: Labels, *, sample: int, with_words: bool, on_progress: OnProgress
) -> list[TunedFusion]:
    """What every kind of fusion learns from the same queries; the best by mAP on held-out queries first.

    The queries are at most `sample` of the images that share a label with another one, evenly spread by id.
    `with_words`: the title or caption of an image is asked together with its picture.
    Raises ValueError when there are too few queries.
    """
    queries = _sample_queries(labels, sample)
    labelled_ids = np.array(sorted(labels), np.int64)
    tuned: list[TunedFusion] = []
    for fusion_number, (fusion, k) in enumerate(FUSIONS):
        cases: list[tuning.Case] = []
        for done, image_id in enumerate(queries, 1):
            query = Query(_query_parts(library, image_id, with_words=with_words))
            amounts = library.signal_amounts(query, labelled_ids, fusion=fusion, k=k)
            cases.append(_judge_query(amounts, labelled_ids, labels, image_id))
            on_progress(fusion_number * len(queries) + done, len(FUSIONS) * len(queries))
        tuned.append(TunedFusion(fusion, k, tuning.learn_weights(tuple(amounts), cases)))
    return sorted(tuned, key=lambda fusion: -fusion.learned.fused_map)


def _sample_queries(labels: Labels, sample: int) -> list[int]:
    sizes = Counter(labels.values())
    shared = sorted(image_id for image_id in labels if sizes[labels[image_id]] > 1)
    if len(shared) < tuning.FOLDS:
        raise ValueError(f"{len(shared)} images share a label with another; at least {tuning.FOLDS} must")
    numbers = np.unique(np.linspace(0, len(shared) - 1, min(sample, len(shared))).astype(int))
    return [shared[number] for number in numbers]


def _query_parts(library: Library, image_id: int, *, with_words: bool) -> tuple[Part, ...]:
    image = library.load_image(image_id)
    words = (image.title or image.caption).strip() if with_words else ""
    return (StoredPicture(image_id), *([Text(words[:MAX_CAPTION_LENGTH])] if words else []))


def _judge_query(
    amounts: Mapping[str, Float64Amounts], ids: Int64Ids, labels: Labels, query_id: int
) -> tuning.Case:
    """What every signal gives to the images, and which of them are relevant; without the query itself."""
    is_other = ids != query_id
    signal_amounts = np.stack([signal[is_other] for signal in amounts.values()]).astype(np.float32)
    relevant = np.array([labels[image_id] == labels[query_id] for image_id in ids[is_other].tolist()], bool)
    return tuning.Case(signal_amounts, relevant)
