"""The rate rises, stays and falls; what is still to come may change, what is past may not."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from indexer.training.schedule import APART, TOGETHER, Schedule, parse_schedule

OPEN = Schedule(apart=10, together=1000, decay=200, together_rate=1.0)


def test_the_rate_rises_stays_and_falls() -> None:
    rates = [OPEN.get_rate(TOGETHER, step) for step in (0, 49, 99, 500, 800, 900, 999)]
    assert rates == pytest.approx([0.01, 0.5, 1, 1, 1, 0.5, 0], abs=1e-3)


def test_without_a_word_it_falls_all_the_way() -> None:
    falling = replace(OPEN, decay=None)
    assert falling.get_rate(TOGETHER, 500) == pytest.approx(0.5)
    assert falling.get_rate(APART, 5) < OPEN.apart_rate


def test_a_decay_longer_than_the_training_begins_with_it() -> None:
    assert replace(OPEN, decay=5000).get_fall(TOGETHER) == 0


def test_sizes_change_at_their_steps() -> None:
    growing = replace(OPEN, sizes=((0, 128), (20, 176)))
    assert [growing.get_size(step, 160) for step in (0, 19, 20, 10**9)] == [128, 128, 176, 176]
    assert OPEN.get_size(5, 160) == 160


@pytest.mark.parametrize(
    ("changes", "phase", "step", "follows"),
    [
        ({}, TOGETHER, 1000, True),
        ({"together": 5000}, TOGETHER, 800, True),
        ({"together": 5000}, TOGETHER, 801, False),
        ({"together": 500}, TOGETHER, 300, True),
        ({"together": 500}, TOGETHER, 301, False),
        ({"decay": 100}, TOGETHER, 700, True),
        ({"together": 5000}, APART, 10, True),
        ({"sizes": ((0, 96),)}, TOGETHER, 900, True),
        ({"batch": 32}, TOGETHER, 10, False),
        ({"together_rate": 0.5}, TOGETHER, 10, False),
        ({"seed": 1}, APART, 1, False),
    ],
)
def test_only_what_is_still_to_come_may_change(
    changes: dict[str, int], phase: str, step: int, follows: bool
) -> None:
    assert replace(OPEN, **changes).may_follow(OPEN, phase, step) is follows  # type: ignore[arg-type]


def test_a_schedule_survives_being_written_down() -> None:
    growing = replace(OPEN, sizes=((0, 128), (20, 176)))
    assert parse_schedule(asdict(growing)) == growing
    old = {name: value for name, value in asdict(Schedule()).items() if name not in ("decay", "sizes")}
    assert parse_schedule(old) == Schedule()
