"""Joins what several threads want a backbone to compute at the same time into one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition
from typing import Final, TypeAlias, final

import numpy as np

from ..errors import DeadlinePassed
from ..ranking.arrays import Float32Array
from ..watch import Watch, current_watch
from .runtimes.base import BackboneOutput

MOST_PICTURES: Final = 16  # in a joint pass; a batch that is as large alone gains nothing from company

PassRunner: TypeAlias = Callable[[Float32Array, Sequence[int]], BackboneOutput]


@dataclass(slots=True, eq=False)
class _Call:
    """A batch that a thread waits for. `outcome`: what became of it; empty while it waits."""

    batch: Float32Array
    stages: tuple[int, ...]
    watch: Watch | None
    outcome: list[BackboneOutput | BaseException] = field(default_factory=list)

    def result(self) -> BackboneOutput:
        [outcome] = self.outcome
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@final
class SharedPasses:
    """Runs one pass at a time; safe to call from many threads.

    Nobody waits for company: an idle backbone runs at once. What comes while a pass is running waits, and is
    then run together, up to MOST_PICTURES, in the order in which it came. A batch whose deadline has passed
    meanwhile is left out.
    """

    def __init__(self, run_batch: PassRunner, most: int = MOST_PICTURES) -> None:
        self._run_batch, self._most = run_batch, most
        self._changed = Condition()
        self._waiting: list[_Call] = []
        self._is_running = False

    def run_batch(self, batch: Float32Array, stages: Sequence[int] = ()) -> BackboneOutput:
        """The output for this batch. Raises what the pass raises, and DeadlinePassed."""
        if len(batch) >= self._most:
            return self._run_batch(batch, stages)
        call = _Call(batch, tuple(stages), current_watch())
        with self._changed:
            self._waiting.append(call)
        while not call.outcome:
            if calls := self._take_calls(call):
                for one, outcome in self._run_calls(calls).items():
                    one.outcome.append(outcome)
                self._end_pass()
        return call.result()

    def _take_calls(self, call: _Call) -> list[_Call]:
        """Wait until this thread may run a pass, and take what goes into it; nothing if `call` is done."""
        with self._changed:
            self._changed.wait_for(lambda: call.outcome or not self._is_running)
            if call.outcome:
                return []
            self._is_running = True
            return self._leave_waiting()

    def _leave_waiting(self) -> list[_Call]:
        taken: list[_Call] = []
        for call in self._waiting:
            fits = sum(len(one.batch) for one in taken) + len(call.batch) <= self._most
            if fits and call.stages == self._waiting[0].stages:
                taken.append(call)
        self._waiting = [call for call in self._waiting if call not in taken]
        return taken

    def _end_pass(self) -> None:
        with self._changed:
            self._is_running = False
            self._changed.notify_all()

    def _run_calls(self, calls: Sequence[_Call]) -> Mapping[_Call, BackboneOutput | BaseException]:
        late = {call: DeadlinePassed() for call in calls if call.watch and call.watch.is_over}
        calls = [call for call in calls if call not in late]
        if not calls:
            return late
        try:
            output = self._run_batch(np.concatenate([call.batch for call in calls]), calls[0].stages)
        except BaseException as error:
            return late | dict.fromkeys(calls, error)
        ends = np.cumsum([len(call.batch) for call in calls])[:-1].tolist()
        return late | dict(zip(calls, _split_output(output, ends), strict=True))


def _split_output(output: BackboneOutput, ends: Sequence[int]) -> list[BackboneOutput]:
    pooled = np.split(output.pooled, ends)
    stages = {number: np.split(maps, ends) for number, maps in output.stages.items()}
    return [
        BackboneOutput(rows, {number: maps[place] for number, maps in stages.items()})
        for place, rows in enumerate(pooled)
    ]
