"""Facets: how many of some images have each value of what filters ask for, counted in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    case,
    cast,
    distinct,
    extract,
    func,
    or_,
    select,
)

from .filters import CAMERA, ORIENTATION, described
from .records import PREDICTED_SOURCE
from .schema import AnnotationRow, ImageRow, LocationRow

MOST = 50  # values of one facet that are listed
CHUNK = 20_000  # ids in one statement: some 400 kB at most, of the million that SQLite takes

Among = Callable[[Any], ColumnElement[bool]]  # whether a column of image ids holds one that is counted
Grouped = Select[Any, int, int]  # value, number of images, first row
Counts = Mapping[str, tuple[int, int]]  # by value: the images that have it, and the first row that says so


@dataclass(frozen=True, slots=True)
class Facet:
    """Values and the number of images that have each; `more` is the number of values that are not listed."""

    counts: tuple[tuple[str, int], ...]
    more: int


def facets(
    connection: Connection,
    ids: Iterable[int] | None = None,
    *,
    confidence: float = 0.5,
    predicted: bool = True,
) -> dict[str, Facet]:
    """Count the images with these distinct ids, or all there are, by each of the FACETS.

    As many of the images satisfy a filter on a value as its count says; but `folder` is the name of the
    folder that a file lies in, not of those above it. `shows` counts labels that are given, or predicted
    with at least `confidence`, under their first names; without `predicted` only given ones. `year` is
    that of `taken_at`, in four digits; `captioned` is yes or no.
    The largest counts come first, equal ones by value, at most MOST of them. Values that differ in letter
    case alone are one, spelled as it was first stored.
    """
    chunks = _chunks(ids)
    found = {name: _summed(connection, grouped, chunks) for name, grouped in _GROUPED.items()}
    found["shows"] = _shown(connection, chunks, confidence if predicted else None)
    return {name: _facet(connection, found[name], _SPELLED.get(name)) for name in FACETS}


def _chunks(ids: Iterable[int] | None) -> list[Among]:
    if ids is None:
        return [lambda column: column.is_not(None)]
    known = [int(each) for each in ids]
    return [partial(_is_one, known[start : start + CHUNK]) for start in range(0, len(known), CHUNK)]


def _is_one(ids: Sequence[int], column: Any) -> ColumnElement[bool]:
    # Written into the statement, which may hold more numbers than parameters.
    written: ColumnElement[bool] = column.in_(bindparam("ids", ids, expanding=True, literal_execute=True))
    return written


def _by_image(value: ColumnElement[Any], among: Among) -> Grouped:
    counted = select(value.label("facet"), func.count(), func.min(ImageRow.id))
    return counted.where(among(ImageRow.id), value.is_not(None)).group_by("facet")


def _by_fact(field: str, among: Among) -> Grouped:
    fact = AnnotationRow
    # Plain, it would tempt SQLite to walk the index on values, past all images, for the sake of its order.
    value = (fact.folded + "").label("facet")
    counted = select(value, func.count(distinct(fact.image_id)), func.min(fact.id))
    stated = (fact.field == field, fact.source != PREDICTED_SOURCE, among(fact.image_id))
    return counted.where(*stated).group_by("facet")


def _by_folder(among: Among) -> Grouped:
    place, folder = LocationRow, func.rtrim(LocationRow.folder, "/")
    # What is left of the folder when all signs but slashes are taken from its end, is what is above it.
    above = func.rtrim(folder, func.replace(folder, "/", ""))
    name = func.substr(folder, func.length(above) + 1).label("facet")
    counted = select(name, func.count(distinct(place.image_id)), func.min(place.id))
    return counted.where(among(place.image_id), place.folder != "/").group_by("facet")


_CAPTIONED = case((ImageRow.id.in_(described()), "yes"), else_="no")
_GROUPED: Mapping[str, Callable[[Among], Grouped]] = {
    "folder": _by_folder,
    "tag": partial(_by_fact, "tag"),
    "label": partial(_by_fact, "label"),
    "year": partial(_by_image, cast(extract("year", ImageRow.taken_at), Integer)),
    "format": partial(_by_image, func.lower(ImageRow.format)),
    "orientation": partial(_by_image, ORIENTATION),
    "camera": partial(_by_fact, CAMERA),
    "captioned": partial(_by_image, _CAPTIONED),
}
FACETS = ("folder", "tag", "label", "shows", "year", "format", "orientation", "camera", "captioned")


def _summed(connection: Connection, grouped: Callable[[Among], Grouped], chunks: Sequence[Among]) -> Counts:
    summed: dict[str, tuple[int, int]] = {}
    for among in chunks:
        for value, images, row in connection.execute(grouped(among)):
            name = value if isinstance(value, str) else f"{value:04}"  # a year
            before, first = summed.get(name, (0, row))
            summed[name] = before + images, min(first, row)
    return summed


Label = tuple[str, bool]  # folded, and whether it is predicted


def _shown(connection: Connection, chunks: Sequence[Among], confidence: float | None) -> Counts:
    """Each label's first name, with the images that have any label of this name, counted once."""
    images: dict[Label, set[int]] = defaultdict(set)
    rows: dict[str, int] = {}
    for among in chunks:
        for image_id, row, label, guessed in connection.execute(_labels(among, confidence)):
            images[label, bool(guessed)].add(image_id)
            name = _names(label, guessed)[0]
            rows[name] = min(row, rows.get(name, row))
    named = _by_name(images)
    return {name: (len(set().union(*named[name])), row) for name, row in rows.items()}


def _by_name(images: Mapping[Label, set[int]]) -> dict[str, list[set[int]]]:
    """The images of every label that can be asked for by a name."""
    named: dict[str, list[set[int]]] = defaultdict(list)
    for label, found in images.items():
        for name in _names(*label):
            named[name].append(found)
    return named


def _names(label: str, guessed: bool) -> list[str]:
    """What it can be asked for by, the usual name first."""
    return [*label.split(", "), label] if guessed else [label]


def _labels(among: Among, confidence: float | None) -> Select[int, int, str, bool]:
    fact, given = AnnotationRow, AnnotationRow.source != PREDICTED_SOURCE
    sure = given if confidence is None else or_(given, fact.confidence >= confidence)
    said = select(fact.image_id, fact.id, fact.folded, fact.source == PREDICTED_SOURCE)
    return said.where(fact.field == "label", sure, among(fact.image_id))


Spelled = Callable[[Connection, Iterable[int]], Iterator[tuple[int, str]]]


def _stated(connection: Connection, rows: Iterable[int]) -> Iterator[tuple[int, str]]:
    query = select(AnnotationRow.id, AnnotationRow.value, AnnotationRow.source)
    for row, value, source in connection.execute(query.where(AnnotationRow.id.in_(rows))):
        yield row, value.split(", ")[0] if source == PREDICTED_SOURCE else value


def _folders(connection: Connection, rows: Iterable[int]) -> Iterator[tuple[int, str]]:
    query = select(LocationRow.id, LocationRow.display).where(LocationRow.id.in_(rows))
    for row, display in connection.execute(query):
        yield row, PurePosixPath(display).parent.name


_SPELLED: Mapping[str, Spelled] = {
    "folder": _folders,
    "tag": _stated,
    "label": _stated,
    "shows": _stated,
    "camera": _stated,
}


def _facet(connection: Connection, counts: Counts, spelled: Spelled | None) -> Facet:
    order = sorted(counts, key=lambda value: (-counts[value][0], value))
    first = {value: counts[value] for value in order[:MOST]}
    texts = dict(spelled(connection, [row for _, row in first.values()])) if spelled else {}
    listed = tuple((texts.get(row, value), images) for value, (images, row) in first.items())
    return Facet(listed, len(order) - len(listed))
