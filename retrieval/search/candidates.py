"""Which images a search may find: those that satisfy the filters, or that may show what a picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ..catalog import CATEGORY, LABEL
from ..query.conditions import Condition, Filters
from ..query.slots import Slot
from ..query.values import Picture, StoredPicture
from ..ranking.arrays import Int64Ids
from ..ranking.narrowing import select_likely_labels
from ..ranking.relevance import BANDS, LIKELY
from ..ranking.translation import Translator
from ..signals import SUBJECT, WORDS
from .condition_sets import evaluate_condition
from .context import SearchContext
from .questions import EVERYTHING, intersect_ids


def allowed_ids(context: SearchContext) -> Int64Ids | None:
    """The images that satisfy the filters, narrowed if the options say so; None stands for all."""
    narrowed, condition = _narrowed_ids(context), context.query.filters
    if not condition:
        return narrowed
    return intersect_ids(_satisfying_ids(context, condition), narrowed)


def _find_by_filters(context: SearchContext, filters: Filters) -> Int64Ids:
    with context.catalog.reading() as reader:
        named = replace(filters, shows=_translate_labels(filters.shows, context.translator))
        ids = reader.find_ids(named, predicted=context.settings.predicted_labels)
    for name in filters.concepts:
        ids = np.intersect1d(ids, _concept_ids(context, name))
    for name in filters.saved:
        ids = np.intersect1d(ids, context.saved_sets.find_named(name))
    for value in filters.among:
        ids = context.picked_lists.select_ids(ids, value)
    return ids


def alternative_ids(context: SearchContext, slot: Slot) -> Int64Ids:
    """The images that an alternative allows: they satisfy its filters and hold none of its unwanted words."""
    ids = _satisfying_ids(context, slot.filters) if slot.filters else all_ids(context)
    return without_words(context, ids, slot.without)


def without_words(context: SearchContext, ids: Int64Ids, texts: Sequence[str]) -> Int64Ids:
    """Those of these images that hold no words of these texts."""
    view = context.snapshot.views[WORDS]
    for text in texts:
        held = view.search(context.translator.parse_terms(text), limit=EVERYTHING, allowed=ids)
        ids = np.setdiff1d(ids, held.ids, assume_unique=True)
    return ids


def _satisfying_ids(context: SearchContext, condition: Condition) -> Int64Ids:
    return evaluate_condition(condition, partial(_find_by_filters, context), partial(all_ids, context))


def _translate_labels(names: Sequence[str], translator: Translator) -> tuple[str, ...]:
    """The names of labels, and what they are called in English."""
    return tuple(dict.fromkeys(name for typed in names for name in (typed, *translator.find_names(typed))))


def all_ids(context: SearchContext) -> Int64Ids:
    """The images of the library."""
    with context.catalog.reading() as reader:
        return reader.find_ids()


def _concept_ids(context: SearchContext, name: str) -> Int64Ids:
    """The images that a concept finds LIKELY; its good examples decide where nothing can be judged."""
    probe = context.probe_maker.make_concept_probe(name)
    ranking = context.snapshot.views[SUBJECT].search(probe.query, limit=EVERYTHING, allowed=None)
    calibration = context.judge.calibrate_probe(probe)
    if calibration is None:
        good = context.features.load_concept(name).good
        ranks = ranking.rank_of(np.array(good, np.int64))
        return np.sort(ranking.ids[: int(ranks.max(initial=0))])
    return np.sort(ranking.ids[calibration.band_levels(ranking.scores) >= BANDS.index(LIKELY)])


def _narrowed_ids(context: SearchContext) -> Int64Ids | None:
    """The images that may have the labels of the query's pictures, or None where those tell nothing.

    Nothing is narrowed where another part is wanted: what words find need not look like a picture.
    """
    wanted_parts = [part for part in context.query.single_parts if part.weight > 0]
    pictures = [part for part in wanted_parts if isinstance(part, Picture | StoredPicture)]
    is_asked = context.options.narrow and context.settings.predicted_labels
    if not (is_asked and pictures and len(pictures) == len(wanted_parts)):
        return None
    predictions = [context.features.load_predictions(picture) for picture in pictures]
    label_sets = [select_likely_labels(facts[LABEL], facts[CATEGORY]) for facts in predictions]
    if not all(label_sets):
        return None
    with context.catalog.reading() as reader:
        return reader.load_labels().find_candidates(
            sorted({label for labels in label_sets for label in labels})
        )
