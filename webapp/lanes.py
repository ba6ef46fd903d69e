"""Lanes: which requests wait for which others. What is dear waits in a bounded queue; the rest never does.

A lane has threads of its own, so that a thumbnail is never behind a search. A request that finds its lane
full is refused at once: a short answer now is worth more than a long wait, and costs next to nothing.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Final, Protocol, TypeAlias, final

from retrieval import DeadlinePassed, RetrievalError, Settings

from .errors import ServerBusy

QUICK, PICTURES, SEARCHES = "quick", "pictures", "searches"
# What is at hand: files of the page, stored thumbnails, and what watches the server.
_QUICK: Final = re.compile(r"/static/|/(healthz|readyz|metrics)$|/media/queries/|.*/thumbnail$")
_PICTURES: Final = re.compile(r"/media/|.*/(rendition|preview|large)$")  # read again from their originals
QUICK_THREADS: Final = 4
PICTURE_THREADS: Final = 2
SPARE_SEARCHES: Final = 2  # at once beyond the processors: some wait for a decoder, a disk or the web
UNBOUNDED: Final = 1_000_000  # the connections of a server are bounded
LONGEST_RETRY: Final = 60  # seconds
_LOG: Final = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True)
class Lane:
    """How many requests are answered at the same time, and how many may wait; the next one is refused."""

    name: str
    threads: int
    waiting: int


def lanes_of_settings(settings: Settings) -> tuple[Lane, ...]:
    """The lanes of a server for one library."""
    at_once = settings.searches_at_once or (os.cpu_count() or 1) + SPARE_SEARCHES
    return (
        Lane(QUICK, QUICK_THREADS, UNBOUNDED),
        Lane(PICTURES, PICTURE_THREADS, settings.searches_waiting),
        Lane(SEARCHES, at_once, settings.searches_waiting),
    )


def find_lane(path: str) -> str:
    """The lane of a request by the path of its address; what is not known to be cheap counts as a search."""
    if _QUICK.match(path):
        return QUICK
    return PICTURES if _PICTURES.match(path) else SEARCHES


class Task(Protocol):
    """A request that is answered, or refused."""

    @property
    def lane(self) -> str:
        """The name of its lane."""

    def answer(self, deadline: float) -> None:
        """Answer it; the deadline is a time of `time.monotonic`."""

    def refuse(self, error: RetrievalError, seconds: int) -> None:
        """Say that it is not answered, and after how many seconds it may be asked again."""


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    task: Task
    lane: str
    since: float
    deadline: float


NoteWait: TypeAlias = Callable[[str, float], None]  # by lane: seconds
NoteRefusal: TypeAlias = Callable[[str, str], None]  # by lane: the code


@final
class LaneQueue:
    """The requests of one lane that wait, and the threads that answer them in the order of their coming."""

    def __init__(self, lane: Lane, work: Callable[[_Entry], None]) -> None:
        self.lane, self._work = lane, work
        self._changed = Condition()
        self._waiting: deque[_Entry] = deque()
        self._running, self._is_closed = 0, False
        self._mean_seconds = 0.1  # of an answer; recent ones count most
        self._threads = [
            Thread(target=self._run, daemon=True, name=f"{lane.name}-{number}")
            for number in range(lane.threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many wait; those that a free thread is about to take are not counted."""
        return max(0, len(self._waiting) - (self.lane.threads - self._running))

    @property
    def running(self) -> int:
        """How many are being answered."""
        return self._running

    @property
    def retry_seconds(self) -> int:
        """After how many seconds there may be a place: as long as those that wait now will take."""
        seconds = self._mean_seconds * (self.waiting + 1) / self.lane.threads
        return min(LONGEST_RETRY, max(1, round(seconds)))

    def offer(self, entry: _Entry) -> bool:
        """Let a request wait; False if as many wait as may."""
        with self._changed:
            is_free = self._running + len(self._waiting) < self.lane.threads + self.lane.waiting
            if is_free:
                self._waiting.append(entry)
                self._changed.notify()
            return is_free

    def close(self) -> None:
        """Have the threads end after what they do now; what waits is dropped."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def join(self, seconds: float) -> None:
        """Wait until the threads have ended."""
        for thread in self._threads:
            thread.join(seconds)

    def _run(self) -> None:
        while entry := self._take():
            began = time.monotonic()
            try:
                self._work(entry)
            except Exception:  # of one request; the thread goes on with the next one
                _LOG.exception("a request of the lane %s failed", self.lane.name)
            self._end(time.monotonic() - began)

    def _take(self) -> _Entry | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if self._is_closed:
                return None
            self._running += 1
            return self._waiting.popleft()

    def _end(self, seconds: float) -> None:
        with self._changed:
            self._running -= 1
            self._mean_seconds += 0.1 * (seconds - self._mean_seconds)


@final
class LaneQueues:
    """Takes the requests of a server, and never lets the one that brings them wait."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        answer_seconds: float,
        *,
        note_wait: NoteWait = lambda *_: None,
        note_refusal: NoteRefusal = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answer_seconds, self._clock = answer_seconds, clock
        self._note_wait, self._note_refusal = note_wait, note_refusal
        self.queues = {lane.name: LaneQueue(lane, self._work) for lane in lanes}
        self._refused: deque[_Entry] = deque()

    def take(self, task: Task) -> None:
        """Have a request answered in its lane, or refused by `refuse_rest` if that is full."""
        now = self._clock()
        entry = _Entry(task, task.lane, now, now + self._answer_seconds)
        if not self.queues[entry.lane].offer(entry):
            self._refused.append(entry)

    def refuse_rest(self) -> None:
        """Refuse what found its lane full; whoever brings the requests calls it, so it needs no thread."""
        while self._refused:
            self._refuse(self._refused.popleft(), ServerBusy())

    def close(self, seconds: float = 0.0) -> None:
        """End the threads, and wait for each so many seconds."""
        for queue in self.queues.values():
            queue.close()
        for queue in self.queues.values():
            queue.join(seconds)

    def _work(self, entry: _Entry) -> None:
        now = self._clock()
        if now > entry.deadline:
            self._refuse(entry, DeadlinePassed())
            return
        self._note_wait(entry.lane, now - entry.since)
        entry.task.answer(entry.deadline)

    def _refuse(self, entry: _Entry, error: RetrievalError) -> None:
        self._note_refusal(entry.lane, error.code)
        entry.task.refuse(error, self.queues[entry.lane].retry_seconds)
