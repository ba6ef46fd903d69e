"""Results computed in threads, a bounded number of them before they are needed."""

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
    """The results of `work` in the order of the items; at most `count` items are in work at a time.

    `name` is the prefix of the threads' names. Closing the generator cancels what has not begun.
    """
    with ThreadPoolExecutor(threads, name) as executor:
        waiting: deque[Future[Output]] = deque()
        try:
            for item in items:
                waiting.append(executor.submit(work, item))
                if len(waiting) >= count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
