"""Tries to sign in: after some wrong ones, no more are taken for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final, final

from .errors import TooManyTries

WINDOW: Final = 900.0  # seconds for which a wrong try counts
MOST_FOR_NAME: Final = 5  # from one address
MOST_FROM_ADDRESS: Final = 30
MOST_KEPT: Final = 10_000  # addresses and names; the oldest are forgotten


@final
class Tries:
    """Counts wrong tries by address and by name; safe to use from many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._wrong: OrderedDict[tuple[str, ...], list[float]] = OrderedDict()

    @contextmanager
    def trying(self, address: str, name: str) -> Iterator[Callable[[bool], None]]:
        """A try, which counts as wrong from its beginning, until it is said to be right.

        So many tries at once are no way around the limit. Raises TooManyTries.
        """
        places = {(address,): MOST_FROM_ADDRESS, (address, name): MOST_FOR_NAME}
        with self._lock:
            now = self._clock()
            for place, most in places.items():
                self._check_place(place, most, now)
            for place in places:
                self._wrong.setdefault(place, []).append(now)
                self._wrong.move_to_end(place)
            while len(self._wrong) > MOST_KEPT:
                self._wrong.popitem(last=False)

        def say(is_right: bool) -> None:
            if is_right:
                with self._lock:
                    self._wrong.pop((address, name), None)
                    self._wrong.get((address,), [now]).pop()

        yield say

    def _check_place(self, place: tuple[str, ...], most: int, now: float) -> None:
        recent = [moment for moment in self._wrong.get(place, ()) if now - moment < WINDOW]
        if len(recent) >= most:
            raise TooManyTries(int(WINDOW - (now - recent[0])) + 1)
        if recent:
            self._wrong[place] = recent
        else:
            self._wrong.pop(place, None)
