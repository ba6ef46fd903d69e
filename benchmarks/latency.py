"""How long a fused query of words and a picture takes on 100,000 images, against its signals and FAISS alone.

The library is synthetic (`benchmarks/synthetic.py`). A query is one stored picture and two words; the answer
is the first 40 hits with their contributions and bands. FAISS alone answers for the subject and the colour.
All times are medians over the same queries in one run.
--size N: N images (default 100,000).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from retrieval import Library, Query, StoredPicture, Text
from retrieval.projections.vectors import VectorIndex
from retrieval.projections.words import WordView
from retrieval.ranking.tokens import Terms, parse_terms

from .synthetic import make_library

QUERIES = 15


def measure(size: int | None = None) -> dict[str, Any]:
    """Medians in milliseconds, and the ratio that is promised."""
    count = size or 100_000
    with make_library(count) as folder, Library.open(folder) as library:
        library.warm_up()
        return {"figures": _measure_times(library, count), "beside": {}}


def _measure_times(library: Library, count: int) -> dict[str, float]:
    queries = list(make_queries(library, count))
    times = {"full query": _median_time(library.search, queries)}
    for signal, ask in _signal_searches(library).items():
        times[signal] = _median_time(ask, queries)
    times["FAISS alone"] = _median_time(_faiss_searches(library), queries)
    slowest = max(value for name, value in times.items() if name not in ("full query", "FAISS alone"))
    figures = {f"{name} (ms)": 1000 * value for name, value in times.items()}
    return figures | {"ratio (promised: at most 1.5)": times["full query"] / (slowest + times["FAISS alone"])}


def _signal_searches(library: Library) -> dict[str, Callable[[Query], object]]:
    """Functions that search one projection each for its candidates, and do nothing else."""
    views, limit = library.snapshot().views, library.settings.candidates

    def make_search(name: str, question: Callable[[Query], Any]) -> Callable[[Query], object]:
        return lambda query: views[name].search(question(query), limit=limit, allowed=None)

    def search_words(query: Query) -> object:
        view = cast(WordView, views["words"])
        view.find_matches(parse_terms("so that no earlier answer is cached"))
        return view.search(_terms_of(query), limit=limit, allowed=None)

    subject, colour = _feature_of(library, "subject"), _feature_of(library, "colour")
    pictures = {"subject": make_search("subject", subject), "colour": make_search("colour", colour)}
    return {"words": search_words, **pictures, "neighbours": make_search("neighbours", subject)}


def _faiss_searches(library: Library) -> Callable[[Query], object]:
    """The same features in indexes of FAISS alone, asked one after the other."""
    indexes = {}
    for space in library.spaces:
        if space.descriptor in ("subject", "colour"):
            with library.catalog.reading() as reader:
                index = VectorIndex.build(*reader.load_features(space), space.dimension)
            indexes[space.descriptor] = (index, _feature_of(library, space.descriptor))
    limit = library.settings.candidates
    return lambda query: [
        index.search(of(query), limit=limit, allowed=None) for index, of in indexes.values()
    ]


def _feature_of(library: Library, signal: str) -> Callable[[Query], npt.NDArray[np.float32]]:
    space = next(space for space in library.spaces if space.descriptor == signal)

    @cache
    def load_feature(image_id: int) -> npt.NDArray[np.float32]:
        with library.catalog.reading() as reader:
            feature: npt.NDArray[np.float32] = reader.load_features(space, [image_id])[1][0].astype(
                np.float32
            )
        return feature

    return lambda query: load_feature(
        next(part.image_id for part in query.parts if isinstance(part, StoredPicture))
    )


def _terms_of(query: Query) -> Terms:
    return parse_terms(next(part.text for part in query.parts if isinstance(part, Text)))


def make_queries(library: Library, count: int) -> Iterator[Query]:
    """Stored pictures, each with two words of its caption."""
    for image_id in np.linspace(1, count, QUERIES).astype(int).tolist():
        words = " ".join(library.load_image(image_id).caption.split()[:2]) or "wa"
        yield Query((StoredPicture(image_id), Text(words)))


def _median_time(work: Callable[[Query], object], queries: list[Query]) -> float:
    work(queries[0])
    taken = []
    for query in queries:
        start = time.perf_counter()
        work(query)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))
