"""Pictures of several threads share a pass, none waits for company, and what is too late is left out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event

import numpy as np
import pytest

from retrieval import DeadlinePassed
from retrieval.descriptors.runtimes.base import BackboneOutput
from retrieval.descriptors.shared_passes import SharedPasses
from retrieval.ranking.arrays import Float32Array
from retrieval.watch import Watch, watching

LONGEST = 60


class Backbone:
    """Doubles its pictures; each pass tells its size when it begins, and ends when it may."""

    def __init__(self) -> None:
        self.sizes: SimpleQueue[int] = SimpleQueue()
        self.may_end = Event()

    def run(self, batch: Float32Array, stages: Sequence[int]) -> BackboneOutput:
        self.sizes.put(len(batch))
        assert self.may_end.wait(LONGEST)
        if (batch < 0).any():
            raise ValueError("a picture that no backbone takes")
        return BackboneOutput(2 * batch, {number: batch + number for number in stages})


def ask(passes: SharedPasses, value: float, watch: Watch | None = None, count: int = 1) -> BackboneOutput:
    with watching(watch or Watch()):
        return passes.run_batch(np.full((count, 1), value, np.float32), [3])


def begin(
    values: Sequence[float], most: int = 16, late: bool = False
) -> tuple[Backbone, SharedPasses, list[Future[BackboneOutput]]]:
    """Ask for the first while the backbone is idle, and for the others while it runs; they all wait now."""
    backbone = Backbone()
    passes, threads = SharedPasses(backbone.run, most), ThreadPoolExecutor(len(values))
    futures = [threads.submit(ask, passes, values[0])]
    assert backbone.sizes.get(timeout=LONGEST) == 1, "it does not wait for company"
    for value in values[1:]:
        watch = Watch(time.monotonic() - 1) if late and value == values[1] else None
        futures.append(threads.submit(ask, passes, value, watch))
        while len(passes._waiting) < len(futures) - 1:
            time.sleep(0.001)
    backbone.may_end.set()
    threads.shutdown()
    return backbone, passes, futures


def test_what_comes_while_a_pass_runs_shares_the_next_one() -> None:
    backbone, _, futures = begin([1, 2, 3, 4])
    assert backbone.sizes.get(timeout=LONGEST) == 3
    assert backbone.sizes.empty()
    for value, future in enumerate(futures, 1):
        output = future.result(LONGEST)
        assert output.pooled.tolist() == [[2 * value]]
        assert output.stages[3].tolist() == [[value + 3]]


def test_a_pass_has_an_upper_size() -> None:
    backbone, _, futures = begin([1, 2, 3, 4, 5], most=3)
    assert [backbone.sizes.get(timeout=LONGEST) for _ in range(2)] == [3, 1]
    assert [future.result(LONGEST).pooled.item() for future in futures] == [2, 4, 6, 8, 10]


def test_a_picture_whose_deadline_has_passed_is_left_out() -> None:
    backbone, _, futures = begin([1, 2, 3], late=True)
    assert backbone.sizes.get(timeout=LONGEST) == 1
    with pytest.raises(DeadlinePassed):
        futures[1].result(LONGEST)
    assert futures[2].result(LONGEST).pooled.item() == 6


def test_an_error_is_that_of_all_who_shared_the_pass_and_the_next_pass_runs() -> None:
    _, passes, futures = begin([1, -1, 3])
    assert futures[0].result(LONGEST).pooled.item() == 2
    for future in futures[1:]:
        with pytest.raises(ValueError, match="no backbone"):
            future.result(LONGEST)
    assert ask(passes, 5).pooled.item() == 10
    assert len(ask(passes, 5, count=40).pooled) == 40
