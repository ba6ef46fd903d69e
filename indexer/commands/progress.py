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
from .output import print_remark, progress_bar

LINE_SECONDS = 5  # between two plain lines


@contextmanager
def show_progress(title: str, *, as_json: bool) -> Iterator[OnEvent]:
    """What to call with every event: it prints JSON if asked to, moves a bar on a terminal, or says lines."""
    if as_json:
        yield lambda event: print_json_line(event.as_json())
    elif Console(stderr=True).is_terminal:
        with progress_bar(title) as move:
            yield lambda event: _move_bar(event, move)
    else:
        yield ProgressLines(print_remark)


def print_json_line(value: dict[str, Any]) -> None:
    """One JSON document as one line on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False))


class ProgressLines:
    """Says how far a run is, once in a while."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock = say, clock
        self._due = clock() + LINE_SECONDS

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress) and self._clock() >= self._due:
            self._say(progress_line(event))
            self._due = self._clock() + LINE_SECONDS


def progress_line(event: Progress) -> str:
    """How far a run is, in one line."""
    left = "" if event.seconds_left is None else f", {format_duration(event.seconds_left)} left"
    problems = f", {event.problems} problems" if event.problems else ""
    return f"{event.done} of {event.total} files, {event.files_per_second:.1f}/s{left}{problems}, in {event.folder}"


def format_duration(seconds: float) -> str:
    """As people say it: 45 s, 12 min, 3 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _move_bar(event: Event, move: Callable[[int, int, str], None]) -> None:
    if isinstance(event, Progress):
        problems = f"{event.problems} problems, " if event.problems else ""
        move(event.done, event.total, f"{problems}{event.folder.rpartition('/')[2]}")
    elif isinstance(event, Started | Publishing):
        move(0, 0, {"started": "looking"}.get(event.name, event.name))
