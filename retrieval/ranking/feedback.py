"""Relevance feedback: a query's vector moved towards the good examples and away from the bad ones. Pure.

Rocchio's rule, whose weights are those that measured best (docs/quality.md). A regularised linear
classifier on the same examples was tried beside it: it is no better once there are many examples, and
worse while there are few.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]  # (dimension,)
Vectors = npt.NDArray[np.float32]  # (example, dimension), rows of unit length

QUERY, GOOD, BAD = 0.5, 1.0, 0.5  # what the query, the good and the bad examples count


def move_query(query: Vector | None, good: Vectors, bad: Vectors) -> Vector:
    """QUERY · q + GOOD · mean(good) − BAD · mean(bad), at unit length; what is not given adds nothing.

    Without good examples the query counts fully, so that bad ones push it no further than good ones would.
    Source: Rocchio, "Relevance feedback in information retrieval", in The SMART Retrieval System, 1971.
    """
    given = [] if query is None else [(QUERY if len(good) else GOOD) * query]
    given += [GOOD * good.mean(axis=0)] if len(good) else []
    given += [-BAD * bad.mean(axis=0)] if len(bad) else []
    total = np.sum(given, axis=0)
    length = float(np.linalg.norm(total))
    unit: Vector = (total / length if length > 1e-12 else np.zeros_like(total)).astype(np.float32)
    return unit
