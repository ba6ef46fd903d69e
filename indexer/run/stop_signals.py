"""Stop signals: the first one ends a run between two batches, a second one ends the process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import TypeAlias

Shield: TypeAlias = Callable[[], AbstractContextManager[None]]  # holds back a stop until its block is done
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal asked the run to stop. What was acknowledged is safe, and the next run continues."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """The exit code of a process that this signal ended: 130 for SIGINT, 143 for SIGTERM."""
        return 128 + self.number


class StopRequest:
    """Whether a signal asked the run to stop, and whether the stop is held back."""

    def __init__(self) -> None:
        self.signal_number = 0  # 0 until there is a signal
        self.is_shielded = False

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Let the block finish; if a signal came meanwhile, raise Stopped after it."""
        self.is_shielded = True
        try:
            yield
        finally:
            self.is_shielded = False
        self.raise_if_stopped()

    def raise_if_stopped(self) -> None:
        """Raise Stopped if a signal came."""
        if self.signal_number:
            raise Stopped(self.signal_number)


@contextmanager
def handle_stop_signals(on_wait: Callable[[], None]) -> Iterator[StopRequest]:
    """Within the block, SIGINT, SIGTERM and SIGHUP raise Stopped: at once, or after a block that is shielded.

    In the latter case `on_wait` is called at once. A second signal has its usual effect: the process ends.
    A signal that the process ignores already, such as SIGHUP below `nohup`, stays ignored.
    """
    request = StopRequest()

    def on_signal(number: int, _: FrameType | None) -> None:
        for signal_number in earlier_handlers:
            signal.signal(signal_number, signal.SIG_DFL)
        request.signal_number = number
        if not request.is_shielded:
            raise Stopped(number)
        on_wait()

    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    earlier_handlers = {number: old for number, old in handlers.items() if old != signal.SIG_IGN}
    for number in earlier_handlers:
        signal.signal(number, on_signal)
    try:
        yield request
    finally:
        for number, handler in earlier_handlers.items():
            signal.signal(number, handler)
