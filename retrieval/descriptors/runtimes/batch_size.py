"""How many pictures go through a GPU at once, found while it works, and in which order they come; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import inf
from typing import Final, TypeVar

from .base import Batch

FIRST, MOST = 8, 1024  # pictures
PASSES: Final = 3  # at each size; the first one, in which the device prepares itself for it, does not count
GAIN: Final = 1.05  # how much faster, for each picture, a pass of twice the size must be

Sent = TypeVar("Sent")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Pace:
    """The size of a pass: it is doubled while that is faster for each picture and fits into memory.

    `best`: seconds a picture, in the fastest of the `passes` at this size, and `before` at half of it.
    """

    size: int = FIRST
    passes: int = 0
    best: float = inf
    before: float = inf
    is_settled: bool = False

    def after(self, count: int, seconds: float) -> Pace:
        """What follows from a pass of `count` pictures; nothing where that is not the size."""
        if self.is_settled or count != self.size:
            return self
        passes = self.passes + 1
        best = min(self.best, seconds / count) if self.passes else inf
        if passes < PASSES:
            return replace(self, passes=passes, best=best)
        if self.before < GAIN * best:
            return Pace(self.size // 2, is_settled=True)
        return Pace(2 * self.size, before=best) if self.size < MOST else Pace(self.size, is_settled=True)

    def without_memory(self, count: int) -> Pace:
        """What follows where `count` pictures did not fit: passes of half as many, from now on."""
        return Pace(max(1, min(self.size, count) // 2), is_settled=True)


WHOLE: Final = Pace(1 << 30, is_settled=True)  # every batch in one pass


def pieces(batch: Batch, size: Callable[[], int]) -> Iterator[Batch]:
    """The batch, cut into pieces of the size that holds when each of them is wanted."""
    start = 0
    while start < len(batch):
        piece = batch[start : start + size()]
        start += len(piece)
        yield piece


def overlapped(
    pieces: Iterable[Batch], send: Callable[[Batch], Sent], begin: Callable[[Sent], Callable[[], Result]]
) -> Iterator[Result]:
    """The results of all pieces, in order; `begin` starts on what was sent, and what it returns waits for it.

    While a piece is worked on, the next one is sent, and no more than that one.
    """
    coming = iter(pieces)
    sent = [send(each) for each in islice(coming, 1)]
    while sent:
        finish = begin(sent.pop())
        sent = [send(each) for each in islice(coming, 1)]
        yield finish()
