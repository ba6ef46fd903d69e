"""Brute-force search in ten lines of numpy: every vector index must give the same results."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from retrieval import Ranking
from retrieval.ranking.ranking import SCORE_DECIMALS


def nearest_images(
    query: npt.ArrayLike,
    ids: npt.ArrayLike,
    features: npt.ArrayLike,
    *,
    limit: int,
    allowed: Collection[int] | None = None,
) -> list[tuple[int, float]]:
    """The best (image id, inner product) pairs: highest score first, rounded to SCORE_DECIMALS, then by id."""
    query, ids, features = np.asarray(query), np.asarray(ids, np.int64), np.asarray(features)
    scores = features.astype(np.float64) @ query.astype(np.float64)
    pairs = [
        (image_id, round(score, SCORE_DECIMALS))
        for image_id, score in zip(ids.tolist(), scores.tolist(), strict=True)
        if allowed is None or image_id in allowed
    ]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:limit]


def pairs_of(ranking: Ranking) -> list[tuple[int, float]]:
    """A ranking as (image id, score) pairs, too."""
    return list(zip(ranking.ids.tolist(), ranking.scores.tolist(), strict=True))
