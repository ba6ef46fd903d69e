"""Orders other than by relevance: the same hits, sorted by what a plain sort in Python sorts them by."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from retrieval import Annotation, Hit, Image, Library, Sort, format_sort, parse_query, write_library
from retrieval.catalog import MAX_NAMED
from retrieval.catalog.schema import ImageRow
from retrieval.query.sort import RANDOM, USUAL_DIRECTIONS
from retrieval.ranking.arrays import Int64Vector
from retrieval.ranking.order import NO_VALUE, natural_key
from retrieval.search.sort_keys import SortKeys
from tests.databases import new_image
from tests.world import COUNT, World

QUERIES = (
    "",
    "tag:even",
    "(label:boat OR after:2020-06) -tag:third",
    "odd third",
    "odd dog weaker:yes",
    "image:7",
    "image:7 boat weaker:yes",
    "image:9 -image:4 weaker:yes group:scene diversity:0.5",
    "boat OR tag:third weaker:yes",
    "group:day",
    "odd group:day weaker:yes",
)
SORTS = [
    *(Sort(by, direction) for by in USUAL_DIRECTIONS for direction in ("up", "down")),
    Sort(RANDOM, seed=7),
]
VALUES: dict[str, Callable[[Image], Any]] = {
    "date": lambda image: image.taken_at,
    "added": lambda image: image.added_at,
    "name": lambda image: natural_key(image.path.rpartition("/")[2]),
    "size": lambda image: image.bytes,
}


def image_values(number: int) -> dict[str, Any]:
    """Dates that several images have, or none; sizes and times of adding that several have."""
    day = None if number % 7 == 0 else datetime(2020, 1 + number % 5, 5, 10, number % 3)
    return {"taken_at": day, "bytes": number * number % 11, "added_at": datetime(2021, 1, 1 + number % 9)}


@pytest.fixture(scope="module")
def varied(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sixty images with many dates, sizes and names."""
    path = tmp_path_factory.mktemp("varied") / "library"
    shutil.copytree(world.path, path)
    with write_library(path) as library, library.catalog.writing() as writer:
        for number in range(1, COUNT + 1):
            mine = update(ImageRow).where(ImageRow.id == number).values(**image_values(number))
            writer._connection.execute(mine)
            writer.add_location(
                f"/a/{'Img' if number % 2 else 'IMG'}_{number}.jpg".encode(), number, mtime=0, size=1
            )
    return path


@pytest.fixture(scope="module")
def library(varied: Path) -> Iterator[Library]:
    with Library.open(varied) as opened:
        yield opened


def ask(library: Library, line: str) -> list[Hit]:
    """All hits of a line."""
    return list(library.search(parse_query(line, limit=1000)).hits)


def sort_plainly(hits: list[Hit], sort: Sort) -> list[int]:
    """The ids: what is above the line, with a value, by value, by id."""
    value_of, sign = VALUES[sort.by], -1 if sort.is_falling else 1
    values = {hit.id: value_of(hit.image) for hit in hits}
    ranks = {value: rank for rank, value in enumerate(sorted({v for v in values.values() if v is not None}))}
    return [
        hit.id
        for hit in sorted(
            hits,
            key=lambda hit: (
                hit.band == "chance",
                values[hit.id] is None,
                sign * ranks.get(values[hit.id], 0),
                hit.id,
            ),
        )
    ]


@pytest.mark.parametrize("line", QUERIES)
def test_the_same_hits_come_in_every_order(library: Library, line: str) -> None:
    by_relevance = ask(library, line)
    assert len(by_relevance) > 4
    plain = {hit.id: replace(hit, rank=0) for hit in by_relevance}
    for sort in SORTS:
        hits = ask(library, f"{line} sort:{format_sort(sort)}")
        assert {
            hit.id: replace(hit, rank=0) for hit in hits
        } == plain  # with scores, bands, groups, contributions
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        bands = [hit.band == "chance" for hit in hits]
        assert bands == sorted(bands)
        if sort.by in VALUES:
            assert [hit.id for hit in hits] == sort_plainly(by_relevance, sort), format_sort(sort)


def test_shuffled_orders_differ_by_their_seeds_and_stay(library: Library) -> None:
    orders = [[hit.id for hit in ask(library, f"sort:random:{seed}")] for seed in (1, 2)]
    assert len({*map(tuple, orders), tuple(range(1, COUNT + 1))}) == 3
    even = [hit.id for hit in ask(library, "tag:even sort:random:1")]
    assert even == [image_id for image_id in orders[0] if image_id % 2 == 0]


@pytest.mark.parametrize(
    "line", ["sort:date", "odd sort:name-down weaker:yes", "image:7 sort:size group:scene"]
)
def test_pages_and_counts_follow_the_order(library: Library, line: str) -> None:
    query = parse_query(line, limit=1000)
    whole = library.search(query)
    joined = [
        hit
        for offset in range(0, whole.total, 9)
        for hit in library.search(replace(query, limit=9, offset=offset)).hits
    ]
    assert joined == list(whole.hits)
    by_relevance = replace(query, sort=Sort())
    assert library.count_facets(query) == library.count_facets(by_relevance)
    assert (whole.total, whole.weaker, whole.notes) == tuple(
        getattr(library.search(by_relevance), name) for name in ("total", "weaker", "notes")
    )


def order_of(values: Int64Vector) -> list[int]:
    """The same numbers for values that are ordered alike."""
    return np.unique(values, return_inverse=True)[1].tolist()  # type: ignore[no-any-return]


def test_the_order_follows_what_a_writer_changes(varied: Path, tmp_path: Path) -> None:
    """Also of more images than are asked for one by one, whose values are kept until something changes."""
    path = Path(shutil.copytree(varied, tmp_path / "library"))
    many = np.arange(1, MAX_NAMED + 2)
    with Library.open(path) as library, write_library(path) as writable:
        keys = SortKeys(library.catalog)
        before = keys.values_of(many, Sort("date"), library.snapshot().seq)
        assert before[55] == NO_VALUE
        names = keys.values_of(many, Sort("name"), library.snapshot().seq)
        assert names[:COUNT].tolist() == list(range(COUNT))
        assert ask(library, "sort:date")[0].id != 56
        with writable.catalog.writing() as writer:
            dated = update(ImageRow).where(ImageRow.id == 56).values(taken_at=datetime(2031, 1, 1))
            writer._connection.execute(dated)
            writer.replace_annotations(56, "u", [Annotation("tag", "found", "u")])
        assert ask(library, "sort:date")[0].id == 56
        after = keys.values_of(many, Sort("date"), library.snapshot().seq)
        assert (after.argmax(), after.max()) == (55, np.datetime64("2031-01-01", "us").astype(int))
        assert (after[COUNT:] == NO_VALUE).all()  # there are no such images
        with writable.catalog.writing() as writer:
            writer.add_location(b"/0/aaa.jpg", 9, mtime=0, size=1)
            writer.remove_images([1, 7])
            [added] = writer.add_images([new_image(99, taken_at=datetime(2032, 1, 1))])
        for sort in (Sort("date"), Sort("name"), Sort("size"), Sort("added")):
            seq = library.snapshot().seq
            found = keys.values_of(many, sort, seq)
            # What was followed change by change is what is loaded anew; the new image has no file, so no name.
            assert order_of(found) == order_of(SortKeys(library.catalog).values_of(many, sort, seq))
            assert [found[number - 1] == NO_VALUE for number in (1, 7, added)] == [
                True,
                True,
                sort.by == "name",
            ]


def test_names_of_several_files_and_of_pages(world: World, tmp_path: Path) -> None:
    path = Path(shutil.copytree(world.path, tmp_path / "library"))
    with write_library(path) as opened, opened.catalog.writing() as writer:
        for page in (3, 1, 2):
            writer.add_location(b"/a/pages.tif", 10 + page, mtime=0, size=1, page=page)
        writer.add_location(b"/0/zebra.jpg", 20, mtime=0, size=1)
        writer.forget_locations([b"/photos/2020/trip/30.jpg"])  # the folder of 30 is that of its number
        writer.forget_locations([b"/photos/2019/trip/30.jpg"])
    with Library.open(path) as library:
        ids = [hit.id for hit in ask(library, "sort:name")]
    assert ids[-4:] == [11, 12, 13, 20]
    assert 30 not in ids
    assert ids[:-4] == [number for number in range(1, COUNT + 1) if number not in (11, 12, 13, 20, 30)]
