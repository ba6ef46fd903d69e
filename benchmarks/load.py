"""What a server answers while many ask: throughput, waits, refusals and memory; `--part NAME` for one part.

A process of its own serves a library, as by `pictor serve`, and clients of another process ask over loopback.
The library is synthetic (`benchmarks/synthetic.py`), with 100,000 images.
Queries are mixed: words, words with a condition, images like one of the library, words and an image, and an
uploaded picture. Ratios compare figures of one run.
engine: the same queries in process, by one thread and by several. clients: 50 that ask one after the other.
overload: ten times as many requests as are answered at the peak, while another client asks for a thumbnail.
slow: 200 connections that send nothing, or headers or a body byte by byte. publication: how long answers
take while a new generation is taken up. memory: its growth over many requests, on a small library.
--size N: N seconds of each measurement (default 60); memory: N requests (default 100,000).
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import numpy as np

from indexer.upkeep.opening import open_existing
from retrieval import Library, Picture, Query, images

from .attacks import CONNECTION_ATTACKS, Served, form_of_pictures, hold_connections, serve
from .clients import Answer, ask_at_rate, ask_in_turn, ask_now_and_then
from .page import draw_thumbnails
from .synthetic import fill_library, make_library, word_of_rank

IMAGES, FEW_IMAGES = 100_000, 10_000
SECONDS, REQUESTS, LOOKS = 60, 100_000, 20
CLIENTS, PEAK_CLIENTS, TIMES, SLOW = 50, 8, 10, 200
PROMPT = 0.05  # seconds within which a refusal is promised
_HEAD: Final = "HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n"
THUMBNAIL: Final = f"GET /media/7/thumbnail {_HEAD}\r\n".encode()

Figures: TypeAlias = dict[str, float]
Asked: TypeAlias = Query | str


def measure(size: int | None = None, part: str | None = None) -> dict[str, Any]:
    """The figures of one part, or of all."""
    if part and part not in PARTS:
        raise SystemExit(f"--part {part}: choose from {', '.join(PARTS)}")
    figures: Figures = {}
    for name, work in PARTS.items():
        if part in (None, name):
            figures |= {f"{name}: {figure}": value for figure, value in work(size).items()}
    return {"figures": figures, "beside": {}}


# -- what is asked ----------------------------------------------------------------------------------


def make_library_with_pictures(count: int) -> AbstractContextManager[Path]:
    """A synthetic library with thumbnails."""
    return make_library(count, draw_thumbnails())


def make_queries(count: int) -> list[tuple[Asked, bytes]]:
    """Queries, each with the request that asks it by HTTP, in a fixed mix."""
    random = np.random.default_rng(7)
    made: list[tuple[Asked, bytes]] = []
    for _ in range(20):
        image, word, other = int(random.integers(1, count)), _word(random), _word(random)
        lines = (f"{word} {other}", f"{word} after:2005", f"{word} image:{image}")
        made += [(line, _get(f"/api/v1/search?q={quote(line)}")) for line in lines]
        made.append((f"image:{image}", _get(f"/api/v1/images/{image}/similar")))
        picture = images.encode_png(random.integers(0, 256, (224, 224, 3), np.uint8))
        made.append((Query((Picture(picture),)), _post_picture(picture)))
    return made


def _word(random: np.random.Generator) -> str:
    return word_of_rank(int(random.integers(20, 2000)))


def _get(address: str) -> bytes:
    return f"GET {address} {_HEAD}\r\n".encode()


def _post_picture(picture: bytes) -> bytes:
    body, kind = form_of_pictures(picture, 1)
    head = f"POST /api/v1/search {_HEAD}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@contextmanager
def serve_ready(library: Path, requests: Sequence[bytes]) -> Iterator[Served]:
    """A server that has answered every kind of request before."""
    with serve(library) as served:
        kinds = requests[:5]
        asyncio.run(ask_in_turn(served.port, 1, cycle(kinds), _times(2 * len(kinds))))
        yield served


def _times(count: int) -> Callable[[], bool]:
    """True so many times."""
    left = iter(range(count))
    return lambda: next(left, None) is not None


def _for_seconds(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


# -- the parts --------------------------------------------------------------------------------------


def measure_engine(size: int | None) -> Figures:
    """The same queries in process."""
    seconds = size or SECONDS
    with make_library_with_pictures(IMAGES) as path, Library.open(path) as library:
        library.prepare_serving()
        library.warm_up()
        queries = [query for query, _ in make_queries(IMAGES)]
        figures: Figures = {}
        for count in (1, 2, 4):
            times = _search_in_threads(library, queries, count, seconds)
            figures |= _describe_times(f"{count} threads", times) | {
                f"{count} threads, answers a second": len(times) / seconds
            }
        return figures


def _search_in_threads(library: Library, queries: Sequence[Asked], count: int, seconds: float) -> list[float]:
    goes_on, times, following = _for_seconds(seconds), list[float](), cycle(queries)

    def search() -> None:
        while goes_on():
            began = time.perf_counter()
            library.search(next(following), with_cursor=True)
            times.append(time.perf_counter() - began)

    with ThreadPoolExecutor(count) as threads:
        for _ in range(count):
            threads.submit(search)
    return times


def measure_clients(size: int | None) -> Figures:
    """Clients that ask one after the other, as many as usual and at the peak."""
    seconds, requests = size or SECONDS, [request for _, request in make_queries(IMAGES)]
    with make_library_with_pictures(IMAGES) as library, serve_ready(library, requests) as served:
        figures: Figures = {}
        for count in (1, PEAK_CLIENTS, CLIENTS):
            answers = asyncio.run(ask_in_turn(served.port, count, cycle(requests), _for_seconds(seconds)))
            figures |= _describe_answers(f"{count} clients", answers, seconds)
        return figures


def measure_overload(size: int | None) -> Figures:
    """Many times as many requests as are answered at the peak, with another client and without."""
    seconds, requests = size or SECONDS, [request for _, request in make_queries(IMAGES)]
    with make_library_with_pictures(IMAGES) as library, serve_ready(library, requests) as served:
        calm = asyncio.run(ask_in_turn(served.port, PEAK_CLIENTS, cycle(requests), _for_seconds(seconds)))
        peak = _count_good(calm) / seconds
        took = time.process_time()
        answers, looks = asyncio.run(_overload(served.port, TIMES * peak, cycle(requests), seconds))
        took = time.process_time() - took
    end = min(answer.began for answer in answers) + seconds
    good = [one for one in answers if one.status == 200 and one.began + one.seconds <= end]
    refused = [one.seconds for one in answers if one.status == 503]
    return (
        {
            "peak, answers a second": peak,
            "asked for, requests a second": len(answers) / seconds,
            "answers a second": len(good) / seconds,
            "share of the peak (promised: 0.9)": len(good) / seconds / peak,
            "processors that the clients took": took / seconds,
            "refused": len(refused),
            "share of refusals within 50 ms": float(np.mean(np.array(refused) < PROMPT)),
            "neither answered nor refused": len(answers) - _count_good(answers) - len(refused),
            "thumbnails that failed": len(looks) - _count_good(looks),
        }
        | _describe_times("answer", [one.seconds for one in answers if one.status == 200])
        | _describe_times("refusal", refused)
        | _describe_times("thumbnail (promised: 0.1)", [look.seconds for look in looks])
    )


async def _overload(
    port: int, rate: float, requests: Iterator[bytes], seconds: float
) -> tuple[list[Answer], list[Answer]]:
    overload = asyncio.create_task(ask_at_rate(port, rate, requests, seconds))
    looks = asyncio.create_task(ask_now_and_then(port, THUMBNAIL, 0.1, lambda: not overload.done()))
    return await overload, await looks


def measure_slow(size: int | None) -> Figures:
    """The longest wait of somebody else while connections are held."""
    requests = [request for _, request in make_queries(IMAGES)]
    with make_library_with_pictures(IMAGES) as library, serve_ready(library, requests) as served:
        return {
            f"{name}: longest wait of another client, s (promised: 1)": hold_connections(
                served.port, SLOW, start, drip, size or SECONDS / 2, path="/api/v1/search?q=wbc"
            )
            for name, start, drip in CONNECTION_ATTACKS
        }


def measure_publication(size: int | None) -> Figures:
    """Answers before, while and after images are added and published."""
    seconds, requests = size or SECONDS / 2, [request for _, request in make_queries(FEW_IMAGES)]

    def ask(port: int, name: str) -> Figures:
        answers = asyncio.run(ask_in_turn(port, 2, cycle(requests), _for_seconds(seconds)))
        return _describe_answers(name, answers, seconds)

    with make_library_with_pictures(FEW_IMAGES) as made, tempfile.TemporaryDirectory() as folder:
        library = shutil.copytree(made, Path(folder, "library"))
        with serve_ready(library, requests) as served:
            figures = ask(served.port, "before")
            writer = get_context("spawn").Process(target=_publish_more, args=[library])
            writer.start()
            figures |= ask(served.port, "while it is written")
            writer.join()
            return figures | ask(served.port, "while it is taken up")


def _publish_more(library: Path) -> None:
    with open_existing(library) as opened:
        fill_library(opened.path, 1000, draw_thumbnails(), first=FEW_IMAGES)
        opened.publish()


def measure_memory(size: int | None) -> Figures:
    """The resident memory of the server, over many requests."""
    count = size or REQUESTS
    requests = [request for _, request in make_queries(FEW_IMAGES // 10)]
    mixed = [one for request in requests for one in (request, THUMBNAIL, _get("/healthz"), THUMBNAIL)]
    held: list[tuple[int, float]] = []
    with make_library_with_pictures(FEW_IMAGES // 10) as library, serve_ready(library, requests) as served:
        following = cycle(mixed)
        answers: Counter[int] = Counter()
        for _ in range(LOOKS):
            asked = asyncio.run(ask_in_turn(served.port, PEAK_CLIENTS, following, _times(count // LOOKS)))
            answers.update(answer.status for answer in asked)
            held.append((answers.total(), served.resident_mib()))
            print(f"{held[-1][0]} requests, {held[-1][1]:.1f} MiB", flush=True)
    asked_for, memory = np.array(held[LOOKS // 4 :]).T
    return {
        "requests": answers.total(),
        "errors": answers.total() - answers[200],
        "at the end (MiB)": held[-1][1],
        "growth (MiB for 10,000 requests; promised: 1)": float(np.polyfit(asked_for, memory, 1)[0]) * 10_000,
    }


PARTS: Final[dict[str, Callable[[int | None], Figures]]] = {
    "engine": measure_engine,
    "clients": measure_clients,
    "overload": measure_overload,
    "slow": measure_slow,
    "publication": measure_publication,
    "memory": measure_memory,
}


# -- what came of it --------------------------------------------------------------------------------


def _count_good(answers: Sequence[Answer]) -> int:
    return sum(answer.status == 200 for answer in answers)


def _describe_answers(name: str, answers: Sequence[Answer], seconds: float) -> Figures:
    good = [answer.seconds for answer in answers if answer.status == 200]
    return {
        f"{name}, answers a second": len(good) / seconds,
        f"{name}, errors": len(answers) - len(good),
    } | _describe_times(name, good)


def _describe_times(name: str, seconds: Sequence[float]) -> Figures:
    if not seconds:
        return {}
    median, late, last = np.percentile(seconds, [50, 99, 100])
    return {f"{name}, p50 (s)": median, f"{name}, p99 (s)": late, f"{name}, longest (s)": last}
