"""Follows a library while others index into it: says when an indexing run has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from retrieval import Library

LOOK_SECONDS = 1.0  # between two looks at the change log
QUIET_SECONDS = 10.0  # without a change, after which a run counts as ended: a batch takes less


class LogState(NamedTuple):
    """The newest change of a library, and the names of its publications."""

    change: int
    publications: frozenset[str]


def read_log_state(library: Library) -> LogState:
    """What the catalog says now."""
    with library.catalog.reading() as reader:
        return LogState(reader.last_seq(), frozenset(reader.load_publications()))


def follow_runs(read_state: Callable[[], LogState], wait: Callable[[float], None]) -> Iterator[LogState]:
    """The present state, and then a state after each indexing run; ends only by an exception.

    A run has ended when it has published something, or when there were changes and then none for
    QUIET_SECONDS: a run of `pictor index --watch` mostly publishes nothing. `wait` waits so many seconds.
    """
    reported = latest = read_state()
    yield reported
    quiet = 0.0
    while True:
        wait(LOOK_SECONDS)
        state = read_state()
        quiet = quiet + LOOK_SECONDS if state == latest else 0.0
        latest = state
        if state.publications != reported.publications or (
            state.change != reported.change and quiet >= QUIET_SECONDS
        ):
            reported = state
            yield state
