"""What the engine answers becomes the shapes that programs get, from the command and the API alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from .. import catalog
from ..errors import InvalidQuery
from ..query.json_form import query_to_json
from ..query.language import format_query
from ..query.readings import Ambiguity, Reading, Understood
from ..query.rewording import Rewording, quote_words, replace_words
from ..query.unfinished import Completion
from ..query.values import Examples, Query, Region
from ..ranking.groups import Group
from ..ranking.heat import HeatMap
from ..ranking.relations import Relation
from ..search.explanations import Explanation, MeaningMatch
from ..search.hits import Contribution, Hit, NewHits, Results, SavedNews
from ..search.remainders import Remainder
from ..soundness import Status
from . import models
from .addresses import NO_SERVER, PictureAddresses
from .query import Query as QueryModel

Permalinks: TypeAlias = Callable[[Query], str | None]
LineWriter: TypeAlias = Callable[[Query], str]

DECIMALS: Final = 5  # of the numbers in an explanation
VECTOR_DECIMALS: Final = 7  # float16 holds no more
MAX_MEMBERS: Final = 100  # of a group, that a hit lists


def _no_permalink(_query: Query) -> None:
    """Without a server no search has an address."""


def json_values(model: BaseModel) -> Any:
    """The shape as JSON values; in a query, what stands at its default is left out."""
    # Nothing but the shapes of a query has defaults.
    return model.model_dump(mode="json", exclude_defaults=True)


def present_results(
    results: Results,
    query: Query,
    addresses: PictureAddresses = NO_SERVER,
    *,
    next_address: str | None = None,
    find_permalink: Permalinks = _no_permalink,
    write_line: LineWriter = format_query,
    with_timings: bool = False,
) -> models.Results:
    """One page of hits, with the query in the forms in which it can be asked again.

    `find_permalink` gives the address of the search page with the hits of a query; `write_line`: that of the
    library, where lines are read as sentences.
    """
    line, query_model = _query_forms(query, write_line)
    reading = query.reading or Reading("", "")
    return models.Results(
        hits=[present_hit(hit, addresses, line) for hit in results.hits],
        total=results.total,
        weaker=results.weaker,
        notes=list(results.notes),
        unknown_words=list(results.unknown_words),
        did_you_mean=[
            _present_rewording(meant, query, find_permalink, write_line) for meant in results.did_you_mean
        ],
        remainders=[
            _present_remainder(left, query, find_permalink, write_line) for left in results.remainders
        ],
        cursor=results.next_cursor,
        previous_cursor=results.previous_cursor,
        next=next_address,
        query=query_model,
        understood=[_present_understood(reading, phrase) for phrase in reading.understood],
        ambiguous=[_present_ambiguity(reading, phrase) for phrase in reading.ambiguous],
        line=line,
        permalink=find_permalink(query),
        timings=dict(results.timings) if with_timings else None,
    )


def _present_understood(reading: Reading, phrase: Understood) -> models.UnderstoodPhrase:
    return models.UnderstoodPhrase(
        **asdict(phrase), without=reading.line_without(phrase), as_words=reading.line_quoting(phrase)
    )


def _present_ambiguity(reading: Reading, phrase: Ambiguity) -> models.AmbiguousPhrase:
    readings = [
        models.PossibleReading(term=term, line=reading.line_with(phrase, term)) for term in phrase.terms
    ]
    return models.AmbiguousPhrase(text=phrase.text, start=phrase.start, end=phrase.end, readings=readings)


def present_reading(query: Query, line: str) -> models.Reading:
    """What a line was read as."""
    reading = query.reading or Reading(line, line)
    return models.Reading(
        line=line,
        meant=reading.meant,
        query=QueryModel.model_validate(query_to_json(query)),
        understood=[_present_understood(reading, phrase) for phrase in reading.understood],
        ambiguous=[_present_ambiguity(reading, phrase) for phrase in reading.ambiguous],
    )


def _present_rewording(
    rewording: Rewording, query: Query, find_permalink: Permalinks, write_line: LineWriter
) -> models.Rewording:
    reworded = replace_words(query, rewording.words)
    literal = quote_words(query, rewording.words) if rewording.is_used else None
    return models.Rewording(
        words=dict(rewording.words),
        is_sure=rewording.is_sure,
        line=_find_line(reworded, write_line),
        permalink=find_permalink(reworded),
        is_used=rewording.is_used,
        literal=None if literal is None else _find_line(literal, write_line),
        literal_permalink=None if literal is None else find_permalink(literal),
    )


def _present_remainder(
    remainder: Remainder, query: Query, find_permalink: Permalinks, write_line: LineWriter
) -> models.Remainder:
    piece, other = remainder.find_query(query)
    return models.Remainder(
        piece=piece,
        number=remainder.piece,
        is_alone=remainder.is_alone,
        total=remainder.total,
        line=_find_line(other, write_line),
        permalink=find_permalink(other),
    )


def _find_line(query: Query, write_line: LineWriter) -> str | None:
    """The query as a line; None for one that holds a picture which no text can name."""
    try:
        return write_line(query)
    except InvalidQuery:
        return None


def _query_forms(query: Query, write_line: LineWriter) -> tuple[str | None, QueryModel | None]:
    """The query as a line and as JSON; None for one that holds a picture which no text can name."""
    try:
        return write_line(query), QueryModel.model_validate(query_to_json(query))
    except InvalidQuery:
        return None, None


def present_hit(hit: Hit, addresses: PictureAddresses = NO_SERVER, line: str | None = None) -> models.Hit:
    """One hit: its image, and what each signal gave to its score. `line`: the query that found it."""
    return models.Hit(
        **_summary_fields(hit.image, addresses),
        rank=hit.rank,
        score=hit.score,
        band=hit.band,
        group=None if hit.group is None else _present_group(hit, hit.group, addresses, line),
        box=_list_box(hit.box),
        relation=None if hit.relation is None else _present_relation(hit.relation),
        contributions=[_present_contribution(contribution, hit.score) for contribution in hit.contributions],
    )


def _present_relation(relation: Relation) -> models.Relation:
    return models.Relation(
        name=relation.name,
        part=relation.part,
        of_query=relation.of_query,
        of_image=relation.of_image,
        query_outline=list(relation.query_outline),
        image_outline=list(relation.image_outline),
    )


def _present_group(hit: Hit, group: Group, addresses: PictureAddresses, line: str | None) -> models.Group:
    is_path = group.name.startswith("/")
    return models.Group(
        name=addresses.path(group.name) if is_path else group.name,
        count=group.count,
        members=list(group.members[:MAX_MEMBERS]),
        more=max(0, len(group.members) - MAX_MEMBERS),
        line=None if line is None else f"{line} group-of:{hit.id}".lstrip(),
    )


def present_new_hits(
    news: NewHits, addresses: PictureAddresses = NO_SERVER, *, next_address: str | None = None
) -> models.NewHits:
    """One page of the new hits of a saved search."""
    hits = [present_hit(hit, addresses) for hit in news.hits]
    return models.NewHits(hits=hits, total=news.total, newest=news.newest, next=next_address)


def present_saved_search(news: SavedNews, permalink: str | None = None) -> models.SavedSearch:
    """A saved search, and how many of its hits are new."""
    saved = news.saved
    return models.SavedSearch(
        name=saved.name,
        line=saved.line,
        created_at=_add_zone(saved.created_at),
        looked_at=saved.looked_at and _add_zone(saved.looked_at),
        seen_image=saved.seen_image,
        new=news.new,
        problem=news.problem or None,
        permalink=permalink,
    )


def present_key(key: catalog.ApiKey) -> models.ApiKey:
    """A key of the API, without its secret."""
    return models.ApiKey(
        name=key.name,
        prefix=key.prefix,
        scopes=list(key.scopes),
        sees=key.restriction.text if key.restriction else None,
        created_at=_add_zone(key.created_at),
        last_used_at=key.last_used_at and _add_zone(key.last_used_at),
        revoked_at=key.revoked_at and _add_zone(key.revoked_at),
    )


def present_person(person: catalog.Person) -> models.Person:
    """Who may sign in, without the password."""
    return models.Person(
        name=person.name,
        scopes=list(person.scopes),
        sees=person.restriction.text if person.restriction else None,
        created_at=_add_zone(person.created_at),
        last_used_at=person.last_used_at and _add_zone(person.last_used_at),
    )


def present_deed(deed: catalog.Deed) -> models.Deed:
    """Who did what."""
    return models.Deed(done_at=_add_zone(deed.done_at), who=deed.who, what=deed.what, about=deed.about)


def present_concept(name: str, examples: Examples) -> models.SavedConcept:
    """A concept with its examples."""
    return models.SavedConcept(name=name, good=list(examples.good), bad=list(examples.bad))


def _present_contribution(contribution: Contribution, score: float) -> models.Contribution:
    share = contribution.amount / score if score else 0.0
    values = asdict(contribution) | {"box": _list_box(contribution.box)}
    return models.Contribution(**values, share=share)


def _list_box(box: Region | None) -> list[float] | None:
    """Left, top, width and height; None for none."""
    return None if box is None else [box.left, box.top, box.width, box.height]


def present_summary(image: catalog.Image, addresses: PictureAddresses = NO_SERVER) -> models.ImageSummary:
    """One image in short."""
    return models.ImageSummary(**_summary_fields(image, addresses))


def _summary_fields(image: catalog.Image, addresses: PictureAddresses) -> dict[str, Any]:
    return {
        "id": image.id,
        "path": addresses.path(image.path),
        "page": image.page,
        "title": image.title,
        "caption": image.caption,
        "tags": list(image.tags),
        "labels": list(image.labels),
        "width": image.width,
        "height": image.height,
        "taken_at": image.taken_with_zone,
        "missing": image.is_missing,
        "thumbnail": addresses.thumbnail(image.id),
    }


def present_image(image: catalog.Image, addresses: PictureAddresses = NO_SERVER) -> models.Image:
    """All that is known about one image."""
    return models.Image(
        **_summary_fields(image, addresses),
        sha256=image.sha256,
        perceptual_hash=f"{image.perceptual_hash % 2**64:016x}",
        format=image.format,
        bytes=image.bytes,
        added_at=_add_zone(image.added_at),
        preview=addresses.preview(image.id),
        predicted=[_present_predicted_label(image, label) for label in image.predictions],
        locations=[_present_location(location, addresses) for location in image.locations],
        annotations=[models.Annotation(**asdict(annotation)) for annotation in image.annotations],
    )


def _present_predicted_label(image: catalog.Image, label: catalog.Annotation) -> models.PredictedLabel:
    return models.PredictedLabel(
        name=label.label_names[0],
        synonyms=list(label.label_names[1:]),
        definition=image.label_definition(label),
        is_category=label.field == catalog.CATEGORY,
        confidence=label.confidence,
    )


def _present_location(location: catalog.Location, addresses: PictureAddresses) -> models.Location:
    return models.Location(
        path=addresses.path(location.display),
        page=location.page,
        bytes=location.size,
        sha256=location.sha256,
        written_at=location.written_at,
        depth=location.depth,
        missing_since=location.missing_since and _add_zone(location.missing_since),
    )


def _add_zone(time: datetime) -> datetime:
    """The catalog keeps what Pictor itself notes in UTC, without a time zone."""
    return time.replace(tzinfo=UTC)


def present_explanation(
    explanation: Explanation, addresses: PictureAddresses = NO_SERVER
) -> models.Explanation:
    """Why one image is in an answer."""
    return models.Explanation(
        hit=present_hit(explanation.hit, addresses),
        words=[
            models.WordMatch(**asdict(match) | {"words": list(match.words)}) for match in explanation.words
        ],
        predictions=[
            models.PredictionMatch(
                name=match.name,
                confidence=match.confidence,
                kinds=[models.NamedConfidence(name=name, confidence=sure) for name, sure in match.kinds],
            )
            for match in explanation.predictions
        ],
        heat=[
            models.Heat(
                part=heat.part,
                cosine=round(heat.image.total, DECIMALS),
                query=_present_heat_map(heat.query),
                image=_present_heat_map(heat.image),
            )
            for heat in explanation.heat
        ],
        points=[
            models.Points(
                part=points.part,
                inliers=points.match.inliers,
                relation=_present_relation(points.relation),
                transform=_rounded_rows(points.match.transform),
                points=_rounded_rows(points.match.points),
            )
            for points in explanation.points
        ],
        meaning=[_present_meaning(match) for match in explanation.meaning],
    )


def _present_meaning(match: MeaningMatch) -> models.Meaning:
    classes = [
        models.MeaningClass(
            name=shared.name, text=round(shared.text, DECIMALS), image=round(shared.image, DECIMALS)
        )
        for shared in match.classes
    ]
    return models.Meaning(part=match.part, classes=classes, captioned=list(match.captioned))


def _present_heat_map(heat_map: HeatMap) -> models.HeatMap:
    frame = heat_map.frame
    sides = (frame.left, frame.top, frame.width, frame.height)
    return models.HeatMap(
        cells=_rounded_rows(heat_map.cells),
        frame=[round(side, DECIMALS) for side in sides],
        summary=heat_map.describe_location(),
    )


def _rounded_rows(values: npt.NDArray[np.floating]) -> list[list[float]]:
    rows: list[list[float]] = np.asarray(values, np.float64).round(DECIMALS).tolist()
    return rows


def present_facets(
    facets: Mapping[str, catalog.Facet], addresses: PictureAddresses = NO_SERVER
) -> models.Facets:
    """Values with their counts, by facet."""
    shown = {name: _present_facet(facet) for name, facet in facets.items()}
    paths = shown["subfolder"]
    values = [value.model_copy(update={"value": addresses.folder(value.value)}) for value in paths.values]
    return models.Facets(shown | {"subfolder": paths.model_copy(update={"values": values})})


def _present_facet(facet: catalog.Facet) -> models.Facet:
    values = [models.FacetValue(value=value, count=count) for value, count in facet.counts]
    return models.Facet(values=values, more=facet.more)


def present_completions(completions: Iterable[Completion]) -> models.Completions:
    """How an unfinished line may go on."""
    return models.Completions([models.Completion(**asdict(completion)) for completion in completions])


def present_vector(space: catalog.Space, vector: npt.NDArray[np.floating]) -> models.Vector:
    """A feature in one space."""
    values: list[float] = vector.astype(np.float64).round(VECTOR_DECIMALS).tolist()
    return models.Vector(
        space=space.descriptor, fingerprint=space.fingerprint, dimension=space.dimension, values=values
    )


def present_status(status: Status, signals: Iterable[str]) -> models.Status:
    """What a library holds; `signals` are those that it ranks by."""
    spaces = [
        models.Space(
            descriptor=space.descriptor,
            fingerprint=space.fingerprint,
            dimension=space.dimension,
            state=space.state,
        )
        for space in status.spaces
    ]
    return models.Status(
        images=status.images,
        newest=status.newest,
        locations=status.locations,
        missing=status.missing,
        problems=status.problems,
        signals=list(signals),
        spaces=spaces,
        meaning=status.meaning,
        damages=list(status.damages),
    )
