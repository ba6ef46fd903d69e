"""Conditions by sets of images: what satisfies a tree follows from what satisfies its Filters. Pure.

Databases are asked for Filters only. What they make of NOT and of values that are not there differs, and sets
of ids do not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce

import numpy as np

from ..query.conditions import AllOf, Condition, Filters, Not
from ..ranking.arrays import Int64Ids


def evaluate_condition(
    condition: Condition, find_ids: Callable[[Filters], Int64Ids], find_all: Callable[[], Int64Ids]
) -> Int64Ids:
    """The ids, rising, of the images that satisfy a condition, from those of Filters and those of all."""
    if isinstance(condition, Filters):
        return find_ids(condition)
    evaluate = partial(evaluate_condition, find_ids=find_ids, find_all=find_all)
    if isinstance(condition, Not):
        return np.setdiff1d(find_all(), evaluate(condition.condition), assume_unique=True)
    combine = np.intersect1d if isinstance(condition, AllOf) else np.union1d
    return reduce(combine, map(evaluate, condition.conditions))
