"""Stops that are asked for: a signal ends a run between two batches; a second one ends the process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import TypeAlias

Shield: TypeAlias = Callable[[], AbstractContextManager[None]]  # what a polite stop must not break off
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal asked for an end. What was acknowledged is safe, and running again goes on."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """What a shell says of a process that this signal ended: 130 for SIGINT, 143 for SIGTERM."""
        return 128 + self.number


class StopRequest:
    """Whether an end was asked for, and what must not be broken off by it."""

    def __init__(self) -> None:
        self.signal_number = 0  # the number of the signal
        self.is_shielded = False

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Let the block finish first; raises Stopped behind it when an end was asked for meanwhile."""
        self.is_shielded = True
        try:
            yield
        finally:
            self.is_shielded = False
        self.raise_if_stopped()

    def raise_if_stopped(self) -> None:
        """Raise Stopped when an end was asked for."""
        if self.signal_number:
            raise Stopped(self.signal_number)


@contextmanager
def handle_stop_signals(on_wait: Callable[[], None]) -> Iterator[StopRequest]:
    """Within the block SIGINT, SIGTERM and SIGHUP raise Stopped, at once or behind what is shielded.

    `on_wait` is called in the latter case. The second signal has its usual effect: the process is gone.
    What the caller of the process ignores, as `nohup` does with SIGHUP, stays ignored.
    """
    stopping = StopRequest()

    def stop(number: int, _: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        stopping.signal_number = number
        if not stopping.is_shielded:
            raise Stopped(number)
        on_wait()

    before = {each: signal.getsignal(each) for each in SIGNALS if signal.getsignal(each) != signal.SIG_IGN}
    for each in before:
        signal.signal(each, stop)
    try:
        yield stopping
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
