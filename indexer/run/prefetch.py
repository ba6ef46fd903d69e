"""Work that is done in threads, a bounded number of pieces ahead of where its results are wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Input = TypeVar("Input")
Output = TypeVar("Output")


def prefetch_results(
    work: Callable[[Input], Output], items: Iterable[Input], *, name: str, threads: int, count: int
) -> Generator[Output]:
    """The results in the order of the items, at most `count` of them ahead; `name` is that of the threads.

    Whoever stops early cancels what was not begun.
    """
    with ThreadPoolExecutor(threads, name) as workers:
        waiting: deque[Future[Output]] = deque()
        try:
            for item in items:
                waiting.append(workers.submit(work, item))
                if len(waiting) >= count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()
