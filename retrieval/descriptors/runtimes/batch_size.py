"""How many pictures a GPU takes in one pass, measured while it works, and the order of passes; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import inf
from typing import Final, TypeVar, final

from ...ranking.arrays import Float32Array

FIRST_SIZE, LARGEST_SIZE = 8, 1024  # pictures
PASSES_PER_SIZE: Final = 3  # the first one, in which the device prepares itself for the size, does not count
LEAST_GAIN: Final = 1.05  # a pass of twice the size must be this many times as fast for each picture

Sent = TypeVar("Sent")
Result = TypeVar("Result")


@final
@dataclass(frozen=True, slots=True)
class PassSize:
    """The number of pictures in one pass. It doubles while that is faster per picture and fits into memory.

    `best`: seconds for each picture, in the fastest of the `passes` at this size.
    `previous_best`: the same at half the size.
    """

    size: int = FIRST_SIZE
    passes: int = 0
    best: float = inf
    previous_best: float = inf
    is_settled: bool = False

    def after_pass(self, count: int, seconds: float) -> PassSize:
        """The size after a pass of `count` pictures took `seconds`; passes of another size change nothing."""
        if self.is_settled or count != self.size:
            return self
        passes = self.passes + 1
        best = min(self.best, seconds / count) if self.passes else inf
        if passes < PASSES_PER_SIZE:
            return replace(self, passes=passes, best=best)
        if self.previous_best < LEAST_GAIN * best:
            return PassSize(self.size // 2, is_settled=True)
        if self.size < LARGEST_SIZE:
            return PassSize(2 * self.size, previous_best=best)
        return PassSize(self.size, is_settled=True)

    def without_memory(self, count: int) -> PassSize:
        """The size after `count` pictures did not fit into memory: half of them, from now on."""
        return PassSize(max(1, min(self.size, count) // 2), is_settled=True)


UNLIMITED: Final = PassSize(1 << 30, is_settled=True)  # every batch in one pass


def cut_batch(batch: Float32Array, next_size: Callable[[], int]) -> Iterator[Float32Array]:
    """The batch in pieces; `next_size` is asked for the size of each piece just before it is cut."""
    start = 0
    while start < len(batch):
        piece = batch[start : start + next_size()]
        start += len(piece)
        yield piece


def run_overlapped(
    pieces: Iterable[Float32Array],
    send: Callable[[Float32Array], Sent],
    begin: Callable[[Sent], Callable[[], Result]],
) -> Iterator[Result]:
    """The results of all pieces, in order.

    `begin` starts to compute what was sent and returns a function that waits for the result. While one piece
    is computed, the next one is sent; never more than one is sent ahead.
    """
    remaining = iter(pieces)
    sent = [send(piece) for piece in islice(remaining, 1)]
    while sent:
        finish = begin(sent.pop())
        sent = [send(piece) for piece in islice(remaining, 1)]
        yield finish()
