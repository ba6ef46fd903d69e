"""How long the stages of a search take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, final

from ..watch import stage

DESCRIBE, FILTER, RANK, VERIFY, JUDGE, ORDER, LOAD = STAGES = (
    "describe",  # decode and describe the pictures, and map the texts
    "filter",  # find the images that satisfy the conditions
    "rank",  # ask every signal, and fuse what they find
    "verify",  # compare the first hits point by point
    "judge",  # bands, the relevance line, groups
    "order",  # put the answer in the order that the query asks for
    "load",  # read what is shown of the hits
)
DECIMALS: Final = 6


@final
class Stopwatch:
    """The seconds of each stage of one search, by its name; a stage that comes again adds up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the time that passes within; raises DeadlinePassed instead of beginning too late."""
        started = time.perf_counter()
        try:
            with stage(name):
                yield
        finally:
            passed = self.seconds.get(name, 0.0) + time.perf_counter() - started
            self.seconds[name] = round(passed, DECIMALS)
