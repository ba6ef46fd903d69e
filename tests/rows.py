"""Small random catalogs, with values that SQL could wrongly take for equal, and filters for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import update

from retrieval import PREDICTED_SOURCE, Annotation, Circle, Filters, Problem, Rectangle, Surroundings
from retrieval.catalog import WritableCatalog
from retrieval.catalog.schema import ImageRow
from retrieval.catalog.writer import Writer
from tests.databases import new_image
from tests.queries import join_conditions

FOLDERS = ["a", "A", "b", "%", "_", "a_b", "axb", "A%", "\\", "a\\", "ü", "Ü", "ß", "SS", "a b", "'", "2019"]
NAMES = ["sea", "SEA", "s_a", "s%", "straße", "STRASSE", "old town", "Ü", "ü", "%", ", "]
GUESSES = [
    "sea",
    "Sea, seaside",
    "seaside, sea",
    "s%, s_a",
    "Straße, old town",
    "town",
    "old",
    "ü, town, SEA",
]
KINDS = ["seaside, sea", "s%, s_a", "Town", "place, Sea", "thing"]  # the most specific first
ASKED = [*NAMES, "thing", "place", "seaside", "town", "Sea, seaside", "a, s", "sea,"]
CAMERAS = ["Canon EOS 5D", "canon eos 5d", "Canon EOS", "Kamera_1", "Kamera 1"]
POSITIONS = [  # two in Hanoi, two on both sides of the antimeridian, one near a pole
    *("21.02850, 105.85420", "21.10000, 105.80000", "-16.50000, 179.90000", "-16.60000, -179.95000"),
    *("89.90000, 10.00000", "0.00000, 180.00000"),
]
FACTS = [
    *(("lens", lens) for lens in ("EF 50mm", "EF 50mm f/1.8", "ef 50MM", "Kit%")),
    *(("creator", creator) for creator in ("Ann Lee", "ann lee", "Lee", "Ü")),
    *(("iso", iso) for iso in ("100", "200", "25600", "auto")),
    *(("aperture", aperture) for aperture in ("2.8", "11")),
    *(("exposure", exposure) for exposure in ("1/250", "1/60", "2", "0.004")),
    *(("focal", focal) for focal in ("50", "7.1")),
    *(("rating", rating) for rating in ("0", "3", "5")),
    *(("person", person) for person in ("Ann Lee", "Ann", "lee")),
    *(("place", place) for place in ("Hanoi", "Old Town", "old town", "town", "nowhere")),
    *(("place", position) for position in POSITIONS),
]
FILE_NAMES = ["1*", "?.JPG", "*5", "1?", "*.jp*", "2", "%"]
FORMATS = ["jpeg", "JPEG", "png", "tiff"]
MOMENTS = [
    datetime(2019, 12, 31, 23, 59, 59, 999999),
    datetime(2020, 1, 1),
    datetime(2020, 1, 1, 0, 0, 0, 1),
    datetime(2020, 6, 17, 12),
    datetime(987, 6, 5),
]
DAYS = [
    date(987, 6, 5),
    date(2019, 12, 31),
    date(2020, 1, 1),
    date(2020, 1, 2),
    date(2020, 6, 17),
    date(9999, 12, 31),
]
SIDES, AMOUNTS = [1, 2, 320, 639, 640, 641, 672], [0, 1, 2**31 - 1, 2**31, 2**62]
SURE = [0.0, 0.05, 0.4999, 0.5, 1.0]


@dataclass(frozen=True)
class Row:
    """One image as it is stored."""

    folders: tuple[str, ...] = ()  # of its paths
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    guesses: tuple[tuple[str, float], ...] = ()
    kinds: tuple[tuple[str, float], ...] = ()  # predicted categories, in the order of KINDS
    words: tuple[tuple[str, str], ...] = ()  # (field, value): titles and captions
    cameras: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()  # (field, value): other facts that cameras write
    taken_at: datetime | None = None
    added_at: datetime = datetime(2021, 1, 1)
    width: int = 640
    height: int = 480
    bytes: int = 1000
    format: str = "jpeg"
    troubled: bool = False  # its first path has a problem
    page: int = 1  # of its files


def tuples_of(values: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=most, unique=True).map(tuple)


paths = st.lists(st.sampled_from(FOLDERS), max_size=4).map(lambda names: "/" + "/".join(names))
guessed = st.dictionaries(st.sampled_from(GUESSES), st.sampled_from(SURE), max_size=3)
kinds = st.dictionaries(st.sampled_from(KINDS), st.sampled_from(SURE), max_size=4)
rows = st.builds(
    Row,
    folders=tuples_of(paths, 3),
    tags=tuples_of(st.sampled_from(NAMES), 3),
    labels=tuples_of(st.sampled_from([*NAMES, "seaside", "Sea, seaside"]), 3),
    guesses=guessed.map(lambda confidences: tuple(confidences.items())),
    kinds=kinds.map(lambda sure: tuple((kind, sure[kind]) for kind in KINDS if kind in sure)),
    words=tuples_of(st.tuples(st.sampled_from(["title", "caption", "text"]), st.sampled_from(NAMES))),
    cameras=tuples_of(st.sampled_from(CAMERAS), 1),
    facts=tuples_of(st.sampled_from(FACTS), 3),
    taken_at=st.none() | st.sampled_from(MOMENTS),
    added_at=st.sampled_from(MOMENTS),
    width=st.sampled_from(SIDES),
    height=st.sampled_from(SIDES),
    bytes=st.sampled_from(AMOUNTS),
    format=st.sampled_from(FORMATS),
    troubled=st.booleans(),
    page=st.sampled_from([1, 1, 2, 7]),
)
many_rows = st.lists(rows, min_size=1, max_size=8)

# From the root, from anywhere, with a slash at the end, with wildcards.
asked_folders = st.builds(
    lambda names, before, after: before + "/".join(names) + after,
    st.lists(st.sampled_from([*FOLDERS, "*", "?", "a*", "?b"]), min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "/"]),
)
ASKED_VALUES: dict[str, list[Any]] = {
    "tags": NAMES,
    "without_tags": NAMES,
    "labels": NAMES,
    "without_labels": NAMES,
    "shows": ASKED,
    "cameras": [*CAMERAS, "eos", "5D", "canon", "EOS 5", "1", "kamera_", "%"],
    "names": FILE_NAMES,
    "without_names": FILE_NAMES,
    "formats": [*FORMATS, "jpg", "Tif"],
    "orientations": ["landscape", "portrait", "square"],
    "lenses": ["EF 50mm", "50mm", "f/1.8", "kit%", "kit"],
    "creators": ["ann lee", "LEE", "ann", "ü", "%"],
    "missing": ["caption", "tag", "label", "date", "place", "person"],
    "shapes": ["landscape", "portrait", "square", "panorama"],
    "months": ["january", "6", "jun..dec", "november..february", "12"],
    "weekdays": ["wednesday", "tue", "saturday..monday", "friday", "wed..wed"],
    "days": ["01-01", "12-31", "12-31..01-01", "6-1..6-30", "02-29"],
    "places": ["hanoi", "TOWN", "old", "21.02850, 105.85420", "105.85420"],
    "persons": ["ann lee", "ANN", "lee", "e"],
    "near": [
        Circle(21.03, 105.85),
        Circle(21.03, 105.85, 1),
        Circle(-16.55, 180, 30),
        Circle(-16.55, -180, 8),
        Circle(90, 0, 12),
        Circle(0, -179.9, 20),
        Circle(0, 0, 20_000),
        Surroundings("hanoi"),
        Surroundings("Old Town", 100),
        Surroundings("town", 0.1),
    ],
    "within": [
        Rectangle(20, 105, 21.05, 106),
        Rectangle(-17, 179, -16, -179),
        Rectangle(-17, -180, -16, 180),
        Rectangle(89, -180, 90, 180),
        Rectangle(-1, -180, 1, -170),
        Rectangle(-90, 0, 90, 180),
    ],
}
LISTED: dict[str, st.SearchStrategy[Any]] = {
    "folders": asked_folders,
    "without_folders": asked_folders,
    **{name: st.sampled_from(values) for name, values in ASKED_VALUES.items()},
}
RANGES = {
    ("after", "before"): DAYS,
    ("added_after", "added_before"): DAYS,
    ("min_width", "max_width"): [0, *SIDES, 2**62],
    ("min_height", "max_height"): [0, *SIDES, 2**62],
    ("min_bytes", "max_bytes"): AMOUNTS,
    ("min_iso", "max_iso"): [0, 100, 150.5, 200, 25600],
    ("min_aperture", "max_aperture"): [1.4, 2.8, 5.6, 11],
    ("min_exposure", "max_exposure"): [0, 1 / 250, 1 / 60, 0.1, 2],
    ("min_focal", "max_focal"): [7, 7.1, 35, 50],
    ("min_rating", "max_rating"): [0, 1, 3, 5],
    ("min_page", "max_page"): [0, 1, 2, 6, 7],
}
CONDITIONS = [*LISTED, *(name for pair in RANGES for name in pair), "captioned", "problem"]


@st.composite
def filters(draw: st.DrawFn, most: int = 6) -> Filters:
    """Any combination of a few conditions; with few, some rows satisfy them all."""
    wanted = draw(st.sets(st.sampled_from(CONDITIONS), max_size=most))
    values: dict[str, Any] = {"confidence": draw(st.sampled_from(SURE))}
    for name in sorted(wanted & LISTED.keys()):
        values[name] = draw(tuples_of(LISTED[name]))
    for name in sorted(wanted & {"captioned", "problem"}):
        values[name] = draw(st.booleans())
    for (least, most_), bounds in RANGES.items():
        low, high = sorted(draw(st.lists(st.sampled_from(bounds), min_size=2, max_size=2, unique=True)))
        values |= {name: bound for name, bound in ((least, low), (most_, high)) if name in wanted}
    return Filters(**values)


trees = st.recursive(filters(most=2).filter(bool), join_conditions, max_leaves=6)


class Undo(Exception):
    """Raised to roll a transaction back."""


@contextmanager
def undone_writer(catalog: WritableCatalog) -> Iterator[Writer]:
    """A transaction that is rolled back at its end, so that every example starts with an empty catalog."""
    try:
        with catalog.writing() as writer:
            yield writer
            raise Undo
    except Undo:
        pass


def fill_catalog(writer: Writer, stored: Sequence[Row]) -> list[int]:
    """Store the rows; returns their image ids."""
    ids = writer.add_images([_new_row_image(number, row) for number, row in enumerate(stored)])
    for image_id, row in zip(ids, stored, strict=True):
        added = update(ImageRow).where(ImageRow.id == image_id).values(added_at=row.added_at)
        writer._connection.execute(added)
        for path in _row_paths(image_id, row):
            writer.add_location(path, image_id, mtime=1, size=1, page=row.page)
        said = [("tag", tag) for tag in row.tags] + [("label", label) for label in row.labels]
        writer.replace_annotations(
            image_id, "captions", [Annotation(*fact, "captions") for fact in (*said, *row.words)]
        )
        taken_with = [("camera", camera) for camera in row.cameras]
        writer.replace_annotations(
            image_id, "exif", [Annotation(*fact, "exif") for fact in (*taken_with, *row.facts)]
        )
    for path in troubled_paths(ids, stored):
        writer.report_problem(Problem(path, "broken", "as it happens"))
    return ids


def troubled_paths(ids: Sequence[int], stored: Sequence[Row]) -> set[bytes]:
    """The paths that have a problem."""
    first = [(_row_paths(image_id, row)[:1], row) for image_id, row in zip(ids, stored, strict=True)]
    return {path for paths, row in first if row.troubled for path in paths}


def known_names(rows: Sequence[Row]) -> dict[str, set[str]]:
    """All cameras, lenses, creators, places and persons of the rows, by field."""
    facts = [fact for row in rows for fact in (*(("camera", camera) for camera in row.cameras), *row.facts)]
    return {field: {value for name, value in facts if name == field} for field, _ in facts}


def _new_row_image(number: int, row: Row) -> Any:
    said = [Annotation("label", label, PREDICTED_SOURCE, sure) for label, sure in row.guesses]
    said += [Annotation("category", kind, PREDICTED_SOURCE, sure) for kind, sure in row.kinds]
    return replace(
        new_image(number, taken_at=row.taken_at),
        width=row.width,
        height=row.height,
        bytes=row.bytes,
        format=row.format,
        annotations=tuple(said),
    )


def _row_paths(image_id: int, row: Row) -> list[bytes]:
    return [f"{folder.rstrip('/')}/{image_id}.jpg".encode() for folder in row.folders]
