"""How long a fused query of words and a picture takes on 100,000 images, beside its signals and FAISS alone.

The library is synthetic: clustered features of the usual length in every space, and captions of a few words
from a vocabulary with Zipf's frequencies. A query is one stored picture and two words; the answer is the first
40 hits with their contributions and bands. All times are medians over the same queries in one run.
--size N: N images (default 100,000).
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.making import Recipe, writing
from retrieval import Annotation, Library, NewImage, Query, StoredPicture, Text
from retrieval.tokens import terms

QUERIES = 15
BATCH = 1000
CLUSTERS = 200
VOCABULARY = 5000
Features = npt.NDArray[np.float16]


def measure(size: int | None = None) -> dict[str, Any]:
    """Medians in milliseconds, and the ratio that is promised."""
    count = size or 100_000
    with tempfile.TemporaryDirectory() as folder:
        with writing(Path(folder), Recipe()) as library:
            _fill(library, count)
            library.publish()
        with Library.open(folder) as library:
            library.warm_up()
            return {"figures": _figures(library, count), "beside": {}}


def _fill(library: Library, count: int) -> None:
    random = np.random.default_rng(0)
    spaces = [space for space in library.spaces if space.descriptor != "details"]
    centres = {space.id: _directions(random, CLUSTERS, space.dimension) for space in spaces}
    for start in range(0, count, BATCH):
        rows = {space.id: _around(random, centres[space.id]) for space in spaces}
        with library.catalog.writing() as writer:
            new = [_image(start + place, {key: each[place] for key, each in rows.items()}) for place in range(BATCH)]
            for image_id in writer.add_images(new):
                writer.place(b"/synthetic/%d.jpg" % image_id, image_id, mtime=0, size=1)
                writer.annotate(image_id, "benchmark", [Annotation("caption", _caption(random), "benchmark")])


def _directions(random: np.random.Generator, count: int, dimension: int) -> Features:
    rows = np.abs(random.standard_normal((count, dimension)))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def _around(random: np.random.Generator, centres: Features) -> Features:
    chosen = centres[random.integers(0, len(centres), BATCH)].astype(np.float32)
    rows = np.abs(chosen + 0.7 * random.standard_normal(chosen.shape, np.float32) / np.sqrt(chosen.shape[1]))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def _image(number: int, features: dict[int, Features]) -> NewImage:
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    return NewImage(digest, number, 640, 480, "jpeg", 1, datetime(2020, 1, 1), b"", features)


def _caption(random: np.random.Generator) -> str:
    return " ".join(_word(rank) for rank in random.zipf(1.2, 8) if rank <= VOCABULARY)


def _word(rank: int) -> str:
    return "w" + "".join("abcdefghij"[int(digit)] for digit in str(rank))


def _figures(library: Library, count: int) -> dict[str, float]:
    views = library.snapshot().views
    queries = list(_queries(library, count))
    full = _median(lambda query: library.search(query), queries)
    times = {"full query": full}
    for signal in library.signals_of(queries[0]):
        times[signal] = _median(lambda query, signal=signal: _alone(library, views, query, signal), queries)
    times["FAISS alone"] = _median(lambda query: _faiss(library, views, query), queries)
    slowest = max(value for name, value in times.items() if name not in ("full query", "FAISS alone"))
    figures = {f"{name} (ms)": 1000 * value for name, value in times.items()}
    return figures | {"ratio (promised: at most 1.5)": full / (slowest + times["FAISS alone"])}


def _queries(library: Library, count: int) -> Iterator[Query]:
    for image_id in np.linspace(1, count, QUERIES).astype(int).tolist():
        words = " ".join(library.image(image_id).caption.split()[:2]) or "wa"
        yield Query((StoredPicture(image_id), Text(words)))


def _median(work: Callable[[Query], object], queries: list[Query]) -> float:
    work(queries[0])
    taken = []
    for query in queries:
        start = time.perf_counter()
        work(query)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))
