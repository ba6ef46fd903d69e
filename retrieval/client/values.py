"""What a server answers becomes the values of the engine, as a Library on the same machine gives them.

Paths are those that the server shows, times of files are to the second, and the numbers of heat maps and of
points in common are rounded to five decimals.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from ..answers import duplicates as duplicate_models
from ..answers import edits as edit_models
from ..answers import models
from ..catalog import (
    Annotation,
    Edit,
    Facet,
    Image,
    KeptEdit,
    Location,
    Problem,
    SavedSearch,
    Space,
    Statement,
)
from ..errors import RetrievalError
from ..query.json_form import query_from_json
from ..query.readings import Ambiguity, Reading, Understood
from ..query.rewording import Rewording
from ..query.unfinished import Completion
from ..query.values import EDGE_TOLERANCE, MIN_REGION_SIDE, Query, Region
from ..ranking.arrays import Float32Vector
from ..ranking.duplicate_groups import DuplicateGroup, Duplicates
from ..ranking.groups import Group
from ..ranking.heat import HeatMap
from ..ranking.keep_rules import Copy, list_differences
from ..ranking.matches import WordMatch
from ..ranking.relations import Relation
from ..ranking.verdicts import Verdict
from ..ranking.verification import Match
from ..search.explanations import Explanation, Heat, MeaningClass, MeaningMatch, Points, PredictionMatch
from ..search.hits import Contribution, Hit, Results, SavedNews
from ..search.remainders import Remainder
from ..search.suggested_values import Suggestion
from . import problems

SECOND = 10**9  # nanoseconds


def read_image(model: models.Image) -> Image:
    """All that is known about one image."""
    digest = int(model.perceptual_hash, 16)
    return Image(
        id=model.id,
        sha256=model.sha256,
        perceptual_hash=digest - 2**64 if digest >= 2**63 else digest,
        width=model.width,
        height=model.height,
        format=model.format,
        bytes=model.bytes,
        taken_at=model.taken_at and model.taken_at.replace(tzinfo=None),
        added_at=_without_zone(model.added_at),
        locations=tuple(map(_read_location, model.locations)),
        annotations=tuple(Annotation(**dict(fact)) for fact in model.annotations),
    )


def _without_zone(time: datetime) -> datetime:
    """What Pictor itself notes is in UTC."""
    return time.astimezone(UTC).replace(tzinfo=None)


def _nanoseconds(time: datetime) -> int:
    return round(time.timestamp()) * SECOND


def _read_location(model: models.Location) -> Location:
    return Location(
        path=os.fsencode(model.path),
        mtime=_nanoseconds(model.written_at),
        size=model.bytes,
        missing_since=model.missing_since and _without_zone(model.missing_since),
        page=model.page,
        sha256=model.sha256,
        depth=model.depth,
    )


def read_results(
    model: models.Results, images: Mapping[int, Image], load_thumbnail: Callable[[int], bytes]
) -> Results:
    """One page of hits; those whose images were removed meanwhile are left out."""
    return Results(
        tuple(read_hit(hit, images[hit.id]) for hit in model.hits if hit.id in images),
        model.total,
        tuple(model.notes),
        model.weaker,
        tuple(model.unknown_words),
        tuple(Rewording(meant.words, meant.is_sure, meant.is_used) for meant in model.did_you_mean),
        tuple(Remainder(left.number, left.total, left.is_alone) for left in model.remainders),
        model.cursor,
        model.previous_cursor,
        model.timings or {},
        load_thumbnail,
    )


def read_error(problem: models.ProblemDetails) -> RetrievalError:
    """Why one of several queries could not be answered."""
    return problems.read_problem(problem.status, problem.model_dump_json().encode())


def read_hit(model: models.Hit, image: Image) -> Hit:
    """One hit with its image."""
    group = model.group
    return Hit(
        image,
        model.rank,
        model.score,
        tuple(map(_read_contribution, model.contributions)),
        model.band,
        None if group is None else Group(tuple(group.members), group.name, group.more),
        None if model.relation is None else _read_relation(model.relation),
    )


def _read_relation(model: models.Relation) -> Relation:
    return Relation(
        model.name,
        model.of_query,
        model.of_image,
        tuple(model.query_outline),
        tuple(model.image_outline),
        model.part,
    )


def _read_contribution(model: models.Contribution) -> Contribution:
    return Contribution(
        model.part,
        model.signal,
        model.rank,
        model.score,
        model.amount,
        calibrated=model.calibrated,
        box=Region(*model.box) if model.box else None,
    )


def read_explanation(model: models.Explanation, image: Image) -> Explanation:
    """Why one image is in an answer."""
    return Explanation(
        read_hit(model.hit, image),
        tuple(WordMatch(**dict(match) | {"words": tuple(match.words)}) for match in model.words),
        tuple(map(_read_prediction, model.predictions)),
        tuple(Heat(heat.part, _read_heat_map(heat.query), _read_heat_map(heat.image)) for heat in model.heat),
        tuple(map(_read_points, model.points)),
        tuple(map(_read_meaning, model.meaning)),
    )


def _read_prediction(model: models.PredictionMatch) -> PredictionMatch:
    kinds = tuple((kind.name, kind.confidence) for kind in model.kinds)
    return PredictionMatch(model.name, model.confidence, kinds)


def _read_heat_map(model: models.HeatMap) -> HeatMap:
    left, top, width, height = model.frame
    # Rounding may have moved the frame out of the picture by a little.
    width, height = min(width, 1 + EDGE_TOLERANCE / 2 - left), min(height, 1 + EDGE_TOLERANCE / 2 - top)
    frame = Region(left, top, max(width, MIN_REGION_SIDE), max(height, MIN_REGION_SIDE))
    return HeatMap(np.array(model.cells, np.float32), frame)


def _read_points(model: models.Points) -> Points:
    transform, points = np.array(model.transform, np.float64), np.array(model.points, np.float32)
    return Points(model.part, Match(model.inliers, transform, points))


def _read_meaning(model: models.Meaning) -> MeaningMatch:
    classes = tuple(MeaningClass(**dict(shared)) for shared in model.classes)
    return MeaningMatch(model.part, classes, tuple(model.captioned))


def read_vector(model: models.Vector) -> tuple[Space, Float32Vector]:
    """A feature, and what a server tells of its space: not its number, nor how it is configured."""
    space = Space(0, model.fingerprint, model.space, {}, model.dimension, "live")
    return space, np.array(model.values, np.float32)


def read_query(model: models.Reading) -> Query:
    """The query that a line says, with its reading."""
    understood = (Understood(each.start, each.end, each.text, each.term) for each in model.understood)
    ambiguous = (
        Ambiguity(each.start, each.end, each.text, tuple(one.term for one in each.readings))
        for each in model.ambiguous
    )
    query = query_from_json(model.query.model_dump(mode="json", exclude_defaults=True, by_alias=True))
    reading = Reading(model.line, model.meant, tuple(understood), tuple(ambiguous))
    return replace(query, reading=reading)


def read_facets(model: models.Facets) -> dict[str, Facet]:
    """Values with their counts, by facet."""
    return {
        name: Facet(tuple((value.value, value.count) for value in facet.values), facet.more)
        for name, facet in model.root.items()
    }


def read_completions(model: models.Completions) -> list[Completion]:
    """How an unfinished line may go on."""
    return [Completion(**dict(completion)) for completion in model.root]


def read_news(model: models.SavedSearch) -> SavedNews:
    """A saved search, and how many of its hits are new."""
    looked_at = model.looked_at and _without_zone(model.looked_at)
    created_at = _without_zone(model.created_at)
    saved = SavedSearch(model.name, model.line, created_at, model.seen_image, looked_at)
    return SavedNews(saved, model.new, model.problem or "")


def read_kept_edit(model: edit_models.Edit) -> KeptEdit | None:
    """An edit that can be taken back; None for one that changed nothing."""
    if model.id is None or model.made_at is None:
        return None
    said = model.said
    add, remove, unsay = (_read_pairs(pairs) for pairs in (said.add, said.remove, said.unsay))
    return KeptEdit(model.id, _without_zone(model.made_at), Edit(add, remove, unsay), model.images)


def _read_pairs(pairs: list[edit_models.FieldValue]) -> tuple[tuple[str, str], ...]:
    return tuple((pair.field, pair.value) for pair in pairs)


def read_statements(model: edit_models.Suggestions) -> tuple[Statement, ...]:
    """What a person says of an image: what is so first."""
    stated = (Statement(pair.field, pair.value) for pair in model.stated)
    rejected = (Statement(pair.field, pair.value, is_so=False) for pair in model.rejected)
    return (*stated, *rejected)


def read_suggestions(model: edit_models.Suggestions) -> tuple[Suggestion, ...]:
    """What may be so of an image."""
    return tuple(
        Suggestion(each.field, each.value, each.origin, each.confidence) for each in model.suggestions
    )


def read_duplicates(pages: list[duplicate_models.Duplicates]) -> Duplicates:
    """The groups of all pages of one tier."""
    groups = tuple(_read_group(group) for page in pages for group in page.groups)
    return Duplicates(groups, pages[-1].uncompared)


def _read_group(model: duplicate_models.DuplicateGroup) -> DuplicateGroup:
    copies = tuple(map(_read_copy, model.copies))
    kept = next(copy for copy, shown in zip(copies, model.copies, strict=True) if shown.keep)
    return DuplicateGroup(tuple(model.images), copies, kept, list_differences(copies))


def _read_copy(model: duplicate_models.Copy) -> Copy:
    return Copy(
        image_id=model.id,
        path=os.fsencode(model.path),
        display=model.path,
        sha256=model.sha256,
        width=model.width,
        height=model.height,
        format=model.format,
        bytes=model.bytes,
        taken_at=model.taken_at and model.taken_at.replace(tzinfo=None),
        mtime=_nanoseconds(model.written_at),
    )


def read_verdict(model: duplicate_models.Verdict) -> Verdict:
    """What somebody said about images."""
    return Verdict(model.id, model.kind, tuple(model.images))


def read_problem(model: models.Problem) -> Problem:
    """A file that could not be indexed."""
    return Problem(os.fsencode(model.path), model.code, model.reason, model.tries)
