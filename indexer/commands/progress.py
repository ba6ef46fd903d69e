"""How the commands that index show their progress: a bar, a plain line now and then, or JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console

from ..run.report import Event, OnEvent, Progress, Publishing, Started
from .output import progress_bar, remark

LINE_SECONDS = 5  # between two plain lines


@contextmanager
def telling(title: str, *, as_json: bool) -> Iterator[OnEvent]:
    """What to call with every event: it prints JSON if asked to, moves a bar on a terminal, or says lines."""
    if as_json:
        yield lambda event: print_line(event.as_json())
    elif Console(stderr=True).is_terminal:
        with progress_bar(title) as move:
            yield lambda event: _move(event, move)
    else:
        yield Lines(remark)


def print_line(value: dict[str, Any]) -> None:
    """One JSON document as one line on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False))


class Lines:
    """Says how far a run is, once in a while."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock = say, clock
        self._due = clock() + LINE_SECONDS

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress) and self._clock() >= self._due:
            self._say(line(event))
            self._due = self._clock() + LINE_SECONDS


def line(event: Progress) -> str:
    """How far a run is, in one line."""
    left = "" if event.left is None else f", {duration(event.left)} left"
    problems = f", {event.problems} problems" if event.problems else ""
    return f"{event.done} of {event.total} files, {event.rate:.1f}/s{left}{problems}, in {event.folder}"


def duration(seconds: float) -> str:
    """As people say it: 45 s, 12 min, 3 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _move(event: Event, move: Callable[[int, int, str], None]) -> None:
    if isinstance(event, Progress):
        problems = f"{event.problems} problems, " if event.problems else ""
        move(event.done, event.total, f"{problems}{event.folder.rpartition('/')[2]}")
    elif isinstance(event, Started | Publishing):
        move(0, 0, {"started": "looking"}.get(event.name, event.name))
