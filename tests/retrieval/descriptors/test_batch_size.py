"""Passes: their size is found on devices that are formulas, and copies and passes overlap as promised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from retrieval.descriptors.runtimes.batch_size import (
    FIRST_SIZE,
    LARGEST_SIZE,
    PASSES_PER_SIZE,
    UNLIMITED,
    PassSize,
    cut_batch,
    run_overlapped,
)


def pass_sizes(
    pace: PassSize, seconds: Callable[[int], float], *, memory: int = 1 << 30, passes: int = 60
) -> list[int]:
    """The sizes of the first `passes` passes on a device where one pass takes `seconds(size)`."""
    sizes = []
    for _ in range(passes):
        sizes.append(pace.size)
        fits = pace.size <= memory
        pace = pace.after_pass(pace.size, seconds(pace.size)) if fits else pace.without_memory(pace.size)
    assert pace.is_settled
    return sizes


@pytest.mark.parametrize(
    ("seconds", "size"),
    [
        (lambda size: 1.0 + size * 1e-9, LARGEST_SIZE),  # the more at once, the better
        (lambda size: float(size), FIRST_SIZE),  # a pass of many costs what its pictures cost one by one
        (lambda size: max(size, 64) * 1e-3, 64),  # fewer than 64 leave parts of it idle
        (lambda size: 0.02 + size * 1e-3, 256),  # beyond, twice as many gain less than LEAST_GAIN
        (lambda size: 8 + size * (1 if size <= 32 else 2), 32),  # beyond, each picture takes longer
    ],
)
def test_the_size_grows_while_that_is_faster_for_each_picture(
    seconds: Callable[[int], float], size: int
) -> None:
    assert pass_sizes(PassSize(), seconds)[-1] == size


def test_it_doubles_from_a_power_of_two_after_a_few_passes_each() -> None:
    sizes = pass_sizes(PassSize(), lambda size: 1.0)
    assert sizes[: 3 * PASSES_PER_SIZE : PASSES_PER_SIZE] == [8, 16, 32]
    assert sizes[PASSES_PER_SIZE - 1] == 8


def test_the_first_pass_of_a_size_does_not_count() -> None:
    slow = iter([9.0, 1.0, 1.0, 99.0, 1.0, 1.0])
    pace = PassSize()
    for _ in range(2 * PASSES_PER_SIZE):
        pace = pace.after_pass(pace.size, next(slow))
    assert pace.size == 4 * FIRST_SIZE


def test_passes_of_another_size_teach_nothing() -> None:
    assert PassSize().after_pass(FIRST_SIZE - 1, 0.001) == PassSize()
    assert UNLIMITED.after_pass(32, 1.0) == UNLIMITED


def test_without_memory_it_goes_back_and_stays_there() -> None:
    assert pass_sizes(PassSize(), lambda size: 1.0, memory=100)[-1] == 64
    assert PassSize().without_memory(1).size == 1
    assert UNLIMITED.without_memory(30) == PassSize(15, is_settled=True)
    assert PassSize(4, is_settled=True).without_memory(30).size == 2


def test_pieces_take_the_size_of_the_moment_and_lose_nothing() -> None:
    batch = np.arange(20, dtype=np.float32)
    sizes = iter([2, 4, 8, 16])
    cut_pieces = list(cut_batch(batch, lambda: next(sizes)))
    assert [len(piece) for piece in cut_pieces] == [2, 4, 8, 6]
    assert np.array_equal(np.concatenate(cut_pieces), batch)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_the_next_piece_is_sent_while_one_is_worked_on(count: int) -> None:
    done: list[tuple[str, int]] = []

    def begin(number: int) -> Callable[[], int]:
        done.append(("begin", number))

        def finish() -> int:
            done.append(("finish", number))
            return number * 10

        return finish

    def send(number: Any) -> int:
        done.append(("send", number))
        return int(number)

    assert list(run_overlapped(range(count), send, begin)) == [10 * number for number in range(count)]  # type: ignore[arg-type]
    expected = [("send", 0)] if count else []
    for number in range(count):
        expected.append(("begin", number))
        expected += [("send", number + 1)] if number + 1 < count else []
        expected.append(("finish", number))
    assert done == expected
