"""Random trees of conditions against a brute-force search in plain Python: hits, totals and facets.

A library of 40 drawn rows, with values that SQL could wrongly take for equal, lies in SQLite and in
PostgreSQL, and a process asks each. Every tree is also written as a line and as JSON, and has to be read from
both as it was. The seed is fixed. What differs is printed on stderr. Conditions `concepts` are left out: they
need pictures.
--size N: N trees (default 10,000).
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from retrieval import (
    AllOf,
    AnyOf,
    Filters,
    Image,
    InvalidQuery,
    Library,
    Not,
    Query,
    Settings,
    format_query,
    parse_query,
    query_from_json,
    query_to_json,
    write_library,
)
from retrieval.query.conditions import Condition, find_confidence
from tests import rows
from tests.databases import Server, find_binaries, run_cluster
from tests.oracle import count_values, find_middles, satisfies_filters

SEED = 16
IMAGES = 40
PROGRESS = 250  # trees between two lines that say how far it is
LEAVES = 2000  # different Filters, of which trees are made
FAULTS = ("hits", "totals", "facets", "lines")
KINDS_OF_TREES = (AllOf, AnyOf, Not)


def measure(size: int | None = None) -> dict[str, Any]:
    """How many trees were tried, and on each database how many hits, totals and facets were others."""
    count = size or 10_000
    with run_cluster(find_binaries()) as url, ProcessPoolExecutor(2, get_context("spawn")) as processes:
        addresses = {"SQLite": "", "PostgreSQL": Server(url).create_database()}
        tried = processes.map(_try_trees, addresses.values(), [count] * 2)
        counts = dict(zip(addresses, tried, strict=True))
    figures = {
        f"{name}: {key}": number for name, figures in counts.items() for key, number in figures.items()
    }
    return {"figures": {"trees": count, "images": IMAGES} | figures}


def draw_trees(seeded: random.Random, count: int) -> list[Condition]:
    """So many trees, some of whose conditions are alike."""
    leaves = [_draw_filters(seeded) for _ in range(LEAVES)]
    return [_draw_tree(seeded, leaves) for _ in range(count)]


@dataclass(frozen=True)
class RowWorld:
    """A library of rows, and what an exhaustive search needs to know about it."""

    library: Library
    images: Mapping[int, Image]
    troubled: set[bytes]  # paths with a problem
    names: Mapping[str, set[str]]  # those of cameras, lenses, creators, places and persons
    satisfying: dict[Filters, set[int]] = field(default_factory=dict)  # what was found out already

    def satisfies(self, image_id: int, tree: Condition) -> bool:
        """Whether an image satisfies a tree; its Filters are compared with every image once."""
        if isinstance(tree, Filters):
            if tree not in self.satisfying:
                self.satisfying[tree] = self._search(tree)
            return image_id in self.satisfying[tree]
        every = [self.satisfies(image_id, member) for member in tree.conditions]
        if isinstance(tree, Not):
            return not every[0]
        return all(every) if isinstance(tree, AllOf) else any(every)

    def _search(self, filters: Filters) -> set[int]:
        middles = find_middles(filters, self.images.values(), self.names)
        facts = (self.troubled, self.names, middles or {})
        return {
            image_id for image_id, image in self.images.items() if satisfies_filters(image, filters, *facts)
        }


@contextmanager
def open_rows(path: Path, stored: Sequence[rows.Row], address: str = "") -> Iterator[RowWorld]:
    """A new library of these rows; `address` is that of its catalog on a server."""
    settings = Settings(catalog_url=address)
    with write_library(path, settings) as written, written.catalog.writing() as writer:
        ids = rows.fill_catalog(writer, stored)
    with Library.open(path, settings) as library:
        images = {image_id: library.load_image(image_id) for image_id in ids}
        yield RowWorld(library, images, rows.troubled_paths(ids, stored), rows.known_names(stored))


def draw_rows(seeded: random.Random, count: int) -> list[rows.Row]:
    """Images whose values are often alike, and often missing."""
    return [_draw_row(seeded) for _ in range(count)]


def _draw_row(seeded: random.Random) -> rows.Row:
    kinds = dict.fromkeys(_draw_some(seeded, rows.KINDS, 3))
    return rows.Row(
        folders=tuple(
            "/" + "/".join(_draw_some(seeded, rows.FOLDERS, 4)) for _ in range(seeded.randint(0, 2))
        ),
        tags=_draw_some(seeded, rows.NAMES, 3),
        labels=_draw_some(seeded, [*rows.NAMES, "seaside", "Sea, seaside"], 2),
        guesses=tuple((guess, seeded.choice(rows.SURE)) for guess in _draw_some(seeded, rows.GUESSES, 3)),
        kinds=tuple((kind, seeded.choice(rows.SURE)) for kind in rows.KINDS if kind in kinds),
        words=tuple(
            (field, seeded.choice(rows.NAMES)) for field in _draw_some(seeded, ["title", "caption"], 1)
        ),
        cameras=_draw_some(seeded, rows.CAMERAS, 1),
        facts=_draw_some(seeded, rows.FACTS, 8),
        taken_at=seeded.choice([None, *rows.MOMENTS]),
        added_at=seeded.choice(rows.MOMENTS),
        width=seeded.choice(rows.SIDES),
        height=seeded.choice(rows.SIDES),
        bytes=seeded.choice(rows.AMOUNTS),
        format=seeded.choice(rows.FORMATS),
        troubled=seeded.random() < 0.3,
        page=seeded.choice([1, 1, 1, 2, 7]),
    )


def _draw_some(seeded: random.Random, values: Sequence[Any], most: int) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(seeded.choice(values) for _ in range(seeded.randint(0, most))))


def _draw_tree(seeded: random.Random, leaves: Sequence[Filters], depth: int = 4) -> Condition:
    """A tree of these conditions, at most so deep."""
    if not depth or seeded.random() < 0.4:
        return seeded.choice(leaves)
    kind = seeded.choice(KINDS_OF_TREES)
    if kind is Not:
        return Not(_draw_tree(seeded, leaves, depth - 1))
    members = tuple(_draw_tree(seeded, leaves, depth - 1) for _ in range(seeded.randint(2, 3)))
    return AllOf(members) if kind is AllOf else AnyOf(members)


def _draw_filters(seeded: random.Random) -> Filters:
    """One or two conditions."""
    while True:
        values: dict[str, Any] = {}
        for name in seeded.sample(rows.CONDITIONS, seeded.randint(1, 2)):
            values[name] = _draw_value(seeded, name)
        if "shows" in values:
            values["confidence"] = seeded.choice(rows.SURE)
        try:
            return Filters(**values)
        except InvalidQuery:  # a range that is empty
            continue


def _draw_value(seeded: random.Random, name: str) -> Any:
    if name.endswith("folders"):
        names = [*rows.FOLDERS, "*", "?", "a*", "?b"]
        inner = "/".join(seeded.choice(names) for _ in range(seeded.randint(1, 2)))
        return (seeded.choice(["", "/"]) + inner,)
    if name in rows.ASKED_VALUES:
        return tuple(seeded.choice(rows.ASKED_VALUES[name]) for _ in range(seeded.randint(1, 2)))
    bounds: Any = next((bounds for ends, bounds in rows.RANGES.items() if name in ends), [True, False])
    return seeded.choice(bounds)


def _try_trees(address: str, count: int) -> dict[str, int]:
    """Counts of what differs on one database; "" stands for SQLite."""
    seeded = random.Random(SEED)
    stored, trees = draw_rows(seeded, IMAGES), draw_trees(seeded, count)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, open_rows(Path(folder), stored, address) as world:
        for number, tree in enumerate(trees, 1):
            found, faults = check_tree(world, tree)
            if number % PROGRESS == 0:
                print(f"{address or 'SQLite'}: {number} trees", file=sys.stderr, flush=True)
            counts["trees that find some but not all"] += 0 < found < IMAGES
            for fault in faults:
                print(f"{address or 'SQLite'}: {fault}: {tree}", file=sys.stderr, flush=True)
                counts[f"other {fault.partition(' ')[0]}"] += 1
    names = [f"other {name}" for name in FAULTS]
    return {name: counts[name] for name in (*names, "trees that find some but not all")}


def check_tree(world: RowWorld, tree: Condition) -> tuple[int, list[str]]:
    """How many images satisfy a tree by an exhaustive search, and what the library says differently."""
    faults = [] if _reads_back(tree) else ["lines"]
    query = Query(filters=tree, limit=IMAGES)
    if find_middles(tree, world.images.values(), world.names) is None:
        return 0, [*faults, *([] if _is_refused(world.library, query) else ["hits of an unknown place"])]
    expected = [image_id for image_id in world.images if world.satisfies(image_id, tree)]
    results = world.library.search(query)
    if results.ids != expected:
        faults.append(f"hits {results.ids} in place of {expected}")
    if results.total != len(expected):
        faults.append(f"totals {results.total} in place of {len(expected)}")
    return len(expected), [*faults, *_check_facets(world, query, expected)]


def _reads_back(tree: Condition) -> bool:
    query = Query(filters=tree)
    return parse_query(format_query(query)) == query == query_from_json(query_to_json(query))


def _is_refused(library: Library, query: Query) -> bool:
    try:
        library.search(query)
    except InvalidQuery:
        return True
    return False


def _check_facets(world: RowWorld, query: Query, found: Sequence[int]) -> Iterator[str]:
    confidence = find_confidence(query.filters)
    for name, facet in world.library.count_facets(query).items():
        counted = [(value.casefold(), count) for value, count in facet.counts]
        expected = count_values([world.images[image_id] for image_id in found], name, confidence)
        if counted != expected:
            yield f"facets {name} {counted} in place of {expected}"
