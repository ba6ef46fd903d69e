"""The order of an answer where the query asks for another one than relevance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..query.sort import RELEVANCE
from ..ranking.order import order_images
from .answer import Answer
from .context import SearchContext


def sort_answer(context: SearchContext, answer: Answer) -> Answer:
    """The same images in the order that the query asks for; those below the relevance line stay behind."""
    sort, ids = context.query.sort, answer.ids
    if sort.by == RELEVANCE or not len(ids):
        return answer
    values = context.sort_keys.values_of(ids, sort, context.snapshot.seq)
    levels = np.ones(len(ids)) if answer.levels is None else answer.levels[answer.shown]
    order = order_images(ids, values, levels == 0, is_falling=sort.is_falling)
    return replace(answer, shown=answer.shown[order])
