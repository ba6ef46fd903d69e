"""Filters as SQL: the ids of the images that satisfy them, exactly.

Every condition on another table than that of the images is written `id IN (…)`: for a correlated EXISTS,
SQLite searches the index on values once for each image, and PostgreSQL does not hash a long NOT IN.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from ..query.areas import Rectangle
from ..query.checks import FORMAT_ENDINGS
from ..query.conditions import EXPOSURE, PIXELS_AND_BYTES, Filters
from ..query.ranges import parse_fraction
from ..query.recurrence import (
    MONTHS,
    WEEKDAYS,
    Cycle,
    list_cycle,
    parse_months,
    parse_weekdays,
    parse_year_days,
)
from .folding import fold_text
from .records import LABEL, PLACE, PREDICTED_FIELDS, PREDICTED_SOURCE
from .schema import AnnotationRow, ImageRow, LocationRow, ProblemRow

ESCAPE = "\\"
CAPTION = "caption"
DESCRIBING = ("title", CAPTION)  # fields that describe an image in words
CAMERA = "camera"  # the field with the name of the camera
PERSON = "person"
# Fields that are found by words of their values.
NAMED = {"cameras": CAMERA, "lenses": "lens", "creators": "creator", "places": PLACE}
PANORAMA, SQUARE = (2, 1), (21, 20)  # the sides, from which on and up to which it is one

ORIENTATION = case(
    (ImageRow.width > ImageRow.height, "landscape"),
    (ImageRow.width < ImageRow.height, "portrait"),
    else_="square",
)
_LONG = case((ImageRow.width > ImageRow.height, ImageRow.width), else_=ImageRow.height)
_SHORT = case((ImageRow.width > ImageRow.height, ImageRow.height), else_=ImageRow.width)
SHAPE = case(
    (_LONG * literal(PANORAMA[1], BigInteger) >= _SHORT * literal(PANORAMA[0], BigInteger), "panorama"),
    (_LONG * literal(SQUARE[1], BigInteger) <= _SHORT * literal(SQUARE[0], BigInteger), "square"),
    else_=ORIENTATION,
)
Condition = ColumnElement[bool]
Range = tuple[float | None, float | None]  # inclusive bounds; None for an open end
IdQuery = Select[Any]  # a query that gives image ids


def matching_ids(
    filters: Filters, numbers: Mapping[str, Sequence[str]], *, predicted: bool = True
) -> Select[int]:
    """Select the ids of the images that satisfy every condition except concepts and `near`, in any order: to
    have them in order, SQLite would read all rows rather than search an index.

    `numbers`: by the name of one of EXPOSURE, the texts of the catalog that lie in its range, as
    `numbers_in_range` chooses them. Without `predicted`, `shows` looks at stated labels only.
    """
    conditions = [*_all_conditions(filters, predicted), *_number_conditions(numbers)]
    return select(ImageRow.id).where(*conditions)


def ranges_asked(filters: Filters) -> dict[str, Range]:
    """The ranges of EXPOSURE that the filters ask for, by name."""
    ranges = {name: (getattr(filters, f"min_{name}"), getattr(filters, f"max_{name}")) for name in EXPOSURE}
    return {name: bounds for name, bounds in ranges.items() if bounds != (None, None)}


def known_values(field: str) -> Select[str]:
    """Select the different values of a field, folded; quick, however many images have them."""
    known = _distinct_facts(field)
    return select(known.c.value).where(known.c.value.is_not(None))


def numbers_in_range(texts: Iterable[str], bounds: Range) -> list[str]:
    """Those of the texts that are numbers within the bounds, as cameras write them: 1/250, 2.8."""
    return [text for text in texts if _is_in_range(text, *bounds)]


def _is_in_range(text: str, least: float | None, most: float | None) -> bool:
    try:
        number = parse_fraction(text)
    except ValueError:
        return False
    return (least is None or number >= least) and (most is None or number <= most)


def _number_conditions(numbers: Mapping[str, Sequence[str]]) -> Iterator[Condition]:
    for field, texts in numbers.items():
        yield _is_among(_stated_ids(AnnotationRow.field == field, AnnotationRow.folded.in_(texts)))


def folder_key(folder: str) -> str:
    """How a folder is stored and compared: lower case, a slash at both ends."""
    stripped = fold_text(folder.strip("/"))
    return f"/{stripped}/" if stripped else "/"


def captioned_ids() -> IdQuery:
    """The ids of images with a title or caption that was stated, not predicted."""
    return _stated_ids(AnnotationRow.field.in_(DESCRIBING))


def _all_conditions(filters: Filters, predicted: bool) -> Iterator[Condition]:
    yield from _location_conditions(filters)
    yield from _fact_conditions(filters)
    if filters.shows:
        yield _is_among(ids_showing(filters.shows, filters.confidence, predicted=predicted))
    yield from _day_conditions(ImageRow.taken_at, filters.after, filters.before)
    yield from _day_conditions(ImageRow.added_at, filters.added_after, filters.added_before)
    yield from _recurring_conditions(filters)
    yield from _file_conditions(filters)


def _is_among(ids: Any, *, is_included: bool = True) -> Condition:
    return ImageRow.id.in_(ids if is_included else select(ImageRow.id).except_(ids))


def _location_conditions(filters: Filters) -> Iterator[Condition]:
    if filters.folders:
        yield _is_among(_ids_in_folders(filters.folders))
    if filters.without_folders:
        yield _is_among(_ids_in_folders(filters.without_folders), is_included=False)
    if filters.names:
        yield _is_among(_ids_named(filters.names))
    if filters.without_names:
        yield _is_among(_ids_named(filters.without_names), is_included=False)
    if filters.min_page is not None or filters.max_page is not None:
        is_page = _size_conditions(LocationRow.page, filters.min_page, filters.max_page)
        yield _is_among(select(LocationRow.image_id).where(*is_page))
    if filters.problem is not None:
        troubled = select(LocationRow.image_id).where(LocationRow.path.in_(select(ProblemRow.path)))
        yield _is_among(troubled, is_included=filters.problem)


def _ids_in_folders(folders: Sequence[str]) -> IdQuery:
    """The patterns are compared with every folder once, not with every file."""
    known = _distinct_values(LocationRow.folder)
    patterns = [form for folder in folders for form in _stored_forms(_folder_pattern(folder))]
    matches = [known.c.value.like(pattern, escape=ESCAPE) for pattern in patterns]
    matching = select(known.c.value).where(or_(*matches))
    return select(LocationRow.image_id).where(LocationRow.folder.in_(matching))


def _ids_named(patterns: Sequence[str]) -> IdQuery:
    """Images with a file whose name, with or without its ending, fits a pattern with * and ?."""
    folder = func.rtrim(LocationRow.display, func.replace(LocationRow.display, "/", ""))
    name = func.lower(func.substr(LocationRow.display, func.length(folder) + 1))
    likes = [like for pattern in patterns for like in _name_patterns(pattern)]
    matches = [name.like(like + ending, escape=ESCAPE) for like in likes for ending in ("", ".%")]
    return select(LocationRow.image_id).where(or_(*matches))


def _name_patterns(pattern: str) -> set[str]:
    """The pattern for LIKE, in the spellings of names that are stored as they are on the disk.

    SQLite knows upper and lower case of the letters a to z only, so that others are tried in both.
    """
    like = _wildcard_like(unicodedata.normalize("NFC", pattern))
    cases = (like, like.lower(), like.upper(), like.capitalize(), like.title())
    forms = (form for text in cases for form in _stored_forms(text))
    return {re.sub("[A-Z]", lambda letter: letter[0].lower(), form) for form in forms}


def _stored_forms(text: str) -> tuple[str, ...]:
    """A text as it is stored; decomposed, too, as file systems and older versions of Pictor have it."""
    return tuple(dict.fromkeys(unicodedata.normalize(form, text) for form in ("NFC", "NFD")))


def _folder_pattern(folder: str) -> str:
    key = _wildcard_like(folder_key(folder))
    # An absolute folder is matched from the root, any other wherever its components stand.
    return f"{key}%" if folder.startswith("/") else f"%{key}%"


def _wildcard_like(pattern: str) -> str:
    """The pattern for LIKE of one in which * stands for any characters and ? for one."""
    return _escape_like(pattern).replace("*", "%").replace("?", "_")


def _escape_like(text: str) -> str:
    """The pattern with which LIKE matches exactly this text."""
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return text


def _fact_conditions(filters: Filters) -> Iterator[Condition]:
    for tag in filters.tags:
        yield _is_among(_ids_with_values("tag", (tag,)))
    if filters.labels:
        yield _is_among(_ids_with_values("label", filters.labels))
    for name, field in NAMED.items():
        if values := getattr(filters, name):
            yield _is_among(ids_named_in(field, values))
    for person in filters.persons:
        yield _is_among(ids_named_in(PERSON, (person,)))
    if filters.within:
        yield _is_among(_stated_ids(or_(*map(lies_within, filters.within))))
    for field, values in (("tag", filters.without_tags), ("label", filters.without_labels)):
        if values:
            yield _is_among(_ids_with_values(field, values), is_included=False)
    for name in filters.missing:
        yield _is_missing(name)
    if filters.captioned is not None:
        yield _is_among(captioned_ids(), is_included=filters.captioned)


def _is_missing(name: str) -> Condition:
    """Whether an image has no stated value of one of MISSABLE."""
    if name == "date":
        return ImageRow.taken_at.is_(None)
    stated = captioned_ids() if name == CAPTION else _stated_ids(AnnotationRow.field == name)
    return _is_among(stated, is_included=False)


def _stated_ids(*conditions: Condition) -> IdQuery:
    return select(AnnotationRow.image_id).where(*conditions, AnnotationRow.source != PREDICTED_SOURCE)


def _ids_with_values(field: str, values: Sequence[str]) -> IdQuery:
    folded = [form for value in values for form in _stored_forms(fold_text(value))]
    return _stated_ids(AnnotationRow.field == field, AnnotationRow.folded.in_(folded))


def lies_within(rectangle: Rectangle) -> Condition:
    """Whether a fact is a position in a rectangle."""
    latitude, longitude = AnnotationRow.latitude, AnnotationRow.longitude
    # Not BETWEEN: for that, SQLite does not use an index on what is not NULL.
    spans = [and_(longitude >= west, longitude <= east) for west, east in rectangle.longitudes]
    return and_(latitude >= rectangle.south, latitude <= rectangle.north, or_(*spans))


def ids_named_in(field: str, values: Sequence[str]) -> IdQuery:
    """The images of these cameras, lenses, creators, places or persons: of the one that has exactly this
    name, else of all that have it as words.

    So x100 finds Fujifilm X100, but not X100V, and a name from the list of cameras finds that camera alone.
    """
    known = _distinct_facts(field)
    words = literal(" ") + known.c.value + literal(" ")
    matches: list[Condition] = []
    for name in {" ".join(fold_text(value).split()) for value in values}:
        is_named = select(known.c.value).where(known.c.value == name).exists()
        has_words = words.like(f"% {_escape_like(name)} %", escape=ESCAPE)
        matches.append(or_(known.c.value == name, and_(has_words, ~is_named)))
    named = select(known.c.value).where(or_(*matches))
    return _stated_ids(AnnotationRow.field == field, AnnotationRow.folded.in_(named))


def ids_showing(labels: Sequence[str], confidence: float, *, predicted: bool) -> Any:
    """Select the ids of the images with one of these labels, stated, or predicted surely enough."""
    stated = _ids_with_values(LABEL, labels)
    names = [label.casefold() for label in labels]
    guessed = (
        select(AnnotationRow.image_id).where(
            AnnotationRow.field == field,
            AnnotationRow.folded.in_(_values_named(field, names)),
            AnnotationRow.source == PREDICTED_SOURCE,
            AnnotationRow.confidence >= confidence,
        )
        for field in PREDICTED_FIELDS
    )
    return union_all(stated, *guessed) if predicted else stated


def _values_named(field: str, names: Sequence[str]) -> Select[str]:
    """The values of a field that are one of these names, or list one of these among their own names."""
    known = _distinct_facts(field)
    parted = literal(", ") + known.c.value + literal(", ")
    single = [f"%, {_escape_like(name)}, %" for name in names if ", " not in name]
    matches = [parted.like(pattern, escape=ESCAPE) for pattern in single]
    return select(known.c.value).where(or_(known.c.value.in_(names), *matches))


def _distinct_facts(field: str) -> CTE:
    return _distinct_values(AnnotationRow.folded, AnnotationRow.field == field)


def _distinct_values(column: InstrumentedAttribute[str], *conditions: Condition) -> CTE:
    """The different values of a column, in the column `value`.

    A loose index scan: the index is searched once for every value, not for every row that has it.
    """
    known = select(func.min(column).label("value")).where(*conditions).cte(recursive=True)
    next_one = select(func.min(column)).where(*conditions, column > known.c.value).scalar_subquery()
    return known.union_all(select(next_one).where(known.c.value.is_not(None)))


def _day_conditions(
    moment: InstrumentedAttribute[Any], after: date | None, before: date | None
) -> Iterator[Condition]:
    if after:
        yield moment >= datetime.combine(after, time.min)
    if before:
        yield moment < datetime.combine(before, time.min)


def _recurring_conditions(filters: Filters) -> Iterator[Condition]:
    if filters.months:
        yield taken_part("month").in_(_list_numbers(map(parse_months, filters.months), len(MONTHS)))
    if filters.weekdays:
        numbers = _list_numbers(map(parse_weekdays, filters.weekdays), len(WEEKDAYS))
        yield taken_part("dow").in_([number % len(WEEKDAYS) for number in numbers])  # databases: Sunday is 0
    if filters.days:
        yield or_(*(_is_in_days(*parse_year_days(days)) for days in filters.days))


def taken_part(part: str) -> ColumnElement[int]:
    """A part of the date when an image was taken, as a whole number; NULL without a date."""
    # From the day alone: SQLite takes the weekday of 23:59:59.9999 from the day after.
    return cast(extract(part, func.date(ImageRow.taken_at)), Integer)


def _list_numbers(cycles: Iterable[Cycle], length: int) -> list[int]:
    return sorted({number for cycle in cycles for number in list_cycle(cycle, length)})


def _is_in_days(first: int, last: int) -> Condition:
    day = taken_part("month") * 100 + taken_part("day")
    return and_(day >= first, day <= last) if first <= last else or_(day >= first, day <= last)


def _file_conditions(filters: Filters) -> Iterator[Condition]:
    if filters.formats:
        names = [name.casefold() for name in filters.formats]
        yield func.lower(ImageRow.format).in_([FORMAT_ENDINGS.get(name, name) for name in names])
    if filters.orientations:
        yield ORIENTATION.in_(filters.orientations)
    if filters.shapes:
        yield SHAPE.in_(filters.shapes)
    for name in PIXELS_AND_BYTES:
        least, most = getattr(filters, f"min_{name}"), getattr(filters, f"max_{name}")
        yield from _size_conditions(getattr(ImageRow, name), least, most)


def _size_conditions(
    column: InstrumentedAttribute[Any], least: int | None, most: int | None
) -> Iterator[Condition]:
    # A bound may be larger than what the column's own type holds.
    if least is not None:
        yield column >= literal(least, BigInteger)
    if most is not None:
        yield column <= literal(most, BigInteger)
