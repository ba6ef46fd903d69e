"""How long an answer takes in another order than by relevance, and whether it is the same set.

The library is synthetic (`benchmarks/synthetic.py`), with 100,000 images. Kinds of queries: a stored picture
with two words, one word that many captions hold, what was taken in ten years, and all images. Every order is
a ratio of medians over the same queries, asked in turn with those by relevance; the time is that of the
processor, for which
other work of the machine does not count. `same set`: the share of the queries whose whole answer has the same
images in every order. `after a change`: the same for all images, when a writer has just changed one of them.
`cursor`: an answer whose list is kept, and the page that follows by cursor, each against the same page
without. --size N: N images (default 100,000).
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from retrieval import Annotation, Library, Query, Text, parse_query, parse_sort, write_library
from retrieval.ranking.arrays import Int64Ids

from .latency import make_queries
from .synthetic import make_library

ORDERS = ("date", "date-up", "added", "name", "size", "random:7")
QUERIES = 3  # of a kind
ROUNDS = 3  # how often each is asked
CHANGES = 3


def measure(size: int | None = None) -> dict[str, Any]:
    """Ratios of time, and shares of queries."""
    count = size or 100_000
    with make_library(count) as made, tempfile.TemporaryDirectory() as folder:
        library = shutil.copytree(made, Path(folder, "library"))
        return {"figures": measure_library(library, count), "beside": {}}


def measure_library(folder: Path, count: int) -> dict[str, float]:
    """The figures for one library of `count` images."""
    with Library.open(folder) as library:
        library.warm_up()
        figures: dict[str, float] = {}
        for name, queries in _query_kinds(library, count).items():
            figures |= {f"{name}: {key}": value for key, value in _measure_orders(library, queries).items()}
        figures |= _measure_cursors(library)
        return figures | _measure_changes(library, folder)


def _query_kinds(library: Library, count: int) -> Mapping[str, Sequence[Query]]:
    words = [Query((Text(word),)) for word in ("wb", "wc", "wd")]
    return {
        "picture and words": list(make_queries(library, count))[:QUERIES],
        "one word": words,
        "taken in ten years": [parse_query(f"taken:{year}..{year + 9}") for year in (2001, 2004, 2007)],
        "all images": [Query()],
    }


def _measure_orders(library: Library, queries: Sequence[Query]) -> dict[str, float]:
    """The ratios of one kind, the time by relevance in milliseconds, and the share of equal sets."""
    times: dict[str, list[float]] = {order: [] for order in ("relevance", *ORDERS)}
    same: list[bool] = []
    for query in queries:
        ordered = {order: replace(query, sort=parse_sort(order)) for order in times}
        sets = [np.sort(_list_all(library, asked)) for asked in ordered.values()]  # warms up, too
        same.append(all(np.array_equal(sets[0], other) for other in sets))
        for _ in range(ROUNDS):
            for order, asked in ordered.items():
                times[order].append(_time_search(library, asked))
    medians = {order: float(np.median(taken)) for order, taken in times.items()}
    ratios = {f"{order} / relevance": medians[order] / medians["relevance"] for order in ORDERS}
    return {"relevance (ms)": 1000 * medians["relevance"], **ratios, "same set": float(np.mean(same))}


def _list_all(library: Library, query: Query) -> Int64Ids:
    """The whole answer; it is longer than a page can be."""
    return library._start_search(query).find_answer().ids


def _time_search(library: Library, query: Query, *, with_cursor: bool = False) -> float:
    start = time.process_time()
    library.search(query, with_cursor=with_cursor)
    return time.process_time() - start


def _measure_cursors(library: Library) -> dict[str, float]:
    """For all images by date, which is the longest list."""
    query = parse_query("sort:date")
    plain, kept, by_offset, by_cursor = list[float](), list[float](), list[float](), list[float]()
    for _ in range(ROUNDS):
        plain.append(_time_search(library, query))
        kept.append(_time_search(library, query, with_cursor=True))
        cursor = library.search(query, with_cursor=True).next_cursor
        by_offset.append(_time_search(library, replace(query, offset=query.limit)))
        by_cursor.append(_time_search(library, replace(query, cursor=cursor)))
    return {
        "cursor: keeping the list": float(np.median(kept) / np.median(plain)),
        "cursor: the next page": float(np.median(by_cursor) / np.median(by_offset)),
    }


def _measure_changes(library: Library, folder: Path) -> dict[str, float]:
    times: dict[str, list[float]] = {order: [] for order in ("relevance", *ORDERS[:-1])}
    with write_library(folder) as writable:
        for number in range(CHANGES):
            for order, query in _ordered(Query(), times):
                with writable.catalog.writing() as writer:
                    fact = Annotation("tag", f"{order} {number}", "benchmark tags")
                    writer.replace_annotations(1, "benchmark tags", [fact])
                library.snapshot()  # which every search needs
                times[order].append(_time_search(library, query))
    medians = {order: float(np.median(taken)) for order, taken in times.items()}
    return {
        f"after a change: {order} / relevance": medians[order] / medians["relevance"] for order in ORDERS[:-1]
    }


def _ordered(query: Query, orders: Mapping[str, object]) -> Iterator[tuple[str, Query]]:
    for order in orders:
        yield order, replace(query, sort=parse_sort(order))
