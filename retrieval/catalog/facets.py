"""Facets: how many images have each value of a filter, such as a tag or a year; counted in SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import nsmallest
from pathlib import PurePosixPath
from posixpath import commonpath
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    distinct,
    func,
    or_,
    select,
)

from .filters import CAMERA, ORIENTATION, PERSON, SHAPE, captioned_ids, taken_part
from .records import CATEGORY, LABEL, PLACE, PREDICTED_FIELDS, PREDICTED_SOURCE, Facet
from .schema import AnnotationRow, ImageRow, LocationRow

MAX_VALUES = 50  # values that one facet lists
CHUNK = 20_000  # ids in one statement: at most some 400 kB of SQL; SQLite accepts a million bytes

Among = Callable[[Any], ColumnElement[bool]]  # condition: a column of image ids holds one of those to count
Grouped = Select[Any, int, int]  # columns: value, number of images, first row
Counts = Mapping[str, tuple[int, int]]  # by value: number of images, and the id of the first row with it


def count_facets(
    connection: Connection,
    ids: Iterable[int] | None = None,
    *,
    confidence: float = 0.5,
    predicted: bool = True,
) -> dict[str, Facet]:
    """Count the images with these distinct ids, or all images, by each of the FACETS.

    A count is the number of these images that satisfy a filter on the value. The exception is `folder`: it is
    the name of the folder that a file lies in, not of a folder further up. `subfolder` counts by the folders
    directly below the deepest one that all files of these images lie in, with all that lies in them, at any
    depth; its values are paths from the root. `shows` counts labels under their
    first names: stated ones, and with `predicted` also labels and categories that are predicted with at least
    `confidence`. Of a category and a more specific one, or a label, that exactly the same images have, only
    the more specific one is listed. `year` is the year of `taken_at`, in four digits, and `month` its month,
    as 2019-05. `captioned` is yes or no. `place` counts names, not positions.
    The largest counts come first, equal ones in the order of their values, at most MAX_VALUES of them. Values
    that differ only in upper and lower case are counted as one, spelled as it was first stored.
    """
    chunks = _id_chunks(ids)
    counts = {name: _count_values(connection, grouped, chunks) for name, grouped in _GROUPED.items()}
    counts["subfolder"] = _count_subfolders(connection, chunks)
    counts["shows"] = _count_labels(connection, chunks, confidence if predicted else None)
    return spell_facets(connection, {name: select_largest(counts[name]) for name in FACETS})


def select_largest(counts: Counts) -> tuple[Counts, int]:
    """The MAX_VALUES largest, equal ones in the order of their values, and how many more there are."""
    order = nsmallest(MAX_VALUES, counts, key=lambda value: (-counts[value][0], value))
    return {value: counts[value] for value in order}, len(counts) - len(order)


def _id_chunks(ids: Iterable[int] | None) -> list[Among]:
    if ids is None:
        return [lambda column: column.is_not(None)]
    known = [int(image_id) for image_id in ids]
    return [partial(_is_among, known[start : start + CHUNK]) for start in range(0, len(known), CHUNK)]


def _is_among(ids: Sequence[int], column: Any) -> ColumnElement[bool]:
    # The ids are part of the SQL text, because a statement may hold more numbers than parameters.
    written: ColumnElement[bool] = column.in_(bindparam("ids", ids, expanding=True, literal_execute=True))
    return written


def _count_by_image(value: ColumnElement[Any], among: Among) -> Grouped:
    counted = select(value.label("facet"), func.count(), func.min(ImageRow.id))
    return counted.where(among(ImageRow.id), value.is_not(None)).group_by("facet")


def _count_by_fact(field: str, among: Among) -> Grouped:
    fact = AnnotationRow
    # Without the concatenation SQLite would scan the whole index on values, to use its order.
    value = (fact.folded + "").label("facet")
    counted = select(value, func.count(distinct(fact.image_id)), func.min(fact.id))
    stated = (fact.field == field, fact.source != PREDICTED_SOURCE, among(fact.image_id))
    return counted.where(*stated, fact.folded != "").group_by("facet")


def _count_by_folder(among: Among) -> Grouped:
    location, folder = LocationRow, func.rtrim(LocationRow.folder, "/")
    # Cutting every character but slashes from the end of the folder leaves the folders above it.
    above = func.rtrim(folder, func.replace(folder, "/", ""))
    name = func.substr(folder, func.length(above) + 1).label("facet")
    counted = select(name, func.count(distinct(location.image_id)), func.min(location.id))
    return counted.where(among(location.image_id), location.folder != "/").group_by("facet")


def _count_by_path(among: Among) -> Grouped:
    location = LocationRow
    counted = select(
        location.folder.label("facet"), func.count(distinct(location.image_id)), func.min(location.id)
    )
    return counted.where(among(location.image_id)).group_by("facet")


# The facets that count stated facts, with their fields.
STATED: Mapping[str, str] = {
    "tag": "tag",
    "label": "label",
    "camera": CAMERA,
    "person": PERSON,
    "place": PLACE,
}
PATH = "path"  # the whole folders of files, of which `subfolder` is made

_CAPTIONED = case((ImageRow.id.in_(captioned_ids()), "yes"), else_="no")
_GROUPED: Mapping[str, Callable[[Among], Grouped]] = {
    **{name: partial(_count_by_fact, field) for name, field in STATED.items()},
    "folder": _count_by_folder,
    "year": partial(_count_by_image, taken_part("year")),
    "month": partial(_count_by_image, taken_part("year") * 100 + taken_part("month")),
    "format": partial(_count_by_image, func.lower(ImageRow.format)),
    "orientation": partial(_count_by_image, ORIENTATION),
    "shape": partial(_count_by_image, SHAPE),
    "captioned": partial(_count_by_image, _CAPTIONED),
}
FACETS = (
    *("folder", "subfolder", "tag", "label", "shows", "year", "month", "format", "orientation", "shape"),
    *("camera", "person", "place", "captioned"),
)


def _count_values(
    connection: Connection, grouped: Callable[[Among], Grouped], chunks: Sequence[Among]
) -> Counts:
    summed: dict[str, tuple[int, int]] = {}
    for among in chunks:
        for value, images, row in connection.execute(grouped(among)):
            name = value if isinstance(value, str) else write_time(value)
            before, first = summed.get(name, (0, row))
            summed[name] = before + images, min(first, row)
    return summed


def write_time(number: int) -> str:
    """A year, as it is; or a month, which is a hundred times its year and its number."""
    return f"{number:04}" if number < 10_000 else f"{number // 100:04}-{number % 100:02}"


def _count_subfolders(connection: Connection, chunks: Sequence[Among]) -> Counts:
    """Counts by the folders directly below the one that holds all; an image counts once in each."""
    folders = _count_values(connection, _count_by_path, chunks)
    depth = len(list_components(commonpath(folders))) if folders else 0
    counts: dict[str, tuple[int, int]] = {}
    for folder, (images, row) in folders.items():
        if path := cut_path(folder, depth + 1):
            before, first = counts.get(path, (0, row))
            counts[path] = before + images, min(first, row)
    for path in _repeated_paths(connection, chunks, depth + 1):
        counts[path] = counts[path][0] - 1, counts[path][1]
    return counts


def list_components(folder: str) -> list[str]:
    """The names of a path, from the root."""
    return [name for name in folder.split("/") if name]


def cut_path(path: str, depth: int) -> str:
    """The first components of a path, from the root; "" where it has fewer."""
    names = list_components(path)
    return "/" + "/".join(names[:depth]) if len(names) >= depth else ""


def _repeated_paths(connection: Connection, chunks: Sequence[Among], depth: int) -> Iterator[str]:
    """Each path of this depth, once for each further folder in it that one image lies in."""
    location = LocationRow
    several = select(location.image_id).group_by(location.image_id)
    placed_twice = several.having(func.count(distinct(location.folder)) > 1)
    for among in chunks:
        query = select(location.image_id, location.folder).distinct()
        rows = connection.execute(query.where(among(location.image_id), location.image_id.in_(placed_twice)))
        cut = Counter((image_id, cut_path(folder, depth)) for image_id, folder in rows)
        for (_, path), times in cut.items():
            yield from [path] * (times - 1) if path else ()


Label = tuple[str, str, bool]  # the field, the folded text, and whether it is predicted


def _count_labels(connection: Connection, chunks: Sequence[Among], confidence: float | None) -> Counts:
    """Counts by the first name of each label. An image with several labels of one name counts once."""
    images: dict[Label, set[int]] = defaultdict(set)
    rows: dict[Label, int] = {}
    for among in chunks:
        for image_id, row, field, text, guessed in connection.execute(_select_labels(among, confidence)):
            key = field, text, bool(guessed)
            images[key].add(image_id)
            rows[key] = min(row, rows.get(key, row))
    named = _group_by_name(images)
    counts: dict[str, tuple[int, int]] = {}
    for label in list_telling({label: frozenset(ids) for label, ids in images.items()}, rows):
        name, row = label_names(label)[0], rows[label]
        count = len(set().union(*named[name]))
        counts[name] = (count, min(row, counts.get(name, (0, row))[1]))
    return counts


def list_telling(shown: Mapping[Label, Hashable], rows: Mapping[Label, int]) -> Iterator[Label]:
    """The labels, but no category that says of the same images what one before it says.

    `shown`: the images of each label, in a form that is equal for the same images; `rows`: their first rows.
    Labels come before categories, and the rows of one image hold the more specific categories before the
    others: so of a dog, a mammal and an animal that the same images show, the dog remains.
    """
    seen: set[Hashable] = set()
    for label in sorted(rows, key=lambda label: (label[0] == CATEGORY, rows[label])):
        if label[0] == LABEL or shown[label] not in seen:
            yield label
        seen.add(shown[label])


def _group_by_name(images: Mapping[Label, set[int]]) -> dict[str, list[set[int]]]:
    """By name: the sets of images of all labels with this name."""
    named: dict[str, list[set[int]]] = defaultdict(list)
    for label, ids in images.items():
        for name in label_names(label):
            named[name].append(ids)
    return named


def label_names(label: Label) -> list[str]:
    """The names that find a label, the usual one first."""
    _, text, is_predicted = label
    return [*text.split(", "), text] if is_predicted else [text]


def _select_labels(among: Among, confidence: float | None) -> Select[int, int, str, str, bool]:
    fact, is_stated = AnnotationRow, AnnotationRow.source != PREDICTED_SOURCE
    is_counted = is_stated if confidence is None else or_(is_stated, fact.confidence >= confidence)
    query = select(fact.image_id, fact.id, fact.field, fact.folded, fact.source == PREDICTED_SOURCE)
    return query.where(fact.field.in_(PREDICTED_FIELDS), is_counted, among(fact.image_id))


# From the values by their first rows: each row, and the value as it is spelled there.
Spelled = Callable[[Connection, Mapping[int, str]], Iterator[tuple[int, str]]]


def _stored_values(connection: Connection, rows: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    query = select(AnnotationRow.id, AnnotationRow.value, AnnotationRow.source)
    for row, value, source in connection.execute(query.where(AnnotationRow.id.in_(list(rows)))):
        yield row, value.split(", ")[0] if source == PREDICTED_SOURCE else value


def _folder_names(connection: Connection, rows: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    for row, display in _displayed_paths(connection, rows):
        yield row, PurePosixPath(display).parent.name


def _folder_paths(connection: Connection, rows: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    for row, display in _displayed_paths(connection, rows):
        yield row, cut_path(display, len(list_components(rows[row])))


def _displayed_paths(connection: Connection, rows: Iterable[int]) -> Iterator[tuple[int, str]]:
    query = select(LocationRow.id, LocationRow.display).where(LocationRow.id.in_(list(rows)))
    yield from ((row, display) for row, display in connection.execute(query))


_SPELLED: Mapping[str, Spelled] = {
    "folder": _folder_names,
    "subfolder": _folder_paths,
    "tag": _stored_values,
    "label": _stored_values,
    "shows": _stored_values,
    "camera": _stored_values,
    "person": _stored_values,
    "place": _stored_values,
}


def spell_facets(connection: Connection, counted: Mapping[str, tuple[Counts, int]]) -> dict[str, Facet]:
    """By facet: its values as they are spelled in their first rows, and how many more there are."""
    return {
        name: _make_facet(connection, counts, more, _SPELLED.get(name))
        for name, (counts, more) in counted.items()
    }


def _make_facet(connection: Connection, counts: Counts, more: int, spelled: Spelled | None) -> Facet:
    rows = {row: value for value, (_, row) in counts.items()}
    texts = dict(spelled(connection, rows)) if spelled and rows else {}
    return Facet(tuple((texts.get(row, value), images) for value, (images, row) in counts.items()), more)
