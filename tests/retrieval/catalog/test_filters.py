"""The SQL filter and a plain Python predicate agree on random rows, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import Annotation, Filters, InvalidQuery
from retrieval.catalog import Catalog
from retrieval.catalog.writer import Writer
from tests.databases import new_image

# Names that differ only in what SQL patterns, case folding or escaping could take for equal.
FOLDERS = ["a", "A", "b", "%", "_", "a_b", "axb", "A%", "\\", "a\\", "ü", "Ü", "ß", "SS", "a b", "'", "2019"]
NAMES = ["sea", "SEA", "s_a", "s%", "straße", "STRASSE", "old town", "Ü", "ü"]
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


@dataclass(frozen=True)
class Row:
    """One image as the predicate sees it."""

    folders: tuple[str, ...]  # of its paths
    tags: tuple[str, ...]
    labels: tuple[str, ...]
    titles: tuple[str, ...]  # which no filter may look at
    taken_at: datetime | None


def satisfies(row: Row, filters: Filters) -> bool:
    """What the docstring of Filters says, in plain Python."""
    tags, labels = set(map(str.casefold, row.tags)), set(map(str.casefold, row.labels))
    lies = {folder for folder in (*filters.folders, *filters.without_folders) if lies_in(row, folder)}
    return (
        (not filters.folders or bool(lies.intersection(filters.folders)))
        and not lies.intersection(filters.without_folders)
        and all(tag.casefold() in tags for tag in filters.tags)
        and not any(tag.casefold() in tags for tag in filters.without_tags)
        and (not filters.labels or any(label.casefold() in labels for label in filters.labels))
        and not any(label.casefold() in labels for label in filters.without_labels)
        and (filters.after is None or (row.taken_at is not None and row.taken_at.date() >= filters.after))
        and (filters.before is None or (row.taken_at is not None and row.taken_at.date() < filters.before))
    )


def lies_in(row: Row, folder: str) -> bool:
    asked = [each.casefold() for each in folder.strip("/").split("/")]
    return any(holds(path, asked, absolute=folder.startswith("/")) for path in row.folders)


def holds(path: str, asked: list[str], *, absolute: bool) -> bool:
    components = [each.casefold() for each in path.strip("/").split("/")]
    starts = [0] if absolute else range(len(components))
    return any(components[start : start + len(asked)] == asked for start in starts)


paths = st.lists(st.sampled_from(FOLDERS), min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))
# From the root, from anywhere, with a slash at the end.
asked_folders = st.builds(
    lambda names, before, after: before + "/".join(names) + after,
    st.lists(st.sampled_from(FOLDERS), min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "/"]),
)


def some(values: st.SearchStrategy[str], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, max_size=most, unique=True).map(tuple)


names = st.sampled_from(NAMES)
rows = st.builds(
    Row, some(paths, 3), some(names, 3), some(names, 3), some(names), st.none() | st.sampled_from(MOMENTS)
)


@st.composite
def filters(draw: st.DrawFn) -> Filters:
    """Few conditions at once, so that some rows satisfy them."""
    kinds = draw(st.sets(st.sampled_from(["folders", "tags", "labels", "dates"]), max_size=3))
    lists = {"folders": asked_folders, "tags": names, "labels": names}
    values: dict[str, object] = {}
    for kind in sorted(kinds - {"dates"}):
        prefix = draw(st.sampled_from(["", "", "without_"]))
        values[prefix + kind] = draw(some(lists[kind]))
        if draw(st.booleans()):
            values["without_" + kind] = draw(some(lists[kind]))
    if "dates" in kinds:
        first, last = sorted(draw(st.lists(st.sampled_from(DAYS), min_size=2, max_size=2, unique=True)))
        values |= draw(
            st.sampled_from([{"after": first}, {"before": last}, {"after": first, "before": last}])
        )
    return Filters(**values)  # type: ignore[arg-type]


class Undo(Exception):
    """Takes a transaction back."""


@contextmanager
def undone(catalog: Catalog) -> Iterator[Writer]:
    """A transaction that leaves no trace, so that every example starts with an empty catalog."""
    try:
        with catalog.writing() as writer:
            yield writer
            raise Undo
    except Undo:
        pass


def fill(writer: Writer, rows: list[Row]) -> dict[int, Row]:
    ids = writer.add_images([new_image(n, taken_at=row.taken_at) for n, row in enumerate(rows)])
    for image_id, row in zip(ids, rows, strict=True):
        for folder in row.folders:
            writer.place(f"{folder}/{image_id}.jpg".encode(), image_id, mtime=1, size=1)
        said = [("tag", each) for each in row.tags] + [("label", each) for each in row.labels]
        said += [("title", each) for each in row.titles]
        writer.annotate(image_id, "captions", [Annotation(*fact, "captions") for fact in said])
    return dict(zip(ids, rows, strict=True))


def agree(catalog: Catalog, rows: list[Row], asked: list[Filters]) -> None:
    with undone(catalog) as writer:
        stored = fill(writer, rows)
        for each in asked:
            expected = [image_id for image_id, row in stored.items() if satisfies(row, each)]
            assert writer.ids(each).tolist() == expected, each


many_rows, many_filters = st.lists(rows, min_size=1, max_size=8), st.lists(filters(), min_size=1, max_size=20)
# The catalog is empty again after every example, and so may be shared by them.
shared = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
@settings(shared, max_examples=100)
@given(many_rows, many_filters)
def test_sqlite_and_a_plain_predicate_agree(catalog: Catalog, rows: list[Row], asked: list[Filters]) -> None:
    agree(catalog, rows, asked)


@pytest.mark.parametrize("catalog_url", ["postgresql"], indirect=True)
@settings(shared, max_examples=25)
@given(many_rows, many_filters)
def test_postgresql_and_a_plain_predicate_agree(
    catalog: Catalog, rows: list[Row], asked: list[Filters]
) -> None:
    agree(catalog, rows, asked)


EXAMPLES = [
    Row(("/home/ann/2019/summer", "/backup"), ("Sea", "Boat"), ("ship",), (), datetime(2019, 7, 1)),
    Row(("/home/ann/2019_summer",), ("sea",), ("boat",), (), datetime(2020, 1, 1)),
    Row(("/2019/summer/raw",), (), (), ("sea",), None),
    Row((), ("100%",), (), (), None),
]


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (Filters(), [0, 1, 2, 3]),
        (Filters(folders=("2019/summer",)), [0, 2]),
        (Filters(folders=("/2019/summer",)), [2]),
        (Filters(folders=("2019_summer",)), [1]),
        (Filters(folders=("SUMMER/", "backup")), [0, 2]),
        (Filters(folders=("/",)), [0, 1, 2]),
        (Filters(folders=("sum", "9/s", "ann/summer")), []),
        (Filters(without_folders=("2019",)), [1, 3]),
        (Filters(tags=("SEA",)), [0, 1]),
        (Filters(tags=("sea", "boat")), [0]),
        (Filters(without_tags=("boat", "100%")), [1, 2]),
        (Filters(tags=("100_",)), []),
        (Filters(labels=("ship", "boat")), [0, 1]),
        (Filters(tags=("sea",), without_labels=("SHIP",)), [1]),
        (Filters(after=date(2019, 7, 1)), [0, 1]),
        (Filters(before=date(2020, 1, 1)), [0]),
        (Filters(after=date(2019, 7, 2), before=date(2020, 1, 1)), []),
    ],
)
def test_filters_worked_by_hand(catalog: Catalog, asked: Filters, numbers: list[int]) -> None:
    with undone(catalog) as writer:
        ids = list(fill(writer, EXAMPLES))
        assert writer.ids(asked).tolist() == [ids[number] for number in numbers]


HOSTILE = ["\ud800", "caf\udce9", "a\0b", "\U0010ffff", "x" * 100_000, "'; DROP TABLE image; --"]


@pytest.mark.parametrize("field", ["folders", "tags", "labels"])
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value[:8]))
def test_a_strange_value_finds_nothing_or_is_refused_as_an_invalid_query(
    catalog: Catalog, field: str, value: str
) -> None:
    assert found(catalog, field, (value,)) in ([], None)


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)  # PostgreSQL plans this for hours
@pytest.mark.parametrize("field", ["folders", "tags", "labels"])
def test_any_number_of_values_finds_nothing_or_is_refused_as_an_invalid_query(
    catalog: Catalog, field: str
) -> None:
    assert found(catalog, field, tuple(f"{number}" for number in range(2000))) in ([], None)


def found(catalog: Catalog, field: str, values: tuple[str, ...]) -> list[int] | None:
    """The ids of a catalog with one image that satisfy the filter; None where it is refused."""
    with undone(catalog) as writer:
        fill(writer, EXAMPLES[:1])
        try:
            return writer.ids(Filters(**{field: values})).tolist()  # type: ignore[arg-type]
        except InvalidQuery:
            return None
    raise AssertionError("not reached: the block returns")
