"""How much faster queries are answered together than one by one, and what the parts of a query cost.

The library is synthetic, with keypoints. Queries are stored pictures: by what they show alone, by default but
without verification, by default; and with words. All are asked in process, computing with one thread as a
server does: one by one, and by `Library.search_many`, whose answers have to be the same; times are those of
the clock and of the processor. The default one is compared with the plain one, and the fused one, of words
and a picture, with its slower leg. By HTTP, one client asks the same, one by one and as one request.
--size N: N images (default 100,000).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from retrieval import Library, Options, Query, StoredPicture, Text

from .attacks import serve
from .clients import ask_in_turn
from .synthetic import make_library, word_of_rank

IMAGES, KEYPOINTS, QUERIES = 100_000, 250, 100

Figures: TypeAlias = dict[str, float]
PLAIN: Final = {"colour": 0.0}


def _word(image_id: int) -> Text:
    return Text(word_of_rank(20 + image_id % 2000))


KINDS: Final[Mapping[str, Callable[[int], Query]]] = {
    "plain": lambda image_id: Query(
        (StoredPicture(image_id),), weights=PLAIN, options=Options(verify=0, neighbours=False)
    ),
    "without verification": lambda image_id: Query((StoredPicture(image_id),), options=Options(verify=0)),
    "default": lambda image_id: Query((StoredPicture(image_id),)),
    "words": lambda image_id: Query((_word(image_id),)),
    "fused": lambda image_id: Query((_word(image_id), StoredPicture(image_id)), options=Options(verify=0)),
}


def measure(size: int | None = None) -> dict[str, Any]:
    """Milliseconds, and the ratios that are promised."""
    with make_library(size or IMAGES, keypoints=KEYPOINTS) as folder:
        return {"figures": measure_library(folder, size or IMAGES), "beside": {}}


def measure_library(folder: Path, count: int) -> Figures:
    """The figures of one library of so many images."""
    ids = np.linspace(1, count, QUERIES).astype(int).tolist()
    return _measure_engine(folder, ids) | _measure_server(folder, ids)


def _measure_engine(folder: Path, ids: Sequence[int]) -> Figures:
    figures: Figures = {}
    with Library.open(folder) as library:
        library.prepare_serving()
        library.warm_up()
        for name, make_query in KINDS.items():
            figures |= _compare(library, name, [make_query(image_id) for image_id in ids])
    slower = max(figures[f"{name}: one by one, median (ms)"] for name in ("words", "without verification"))
    plain = figures["plain: one by one, median (ms)"]
    return figures | {
        "default : plain (promised: 2)": figures["default: one by one, median (ms)"] / plain,
        "fused : its slower leg (promised: 1.15)": figures["fused: one by one, median (ms)"] / slower,
    }


def _compare(library: Library, name: str, queries: Sequence[Query]) -> Figures:
    """One after the other, and together."""
    library.search(queries[0])
    alone, times, took = [], list[float](), time.process_time()
    for query in queries:
        began = time.perf_counter()
        alone.append(library.search(query))
        times.append(time.perf_counter() - began)
    took = time.process_time() - took
    began, took_together = time.perf_counter(), time.process_time()
    together = library.search_many(queries)
    took_together, passed = time.process_time() - took_together, time.perf_counter() - began
    if together != alone:
        raise SystemExit(f"{name}: the answers of a batch are not those of single searches")
    return {
        f"{name}: one by one, median (ms)": 1000 * float(np.median(times)),
        f"{name}: together (ms)": 1000 * passed / len(queries),
        f"{name}: times as many answers together (promised: 3)": sum(times) / passed,
        f"{name}: the same by processor time": took / took_together,
    }


def _measure_server(folder: Path, ids: Sequence[int]) -> Figures:
    bodies = [{"parts": [{"image": image_id}]} for image_id in ids]
    single = [_post("/api/v1/search", body) for body in bodies]
    batch = _post("/api/v1/search/batch", {"searches": bodies})
    with serve(folder) as served:
        for requests in (single[:4], [batch]):
            _ask(served.port, requests)
        alone, together = _ask(served.port, single), _ask(served.port, [batch])
    return {
        "HTTP: one by one (ms)": 1000 * alone / len(ids),
        "HTTP: together (ms)": 1000 * together / len(ids),
        "HTTP: times as many answers together (promised: 3)": alone / together,
    }


def _ask(port: int, requests: Sequence[bytes]) -> float:
    """The seconds in which one client gets the answers to these requests."""
    left = iter(requests)
    began = time.perf_counter()
    answers = asyncio.run(ask_in_turn(port, 1, cycle(requests), lambda: next(left, None) is not None))
    if any(answer.status != 200 for answer in answers):
        raise SystemExit("a request failed")
    return time.perf_counter() - began


def _post(path: str, values: Mapping[str, Any]) -> bytes:
    body = json.dumps(values).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
