"""The stages of one piece of work, such as the answer to a request: how long each took, and no stage begins
after the deadline.

Whoever answers wraps the work in `watching`; the steps in between say `with stage("rank"):`. Nothing has to
be handed down for that, and without a watch both cost nothing.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar, final

from .errors import DeadlinePassed

Item = TypeVar("Item")


@final
class Watch:
    """The deadline of one piece of work, by `time.monotonic`, and the seconds that each stage took so far.

    The time of a stage that lies within another one counts for the inner one alone.
    """

    def __init__(self, deadline: float = math.inf) -> None:
        self.deadline = deadline
        self.seconds: dict[str, float] = defaultdict(float)

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() > self.deadline

    def check_deadline(self) -> None:
        """Raise DeadlinePassed if it has."""
        if self.is_over:
            raise DeadlinePassed

    @contextmanager
    def _time_stage(self, name: str) -> Iterator[None]:
        began, inner = time.perf_counter(), math.fsum(self.seconds.values())
        try:
            yield
        finally:
            inner = math.fsum(self.seconds.values()) - inner
            self.seconds[name] += time.perf_counter() - began - inner


_WATCH: Final[ContextVar[Watch | None]] = ContextVar("watch", default=None)


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Everything in this block, in this thread, is watched."""
    token = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(token)


def current_watch() -> Watch | None:
    """What watches the work of this thread; None for nothing."""
    return _WATCH.get()


@contextmanager
def stage(name: str) -> Iterator[None]:
    """One stage; raises DeadlinePassed instead of beginning it too late."""
    watch = _WATCH.get()
    if watch is None:
        yield
        return
    watch.check_deadline()
    with watch._time_stage(name):
        yield


def until_deadline(items: Iterable[Item]) -> Iterator[Item]:
    """The items, one by one; raises DeadlinePassed before the first one that would come too late."""
    watch = _WATCH.get()
    for item in items:
        if watch is not None:
            watch.check_deadline()
        yield item
