"""Relevance feedback: moves the vector of a query towards good examples and away from bad ones. Pure.

This is Rocchio's rule with the weights that measured best (docs/quality.md). A regularised linear classifier
on the same examples was measured as well: it is no better with many examples, and worse with few.
"""

from __future__ import annotations

import numpy as np

from .arrays import Float32Matrix, Float32Vector

QUERY, GOOD, BAD = 0.5, 1.0, 0.5  # weights of the query, the good and the bad examples


def move_query(query: Float32Vector | None, good: Float32Matrix, bad: Float32Matrix) -> Float32Vector:
    """QUERY · q + GOOD · mean(good) − BAD · mean(bad), at unit length; what is missing adds nothing.

    Without good examples the query counts fully, so that bad ones push it no further than good ones would.
    Source: Rocchio, "Relevance feedback in information retrieval", in The SMART Retrieval System, 1971.
    """
    addends = [] if query is None else [(QUERY if len(good) else GOOD) * query]
    addends += [GOOD * good.mean(axis=0)] if len(good) else []
    addends += [-BAD * bad.mean(axis=0)] if len(bad) else []
    total = np.sum(addends, axis=0)
    length = float(np.linalg.norm(total))
    unit: Float32Vector = (total / length if length > 1e-12 else np.zeros_like(total)).astype(np.float32)
    return unit
