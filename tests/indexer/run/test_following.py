"""Runs of other processes are noticed by what they leave in the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indexer.run.following import LOOK_SECONDS, QUIET_SECONDS, LogState, follow_runs, read_log_state
from retrieval import Library
from tests.indexer.command import make_without_backbone, run

QUIET = int(QUIET_SECONDS / LOOK_SECONDS)


class EndOfLog(Exception):
    """There is nothing more to be read."""


def follow(states: Sequence[LogState]) -> list[tuple[int, LogState]]:
    """Each state that is reported, with the number of looks before it."""
    looks = iter(states)
    waited = list[float]()

    def read_state() -> LogState:
        try:
            return next(looks)
        except StopIteration:
            raise EndOfLog from None

    reported: list[tuple[int, LogState]] = []
    try:
        for state in follow_runs(read_state, waited.append):
            reported.append((len(waited), state))
    except EndOfLog:
        pass
    assert set(waited) <= {LOOK_SECONDS}
    return reported


def state(change: int, *publications: str) -> LogState:
    return LogState(change, frozenset(publications))


def test_a_publication_ends_a_run_at_once() -> None:
    states = [state(1, "a"), state(1, "a"), state(2, "a"), state(3, "a"), state(3, "b"), state(3, "b")]
    assert follow(states) == [(0, state(1, "a")), (4, state(3, "b"))]


def test_changes_without_a_publication_end_when_it_has_been_quiet() -> None:
    batches = [state(number, "a") for number in (1, 2, 2, 3)]
    states = [*batches, *[state(3, "a")] * (QUIET + 5)]
    assert follow(states) == [(0, state(1, "a")), (3 + QUIET, state(3, "a"))]


def test_where_nothing_changes_nothing_is_reported_again() -> None:
    assert follow([state(5, "a")] * (3 * QUIET)) == [(0, state(5, "a"))]


def test_an_indexing_run_changes_both(tmp_path: Path, pictures: Path) -> None:
    path = make_without_backbone(tmp_path / "library")
    with Library.open(path) as library:
        before = read_log_state(library)
        run("index", pictures, "--library", path)
        after = read_log_state(library)
    assert after.change > before.change
    assert after.publications != before.publications
